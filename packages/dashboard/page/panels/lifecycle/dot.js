/** A dot that goes the way of an agent, and again when there is more of it. */

/** @typedef {import('./layout.js').Drawing} Drawing */
/** @typedef {import('../../../src/protocol/state.js').AgentState} AgentState */

const SVG = 'http://www.w3.org/2000/svg';
const STEP_MS = 420;
/** Only the end of a long way is gone anew. */
const MAX_STEPS = 8;
const stillness = matchMedia('(prefers-reduced-motion: reduce)');

export class Dot {
  element = document.createElementNS(SVG, 'circle');
  /** The last step that was gone. */
  #seen = -1;
  /** @type {string | null} */
  #agent = null;
  /** @type {string[]} */
  #waiting = [];
  #isGoing = false;

  constructor() {
    this.element.setAttribute('class', 'fsm-dot');
    this.element.setAttribute('r', '6');
    this.element.style.opacity = '0';
  }

  /**
   * @param {AgentState | undefined} agent
   * @param {Drawing} drawing
   */
  follow(agent, drawing) {
    if (agent?.id !== this.#agent) {
      this.#agent = agent?.id ?? null;
      this.#seen = -1;
      this.#waiting = [];
    }
    if (agent === undefined || stillness.matches) return;
    const fresh = agent.path.filter(({ seq }) => seq > this.#seen);
    if (fresh.length === 0) return;
    this.#seen = fresh.at(-1)?.seq ?? this.#seen;
    for (const { from, to } of fresh) {
      const way = drawing.ways.find(({ id }) => id === `${from} ${to}`);
      if (way !== undefined) this.#waiting.push(way.path);
    }
    this.#waiting.splice(0, this.#waiting.length - MAX_STEPS);
    if (!this.#isGoing) void this.#go();
  }

  async #go() {
    this.#isGoing = true;
    this.element.style.opacity = '1';
    for (let path = this.#waiting.shift(); path !== undefined; path = this.#waiting.shift()) await this.#along(path);
    this.element.style.opacity = '0';
    this.#isGoing = false;
  }

  /**
   * @param {string} text
   * @returns {Promise<void>}
   */
  #along(text) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', text);
    const length = path.getTotalLength();
    const start = performance.now();
    return new Promise((resolve) => {
      const frame = (/** @type {number} */ now) => {
        const share = Math.min(1, Math.max(0, (now - start) / STEP_MS));
        const { x, y } = path.getPointAtLength(length * (share < 0.5 ? 2 * share * share : 1 - 2 * (1 - share) ** 2));
        this.element.setAttribute('cx', String(x));
        this.element.setAttribute('cy', String(y));
        // Where it can't be seen, it need not go.
        if (share === 1 || !this.element.isConnected) resolve();
        else requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
  }
}
