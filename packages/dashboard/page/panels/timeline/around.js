/** The entries before and after a moment. */
import { rowOf } from '../../data/row.js';

/** @typedef {import('../../app.js').Context} Context */

const BEFORE = 9;
const AFTER = 4;

export class Around {
  /** @type {readonly import('../../data/row.js').Row[]} */
  rows = [];
  #madeFor = '';
  #isAsking = false;
  #context;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  /** @param {number} at */
  refresh(at) {
    const { store } = this.#context;
    const wanted = `${at} ${store.epoch}`;
    if (wanted === this.#madeFor || this.#isAsking || store.link.state.status !== 'live') return;
    this.#madeFor = wanted;
    void this.#load(at);
  }

  /** @param {number} at */
  async #load(at) {
    const { store, changed } = this.#context;
    this.#isAsking = true;
    try {
      const { lines } = await store.ask('HISTORY', { after: Math.max(-1, at - BEFORE), limit: BEFORE + AFTER });
      this.rows = lines.map((/** @type {string} */ line) => rowOf(JSON.parse(line)));
    } catch {
      this.#madeFor = '';
    }
    this.#isAsking = false;
    changed();
  }
}
