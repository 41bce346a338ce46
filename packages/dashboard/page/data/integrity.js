/** What this browser has proven of the log: entries as they come, and those of before from the first on. */
import { canHash, checkLines, GENESIS } from './chain.js';

/** @typedef {import('./chain.js').Link} Link */
/** @typedef {import('./chain.js').Break} Break */

const BATCH = 256;
const PAGE = 500;
/** Logs that are not larger are gone through without being asked. */
const SMALL = 20_000;
const MAX_RECENT = 12;

export class Integrity {
  /** From where the server said how things stand, and nobody has proven it yet. @type {Link} */
  anchor = { busSeq: -1, hash: GENESIS };
  /** The last entry that fits, of those that have come since. @type {Link} */
  live = { busSeq: -1, hash: GENESIS };
  /** The last that fits, counted from the first entry of the log. @type {Link} */
  past = { busSeq: -1, hash: GENESIS };
  /** @type {Break | null} */
  broken = null;
  isAuditing = false;
  /** The newest links. @type {Link[]} */
  recent = [];
  /** @type {string[]} */
  #queue = [];
  #isChecking = false;
  #age = 0;
  #ask;
  #changed;

  /**
   * @param {(type: 'HISTORY', payload: object) => Promise<any>} ask
   * @param {() => void} changed
   */
  constructor(ask, changed) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Whether everything from the first entry to the last that has come is proven. */
  get isWhole() {
    return this.past.busSeq === this.anchor.busSeq;
  }

  /** How many entries are proven. */
  get proven() {
    return this.past.busSeq + 1 + this.live.busSeq - this.anchor.busSeq;
  }

  /**
   * Begins anew: the server says that the log has this entry, and what follows will come.
   * @param {Link} anchor
   */
  begin(anchor) {
    this.#age++;
    this.#queue = [];
    this.anchor = this.live = anchor;
    this.past = { busSeq: -1, hash: GENESIS };
    this.broken = null;
    this.recent = anchor.busSeq < 0 ? [] : [anchor];
    this.isAuditing = false;
    if (anchor.busSeq < SMALL) this.audit();
  }

  /** @param {readonly string[]} lines */
  take(lines) {
    if (!canHash || this.broken !== null) return;
    for (const line of lines) this.#queue.push(line);
    if (!this.#isChecking) void this.#check();
  }

  async #check() {
    this.#isChecking = true;
    while (this.#queue.length > 0 && this.broken === null) {
      const age = this.#age;
      const lines = this.#queue.splice(0, BATCH);
      const { last, broken } = await checkLines(lines, this.live);
      if (age !== this.#age) continue;
      this.#note(lines, last);
      this.live = last;
      this.broken ??= broken;
      this.#changed();
    }
    if (this.broken !== null) this.#queue = [];
    this.#isChecking = false;
  }

  /** Goes through the log from where this stands to where the live part begins. */
  audit() {
    if (!canHash || this.isAuditing || this.isWhole || this.broken !== null) return;
    this.isAuditing = true;
    void this.#audit(this.#age);
  }

  /** The connection is there again. */
  resume() {
    if (this.past.busSeq >= 0 || this.anchor.busSeq < SMALL) this.audit();
  }

  /** @param {number} age */
  async #audit(age) {
    try {
      while (!this.isWhole && this.broken === null) {
        const limit = Math.min(PAGE, this.anchor.busSeq - this.past.busSeq);
        const { lines } = await this.#ask('HISTORY', { after: this.past.busSeq, limit });
        const { last, broken } = await checkLines(lines, this.past);
        if (age !== this.#age) return;
        this.past = last;
        this.broken ??= broken ?? this.#contradiction(lines.length);
        this.#changed();
      }
    } catch {
      // It goes on where it stands when somebody asks, or the connection is there again.
    }
    if (age === this.#age) this.isAuditing = false;
    this.#changed();
  }

  /**
   * @param {number} length of the page
   * @returns {Break | null}
   */
  #contradiction(length) {
    const { past, anchor } = this;
    if (length === 0) return { busSeq: past.busSeq + 1, why: 'The server has no such entry.', expected: String(past.busSeq + 1), found: 'nothing' };
    if (past.busSeq !== anchor.busSeq || past.hash === anchor.hash) return null;
    return { busSeq: anchor.busSeq, why: 'The log has another entry here than the server has said.', expected: anchor.hash, found: past.hash };
  }

  /**
   * @param {readonly string[]} lines
   * @param {Link} last
   */
  #note(lines, last) {
    const first = last.busSeq - this.live.busSeq;
    const fit = lines.slice(Math.max(0, first - MAX_RECENT), first);
    fit.forEach((line, index) => this.recent.push({ busSeq: last.busSeq - fit.length + 1 + index, hash: line.slice(-66, -2) }));
    this.recent.splice(0, Math.max(0, this.recent.length - MAX_RECENT));
  }
}
