/** Which entries a filter lets pass: the same on the server, for history, and in the page, for what it has. */
import { isFailure } from './failure.js';

/** @typedef {import('../protocol/messages.js').StoredEntry} StoredEntry */
/** @typedef {import('../protocol/requests.js').EntryFilter} EntryFilter */

const WRITES = new Set(['MEMORY_SET', 'MEMORY_DELETED']);

/**
 * @param {StoredEntry} entry
 * @param {EntryFilter} filter
 * @param {string} line the stored line of the entry, in which `text` is looked for
 * @returns {boolean}
 */
export function matchesFilter(entry, filter, line) {
  const { agent, kinds, text, failed, key } = filter;
  if (agent !== undefined && entry.agent !== agent) return false;
  if (kinds !== undefined && kinds.length > 0 && !kinds.includes(entry.kind)) return false;
  if (failed === true && !isFailure(entry)) return false;
  if (key !== undefined && !isWrite(entry, filter)) return false;
  return text === undefined || text === '' || line.toLowerCase().includes(text.toLowerCase());
}

/**
 * @param {StoredEntry} entry
 * @param {EntryFilter} filter
 * @returns {boolean}
 */
function isWrite({ kind, data }, { key, namespace }) {
  if (data['key'] !== key) return false;
  return namespace === undefined ? WRITES.has(kind) : kind === 'SHARED_WRITTEN' && data['namespace'] === namespace;
}
