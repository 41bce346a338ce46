/**
 * All that the page knows, and the one place where it changes.
 *
 * 1. `live` is the fold of a snapshot and of every entry after it; nothing else writes to it.
 * 2. Lines are hashed, shown and folded, and then forgotten: what is shown of the past is asked for again.
 */
import { applyEntry, createState, loadState } from '../state/index.js';
import { Link } from '../link/link.js';
import { AllRows } from './all-rows.js';
import { Integrity } from './integrity.js';
import { Past } from './past.js';
import { Rate } from './rate.js';
import { rowOf } from './row.js';

/** @typedef {import('../../src/protocol/state.js').DashboardState} DashboardState */
/** @typedef {import('../../src/protocol/messages.js').StoredEntry} StoredEntry */
/** @typedef {import('../../src/protocol/messages.js').HelloPayload} HelloPayload */
/** @typedef {import('../../src/protocol/messages.js').HeadPayload} HeadPayload */
/** @typedef {import('../../src/protocol/messages.js').ProblemPayload} ProblemPayload */
/** @typedef {(entry: StoredEntry, line: string) => void} Observer */

const MAX_PROBLEMS = 10;

export class Store {
  /** @type {DashboardState} */
  live = createState();
  /** @type {HelloPayload | null} */
  hello = null;
  /** @type {HeadPayload | null} */
  head = null;
  /** @type {readonly ProblemPayload[]} */
  problems = [];
  /** Whether there was ever anything to show. */
  hasState = false;
  isBehind = false;
  /** Counts the times that all was thrown away. */
  epoch = 0;
  rate = new Rate();
  /** Is told of each entry as it comes. @type {Set<Observer>} */
  observers = new Set();
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    /** @type {(type: 'HISTORY' | 'STATE' | 'ENTRY' | 'DECIDE', payload: object) => Promise<any>} */
    this.ask = (type, payload) => this.link.requests.ask(type, payload);
    this.rows = new AllRows(this.ask, changed);
    this.integrity = new Integrity(this.ask, changed);
    this.past = new Past(this.ask, changed);
    this.link = new Link({ linkChanged: changed, hello: (hello) => this.#greet(hello), message: (type, payload) => { this.#hear(type, payload); }, lines: (lines) => { this.#take(lines); } });
  }

  /** What panels show: how it is, or how it was. */
  get state() {
    return this.past.at === null ? this.live : (this.past.state ?? this.live);
  }

  /** Whether what is shown may be behind what happens. */
  get isStale() {
    return this.hasState && this.link.state.status !== 'live';
  }

  /** The clock of the server, as far as it was heard. */
  get now() {
    const { head } = this;
    return head === null ? Date.now() : head.now + Math.min(performance.now() - this.#headAt, 5_000);
  }

  #headAt = 0;

  /**
   * @param {HelloPayload} hello
   * @returns {object}
   */
  #greet(hello) {
    this.hello = hello;
    this.problems = hello.problems;
    this.#setHead(hello.head);
    const { log, busSeq, hash } = this.live;
    return log === null || busSeq < 0 ? {} : { logId: log.logId, after: busSeq, hash };
  }

  /**
   * @param {string} type
   * @param {any} payload
   */
  #hear(type, payload) {
    if (type === 'SNAPSHOT') this.#begin(payload.state);
    else if (type === 'RESUMED') this.#resume();
    else if (type === 'HEAD') this.#setHead(payload);
    else if (type === 'PROBLEM') this.problems = [...this.problems, payload].slice(-MAX_PROBLEMS);
    else if (type === 'BEHIND') this.isBehind = true;
    else if (type === 'CAUGHT_UP') this.isBehind = false;
    this.#changed();
  }

  /** @param {import('../../src/protocol/state.js').SavedState} state */
  #begin(state) {
    this.live = loadState(state);
    this.hasState = true;
    this.isBehind = false;
    this.epoch++;
    this.past.leave();
    this.rows.reset(this.live.busSeq + 1);
    this.integrity.begin({ busSeq: this.live.busSeq, hash: this.live.hash });
  }

  #resume() {
    this.isBehind = false;
    this.integrity.resume();
    void this.past.load();
  }

  /** @param {HeadPayload} head */
  #setHead(head) {
    this.head = head;
    this.#headAt = performance.now();
  }

  /** @param {readonly string[]} lines */
  #take(lines) {
    this.integrity.take(lines);
    this.rate.add(lines.length, performance.now());
    for (const line of lines) this.#takeLine(line);
    this.#changed();
  }

  /** @param {string} line */
  #takeLine(line) {
    let entry;
    try {
      entry = /** @type {StoredEntry} */ (JSON.parse(line));
    } catch {
      // The chain has a break where it stood, and says so.
      return;
    }
    // One that was here already changes nothing; a gap shows as a break of the chain.
    if (entry.busSeq <= this.live.busSeq) return;
    applyEntry(this.live, entry);
    this.rows.add(rowOf(entry));
    for (const observer of this.observers) observer(entry, line);
  }
}
