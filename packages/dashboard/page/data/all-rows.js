/**
 * All entries of the log, as a list: what is looked at is fetched, and what nobody has looked at for long is forgotten.
 *
 * An entry stands at the index that is its number, so nothing needs to be known of the others.
 */
import { rowOf } from './row.js';

/** @typedef {import('./row.js').Row} Row */
/** @typedef {(type: 'HISTORY', payload: object) => Promise<any>} Ask */

const PAGE = 256;
const MAX_PAGES = 64;
const MAX_LOADING = 3;

export class AllRows {
  /** By number; those that were used last stand last. @type {Map<number, (Row | undefined)[]>} */
  #pages = new Map();
  /** @type {Set<number>} */
  #loading = new Set();
  #age = 0;
  #ask;
  #changed;
  count = 0;

  /**
   * @param {Ask} ask
   * @param {() => void} changed
   */
  constructor(ask, changed) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** @param {Row} row */
  add(row) {
    this.count = row.busSeq + 1;
    this.#put(row);
  }

  /**
   * @param {number} index
   * @returns {Row | undefined}
   */
  at(index) {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /**
   * Fetches what is missing of a part that is looked at.
   * @param {number} first
   * @param {number} last
   */
  want(first, last) {
    for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) {
      const from = Math.max(first, page * PAGE);
      const to = Math.min(last, page * PAGE + PAGE - 1, this.count - 1);
      this.#touch(page);
      for (let index = from; index <= to; index++) {
        if (this.at(index) !== undefined) continue;
        if (!this.#loading.has(page) && this.#loading.size < MAX_LOADING) void this.#load(page);
        break;
      }
    }
  }

  /**
   * Another log, or one that goes on from elsewhere.
   * @param {number} count
   */
  reset(count) {
    this.#pages.clear();
    this.#age++;
    this.count = count;
  }

  /** @param {number} page */
  async #load(page) {
    this.#loading.add(page);
    const age = this.#age;
    const end = Math.min(this.count, (page + 1) * PAGE);
    try {
      // Pages of large entries come in parts.
      for (let next = page * PAGE; next < end;) {
        const { lines } = await this.#ask('HISTORY', { after: next - 1, limit: end - next });
        if (age !== this.#age || lines.length === 0) break;
        for (const line of lines) this.#put(rowOf(JSON.parse(line)));
        next = JSON.parse(lines.at(-1)).busSeq + 1;
      }
    } catch {
      // It is asked for again when it is looked at again.
    }
    this.#loading.delete(page);
    this.#changed();
  }

  /** @param {Row} row */
  #put(row) {
    const number = Math.floor(row.busSeq / PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      this.#pages.set(number, (page = []));
      if (this.#pages.size > MAX_PAGES) this.#pages.delete(/** @type {number} */ (this.#pages.keys().next().value));
    }
    page[row.busSeq % PAGE] = row;
  }

  /** @param {number} number */
  #touch(number) {
    const page = this.#pages.get(number);
    if (page === undefined) return;
    this.#pages.delete(number);
    this.#pages.set(number, page);
  }
}
