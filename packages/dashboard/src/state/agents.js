/** The tree of agents: who is there, in which state, waiting for what, and what each has used. */
import { count, fieldsOf, numberOf, pushNewest, shown, shownError, textOf } from './fields.js';

/** @typedef {import('../protocol/state.js').DashboardState} DashboardState */
/** @typedef {import('../protocol/state.js').AgentState} AgentState */
/** @typedef {import('../protocol/state.js').WaitingState} WaitingState */
/** @typedef {import('../protocol/messages.js').StoredEntry} StoredEntry */

const MAX_PATH = 50;

/** @type {ReadonlyMap<string, WaitingState['kind']>} */
const OPENED_BY = new Map([
  ['TOOL_CALLED', 'TOOL'],
  ['JOIN_STARTED', 'DELEGATION'],
  ['RECEIVE_STARTED', 'MESSAGE'],
  ['SLEEP_STARTED', 'TIMER'],
  ['DELAY_STARTED', 'TIMER'],
  ['APPROVAL_REQUESTED', 'APPROVAL'],
  ['TOOL_ASKED', 'ASK'],
]);

/** The entries that ticks make, each of which says its number. */
const OF_TICKS = new Set([
  'AGENT_COMPLETED', 'AGENT_CONTINUED', 'AGENT_FAULTED', 'APPROVAL_REQUESTED', 'DELAY_STARTED', 'DELEGATION_RESULT', 'JOIN_STARTED',
  'MEMORY_DELETED', 'MEMORY_SET', 'MESSAGE_RECEIVED', 'MESSAGE_SENT', 'RECEIVE_STARTED', 'REFUSED', 'SCRATCH_CHECKPOINTED', 'SHARED_READ',
  'SHARED_WRITTEN', 'SLEEP_STARTED', 'TICK_MEASURED', 'TOOL_CALLED', 'VERSION_CHOSEN',
]);

/**
 * @param {DashboardState} state
 * @param {StoredEntry} entry
 */
export function spawnAgent(state, { busSeq, time, agent, data }) {
  if (agent === null || state.agents.has(agent)) return;
  const parent = textOf(data['parent']);
  const { swarm, slot } = fieldsOf(data['metadata']);
  state.agents.set(agent, {
    id: agent,
    type: textOf(data['type']) ?? '',
    parent,
    children: [],
    spawnedSeq: busSeq,
    spawnedAt: time,
    grants: grantsIn(data['token']),
    isRevoked: false,
    state: 'DEFINED',
    path: [],
    waitingFor: [],
    limits: limitsIn(data['quota']),
    used: { ticks: 0, toolCalls: 0, tokens: 0, cost: 0, cpuUs: 0, memoryKeys: 0, children: 0, messagesSent: 0, messagesReceived: 0, refusals: 0, failures: 0 },
    memory: new Map(),
    mailboxSize: 0,
    swarm: textOf(swarm),
    slot: textOf(slot),
    outcome: null,
    lastSeq: busSeq,
    lastAt: time,
  });
  const above = parent === null ? undefined : state.agents.get(parent);
  if (above === undefined) return;
  above.children.push(agent);
  above.used.children++;
  const tick = numberOf(fieldsOf(data['delegation'])['tick']) ?? 0;
  if (tick > above.used.ticks) above.used.ticks = tick;
}

/**
 * @param {unknown} token
 * @returns {string[]}
 */
function grantsIn(token) {
  const { grants } = fieldsOf(token);
  if (!Array.isArray(grants)) return [];
  return grants.map((/** @type {unknown} */ grant) => {
    const { action, resource } = fieldsOf(grant);
    return `${String(action)}:${String(resource)}`;
  });
}

/**
 * @param {unknown} quota
 * @returns {AgentState['limits']}
 */
function limitsIn(quota) {
  const limits = new Map();
  for (const [name, limit] of Object.entries(fieldsOf(quota))) {
    const { hard, soft } = typeof limit === 'number' ? { hard: limit, soft: null } : fieldsOf(limit);
    if (typeof hard === 'number') limits.set(name, { hard, soft: numberOf(soft) });
  }
  return limits;
}

