/** Requests for approval: those that are open, and what became of the newest of the others. */
import { numberOf, shown, textOf, fieldsOf } from './fields.js';

/** @typedef {import('../protocol/state.js').DashboardState} DashboardState */
/** @typedef {import('../protocol/state.js').AgentState} AgentState */
/** @typedef {import('../protocol/messages.js').StoredEntry} StoredEntry */

const MAX_DECIDED = 100;

/**
 * @param {DashboardState} state
 * @param {StoredEntry} entry
 */
export function foldApproval(state, entry) {
  if (entry.kind === 'APPROVAL_REQUESTED') ask(state, entry);
  else if (entry.kind === 'APPROVAL_DECIDED') decide(state, entry);
}

/**
 * @param {DashboardState} state
 * @param {StoredEntry} entry
 */
function ask(state, { busSeq, time, agent, data }) {
  const { tick, call, action, resource, approver, permission, instruction, deadline } = data;
  state.approvals.set(busSeq, {
    id: busSeq,
    time,
    agent: agent ?? '',
    tick: numberOf(tick) ?? 0,
    call: numberOf(call) ?? 0,
    action: textOf(action) ?? '',
    resource: textOf(resource) ?? '',
    approver: textOf(approver) ?? '',
    policy: textOf(fieldsOf(permission)['by']) ?? '',
    instruction: shown(instruction, busSeq),
    deadline: numberOf(deadline) ?? 0,
    decision: null,
  });
}

/**
 * @param {DashboardState} state
 * @param {StoredEntry} entry
 */
function decide(state, { busSeq: seq, time, data }) {
  const approval = state.approvals.get(numberOf(data['approval']) ?? -1);
  if (approval === undefined || approval.decision !== null) return;
  const how = data['approved'] === true ? 'approved' : 'denied';
  approval.decision = { seq, time, how, by: textOf(data['by']) ?? '', reason: textOf(data['reason']) ?? '' };
  forgetOldest(state);
}

/**
 * An agent that has ended waits for nothing any more, and a tool not for what it asked for.
 * @param {DashboardState} state
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 */
export function lapseApprovals(state, agent, { busSeq: seq, time, kind, data }) {
  if (kind !== 'AGENT_TERMINATED' && kind !== 'AGENT_FAULTED') return;
  for (const approval of state.approvals.values()) {
    if (approval.agent !== agent.id || approval.decision !== null) continue;
    approval.decision = { seq, time, how: 'lapsed', by: '', reason: textOf(data['reason']) ?? '' };
  }
  forgetOldest(state);
}

/** @param {DashboardState} state */
function forgetOldest({ approvals }) {
  let decided = 0;
  for (const { decision } of approvals.values()) if (decision !== null) decided++;
  if (decided <= MAX_DECIDED) return;
  for (const [id, { decision }] of approvals) {
    if (decision === null) continue;
    approvals.delete(id);
    if (--decided <= MAX_DECIDED) return;
  }
}
