/** What entries have to do with one another. */
import { fieldsOf, textOf } from './fields.js';

/** @typedef {import('../protocol/messages.js').StoredEntry} StoredEntry */

/**
 * What an entry is about, as names: one that shares a name with an earlier one was led to by it.
 *
 * A call, from its intent to its result; a message, from its sender to its receiver; a request for approval and its answer; a
 * child, from its birth to what its parent is told.
 * @param {StoredEntry} entry
 * @returns {string[]}
 */
export function threadsOf({ busSeq, agent, kind, data }) {
  const threads = [];
  const { tick, call, message, approval, child } = data;
  if (typeof tick === 'number' && typeof call === 'number') threads.push(`call ${String(agent)}/${String(tick)}/${String(call)}`);
  if (kind === 'MESSAGE_SENT') threads.push(`message ${String(busSeq)}`);
  if (typeof message === 'number') threads.push(`message ${String(message)}`);
  if (kind === 'APPROVAL_REQUESTED') threads.push(`approval ${String(busSeq)}`);
  if (typeof approval === 'number') threads.push(`approval ${String(approval)}`);
  if (LIVES.has(kind)) threads.push(`life ${String(agent)}`);
  if (textOf(child) !== null) threads.push(`life ${String(child)}`);
  if (kind === 'AGENT_SPAWNED') {
    const by = fieldsOf(data['delegation']);
    if (by['tick'] !== undefined) threads.push(`call ${String(data['parent'])}/${String(by['tick'])}/${String(by['call'])}`);
  }
  return threads;
}

const LIVES = new Set(['AGENT_SPAWNED', 'AGENT_COMPLETED', 'AGENT_FAULTED', 'AGENT_TERMINATED', 'AGENT_MOVED', 'COMMAND_GIVEN', 'TOKEN_REVOKED']);
