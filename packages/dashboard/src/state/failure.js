import { fieldsOf } from './fields.js';

/** @typedef {import('../protocol/messages.js').StoredEntry} StoredEntry */

const FAILURES = new Set(['REFUSED', 'AGENT_FAULTED', 'TOOL_RETRIED', 'TRANSITION_REFUSED', 'INVARIANT_BREACHED', 'QUOTA_EXCEEDED', 'LOG_TAIL_CUT']);

/**
 * Whether an entry says that something went wrong: a refusal, a failure, an end by error, a result that is an error, a deny.
 * @param {Pick<StoredEntry, 'kind' | 'data'>} entry
 * @returns {boolean}
 */
export function isFailure({ kind, data }) {
  if (FAILURES.has(kind)) return true;
  if (kind === 'AGENT_TERMINATED') return data['error'] !== undefined;
  if (kind === 'APPROVAL_DECIDED') return data['approved'] === false;
  // Results stand under the one name or the other; of most entries there is neither.
  const result = fieldsOf(data['result'] ?? data['outcome']);
  // To wait for a message no longer than so long is how heartbeats are kept, and no failure.
  return kind !== 'AGENT_COMPLETED' && result['ok'] === false && fieldsOf(result['error'])['code'] !== 'RECEIVE_TIMEOUT';
}
