/** Earlier states: where the slider stands, all panels show what was then. */
import { loadState } from '../state/index.js';

/** @typedef {import('../../src/protocol/state.js').DashboardState} DashboardState */

export class Past {
  /** The entry after which the state is shown; null for now. @type {number | null} */
  at = null;
  /** The newest that has come of what was asked for. @type {DashboardState | null} */
  state = null;
  /** @type {string | null} */
  failure = null;
  #isAsking = false;
  #ask;
  #changed;

  /**
   * @param {(type: 'STATE', payload: object) => Promise<any>} ask
   * @param {() => void} changed
   */
  constructor(ask, changed) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Whether what is shown is not yet what was asked for. */
  get isLoading() {
    return this.at !== null && this.state?.busSeq !== this.at;
  }

  /** @param {number} busSeq */
  travel(busSeq) {
    this.at = busSeq;
    this.failure = null;
    this.#changed();
    void this.load();
  }

  leave() {
    this.at = this.state = this.failure = null;
    this.#changed();
  }

  /** Asks for one state after the other, and always for the one that is wanted now: what a slider has passed over is left out. */
  async load() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      while (this.isLoading) {
        const { state } = await this.#ask('STATE', { at: this.at });
        if (this.at !== null) this.state = loadState(state);
        this.#changed();
      }
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      this.#changed();
    }
    this.#isAsking = false;
  }
}
