/** The entries that a filter lets pass, the newest of them at first, and older ones as they are asked for. */
import { matchesFilter } from '../state/index.js';
import { rowOf } from './row.js';

/** @typedef {import('./row.js').Row} Row */
/** @typedef {import('../../src/protocol/messages.js').StoredEntry} StoredEntry */
/** @typedef {import('../../src/protocol/requests.js').EntryFilter} EntryFilter */

const PAGE = 200;
/** So many are kept. Who wants to see more narrows the filter. */
const MAX_ROWS = 20_000;

export class MatchedRows {
  /** @type {Row[]} */
  #rows = [];
  /** Before which entry older ones are to be looked for; null if there are none. @type {number | null} */
  #next;
  #ask;
  #filter;
  #changed;
  isLoading = false;
  isFull = false;
  /** How many rows have come in before the others, or were dropped there, since somebody asked. */
  #shift = 0;

  /**
   * @param {{ readonly ask: (type: 'HISTORY', payload: object) => Promise<any>, readonly filter: EntryFilter, readonly before: number, readonly changed: () => void }} options
   */
  constructor({ ask, filter, before, changed }) {
    this.#ask = ask;
    this.#filter = filter;
    this.#next = before > 0 ? before : null;
    this.#changed = changed;
  }

  get count() {
    return this.#rows.length;
  }

  /** Where the looking stands; null if everything was looked at. */
  get next() {
    return this.#next;
  }

  /**
   * @param {number} index
   * @returns {Row | undefined}
   */
  at(index) {
    return this.#rows[index];
  }

  /** How far rows have moved since the last call, for who scrolls along. */
  takeShift() {
    const shift = this.#shift;
    this.#shift = 0;
    return shift;
  }

  /**
   * @param {StoredEntry} entry
   * @param {string} line
   */
  offer(entry, line) {
    if (!matchesFilter(entry, this.#filter, line)) return;
    this.#rows.push(rowOf(entry));
    if (this.#rows.length <= MAX_ROWS) return;
    // Dropped a thousand at a time, since each time all of them move.
    this.#rows.splice(0, 1_000);
    this.#shift -= 1_000;
    this.#next = this.#rows[0]?.busSeq ?? null;
  }

  /** @param {number} first the first that is looked at */
  want(first) {
    if (first < PAGE / 4 && this.#next !== null && !this.isLoading && !this.isFull) void this.#loadOlder();
  }

  async #loadOlder() {
    this.isLoading = true;
    try {
      const { lines, next } = await this.#ask('HISTORY', { before: this.#next, limit: PAGE, filter: this.#filter });
      const rows = lines.map((/** @type {string} */ line) => rowOf(JSON.parse(line)));
      this.#rows.unshift(...rows);
      this.#shift += rows.length;
      this.#next = next;
      this.isFull = this.#rows.length > MAX_ROWS - PAGE;
    } catch {
      // It is tried again when somebody looks again.
    }
    this.isLoading = false;
    this.#changed();
  }
}
