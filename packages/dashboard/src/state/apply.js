/**
 * The one fold of the dashboard.
 *
 * 1. It follows from the entries alone: same entries, same state, on the server and in the browser.
 * 2. It throws for no entry, whatever stands in its data.
 * 3. All that it keeps is bounded, but for what the kernel itself keeps: agents, and keys of memory.
 */
import { foldAgent, spawnAgent } from './agents.js';
import { foldApproval, lapseApprovals } from './approvals.js';
import { isFailure } from './failure.js';
import { count, fieldsOf, numberOf, pushNewest, shownError, textOf } from './fields.js';
import { foldMemory } from './memory.js';
import { foldMessage } from './messages.js';
import { foldSwarm } from './swarms.js';

/** @typedef {import('../protocol/state.js').DashboardState} DashboardState */
/** @typedef {import('../protocol/messages.js').StoredEntry} StoredEntry */

const MAX_KINDS = 500;
const MAX_LISTED = 100;

/**
 * Folds the next entry into a state, which it changes.
 * @param {DashboardState} state
 * @param {StoredEntry} entry
 * @returns {void}
 */
export function applyEntry(state, entry) {
  const { busSeq, hash, time, agent, kind } = entry;
  state.busSeq = busSeq;
  state.hash = hash;
  state.time = time;
  count(state.kinds, state.kinds.has(kind) || state.kinds.size < MAX_KINDS ? kind : 'other');
  const hasFailed = isFailure(entry);
  if (hasFailed) state.failures++;
  if (agent === null) {
    foldLog(state, entry);
    foldMessage(state, entry);
    return;
  }
  if (kind === 'AGENT_SPAWNED') spawnAgent(state, entry);
  const known = state.agents.get(agent);
  if (known === undefined) return;
  if (hasFailed) known.used.failures++;
  foldAgent(state, known, entry);
  foldMemory(state, known, entry);
  foldMessage(state, entry);
  foldSwarm(state, known, entry);
  foldApproval(state, entry);
  lapseApprovals(state, known, entry);
  foldNotes(state, entry);
}

/**
 * What the log says of itself.
 * @param {DashboardState} state
 * @param {StoredEntry} entry
 */
function foldLog(state, { kind, data, busSeq, time, agent }) {
  if (kind === 'INVARIANT_BREACHED') pushNewest(state.breaches, { seq: busSeq, time, agent, error: shownError(data['error']) }, MAX_LISTED);
  if (kind !== 'LOG_OPENED' && kind !== 'KERNEL_STARTED') return;
  if (kind === 'LOG_OPENED') state.log = openedLog(data);
  if (state.log === null) return;
  state.log.starts++;
  state.log.kernelVersion = textOf(data['kernelVersion']) ?? '';
  state.log.programs = namesIn(data['programs']);
  state.log.tools = namesIn(data['tools']);
  state.log.extensions = namesIn(data['extensions']);
}

/**
 * @param {StoredEntry['data']} data
 * @returns {import('../protocol/state.js').LogState}
 */
function openedLog(data) {
  const { logId, busSeq } = fieldsOf(data['parent']);
  const parent = typeof logId === 'string' ? { logId, busSeq: numberOf(busSeq) ?? 0 } : null;
  return { logId: textOf(data['logId']) ?? '', format: numberOf(data['format']) ?? 0, parent, kernelVersion: '', starts: 0, programs: [], tools: [], extensions: [] };
}

/**
 * @param {unknown} value
 * @returns {string[]}
 */
function namesIn(value) {
  return Object.keys(fieldsOf(value)).slice(0, MAX_KINDS);
}

/**
 * What guards and the kernel have noted about an agent.
 * @param {DashboardState} state
 * @param {StoredEntry} entry
 */
function foldNotes(state, { kind, data, busSeq: seq, time, agent }) {
  if (kind === 'INVARIANT_BREACHED') pushNewest(state.breaches, { seq, time, agent, error: shownError(data['error']) }, MAX_LISTED);
  if ((kind !== 'QUOTA_EXCEEDED' && kind !== 'QUOTA_WARNED') || agent === null) return;
  const { resource, who, used, limit } = data;
  const met = { seq, time, agent, isHard: kind === 'QUOTA_EXCEEDED', resource: textOf(resource) ?? '', who: textOf(who) ?? agent, used: numberOf(used) ?? 0, limit: numberOf(limit) ?? 0 };
  pushNewest(state.limitsMet, met, MAX_LISTED);
}