/**
 * @param {DashboardState} state
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 */
export function foldAgent(state, agent, entry) {
  const { busSeq, time, kind, data } = entry;
  agent.lastSeq = busSeq;
  agent.lastAt = time;
  step(state, agent, entry);
  const tick = numberOf(data['tick']);
  if (tick !== null && tick > agent.used.ticks && OF_TICKS.has(kind)) agent.used.ticks = tick;
  const call = numberOf(data['call']);
  if (tick !== null && call !== null) foldCall(agent, entry, { tick, call });
  countUse(agent, entry);
  foldEnd(agent, entry);
}

/**
 * @param {DashboardState} state
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 */
function step({ lifecycle }, agent, { busSeq: seq, time, data }) {
  const { trigger, to } = fieldsOf(data['transition']);
  if (typeof trigger !== 'string' || typeof to !== 'string') return;
  const from = agent.state;
  // Nobody who is only defined is counted: it is in no log.
  if (from !== 'DEFINED') count(lifecycle.counts, from, -1);
  count(lifecycle.counts, to);
  count(lifecycle.taken, `${from} ${trigger}`);
  pushNewest(agent.path, { seq, time, trigger, from, to }, MAX_PATH);
  agent.state = to;
}

/**
 * What an agent waits for: slots are named by tick and call, and whatever has a result for one settles it.
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 * @param {{ readonly tick: number, readonly call: number }} slot
 */
function foldCall({ waitingFor }, { busSeq, time, kind, data }, { tick, call }) {
  const index = waitingFor.findIndex((waiting) => waiting.tick === tick && waiting.call === call);
  const waiting = waitingFor[index];
  const opened = OPENED_BY.get(kind);
  if (opened !== undefined) {
    if (waitingFor.length > 0 && waitingFor[0]?.tick !== tick) waitingFor.length = 0;
    const next = { kind: opened, tick, call, since: busSeq, time, deadline: numberOf(data['deadline']), what: subjectOf(data), attempt: 1, progress: null };
    if (waiting === undefined) waitingFor.push(next);
    else waitingFor[index] = next;
  } else if (waiting === undefined) return;
  else if (data['result'] !== undefined) waitingFor.splice(index, 1);
  else if (kind === 'TOOL_ATTEMPTED') waiting.attempt = numberOf(data['attempt']) ?? waiting.attempt;
  else if (kind === 'TOOL_PROGRESS') waiting.progress = shown(data['value'], busSeq);
}

/**
 * @param {StoredEntry['data']} data
 * @returns {string | null}
 */
function subjectOf(data) {
  const { tool, child, resource, filter, instruction } = data;
  const { channel } = fieldsOf(filter);
  return textOf(tool) ?? textOf(child) ?? textOf(resource) ?? textOf(fieldsOf(instruction)['tool']) ?? (Array.isArray(channel) ? channel.join(', ') : textOf(channel));
}

/**
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 */
function countUse({ used }, { kind, data }) {
  switch (kind) {
    case 'TOOL_CALLED':
      used.toolCalls++;
      break;
    case 'TOOL_RESULT':
    case 'TOOL_RETRIED':
    case 'STALE_RESULT': {
      const { tokens, cost } = fieldsOf(data['usage']);
      used.tokens += numberOf(tokens) ?? 0;
      used.cost += numberOf(cost) ?? 0;
      break;
    }
    case 'TICK_MEASURED':
      used.cpuUs += numberOf(data['cpuUs']) ?? 0;
      break;
    case 'REFUSED':
      used.refusals++;
      break;
    default:
  }
}

/**
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 */
function foldEnd(agent, { busSeq, kind, data }) {
  switch (kind) {
    case 'AGENT_COMPLETED':
      agent.outcome = { ok: true, value: shown(data['result'], busSeq) };
      break;
    case 'AGENT_FAULTED':
      agent.outcome = { ok: false, error: shownError(data['error']) };
      agent.waitingFor.length = 0;
      break;
    case 'AGENT_TERMINATED':
      if (data['error'] !== undefined) agent.outcome ??= { ok: false, error: shownError(data['error']) };
      agent.waitingFor.length = 0;
      break;
    case 'AGENT_CONTINUED':
      agent.waitingFor.length = 0;
      break;
    case 'TOKEN_REVOKED':
      agent.isRevoked = true;
      break;
    default:
  }
}
