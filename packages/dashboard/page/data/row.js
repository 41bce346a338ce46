import { isFailure } from '../state/index.js';
import { summaryOf } from './summary.js';

/** @typedef {import('../../src/protocol/messages.js').StoredEntry} StoredEntry */
/** What a list shows of an entry, which is much less than there is. @typedef {{ readonly busSeq: number, readonly time: number, readonly agent: string | null, readonly kind: string, readonly text: string, readonly hasFailed: boolean }} Row */

/**
 * @param {StoredEntry} entry
 * @returns {Row}
 */
export function rowOf(entry) {
  const { busSeq, time, agent, kind } = entry;
  return { busSeq, time, agent, kind, text: summaryOf(entry), hasFailed: isFailure(entry) };
}
