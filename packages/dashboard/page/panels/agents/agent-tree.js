/** The agents that the tree shows, one a row: a parent stands before its children, as far as it is unfolded. */

/** @typedef {import('../../../src/protocol/state.js').AgentState} AgentState */
/** @typedef {import('../../../src/protocol/state.js').DashboardState} DashboardState */
/** @typedef {{ readonly agent: AgentState, readonly level: number, readonly hasChildren: boolean, readonly isFolded: boolean }} TreeRow */

const ENDED = new Set(['TERMINATED']);

export class AgentTree {
  text = '';
  isWithoutEnded = false;
  /** @type {Set<string>} */
  #folded = new Set();
  /** @type {TreeRow[]} */
  #rows = [];
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  get count() {
    return this.#rows.length;
  }

  /**
   * @param {number} index
   * @returns {TreeRow | undefined}
   */
  at(index) {
    return this.#rows[index];
  }

  /** @param {string} text */
  find(text) {
    this.text = text;
    this.#changed();
  }

  toggleEnded() {
    this.isWithoutEnded = !this.isWithoutEnded;
    this.#changed();
  }

  /**
   * @param {string} id
   * @param {boolean} isFolded
   */
  fold(id, isFolded) {
    if (isFolded) this.#folded.add(id);
    else this.#folded.delete(id);
    this.#changed();
  }

  /** @param {DashboardState} state */
  refresh({ agents }) {
    this.#rows = [];
    const isNarrowed = this.text !== '' || this.isWithoutEnded;
    for (const agent of agents.values()) {
      if (isNarrowed) this.#addIfFitting(agent);
      else if (agent.parent === null || !agents.has(agent.parent)) this.#addTree(agent, agents);
    }
  }

  /** @param {AgentState} agent */
  #addIfFitting(agent) {
    if (this.isWithoutEnded && ENDED.has(agent.state)) return;
    const text = this.text.toLowerCase();
    if (agent.id.toLowerCase().includes(text) || agent.type.toLowerCase().includes(text)) this.#rows.push({ agent, level: 0, hasChildren: false, isFolded: false });
  }

  /**
   * Without recursion, since delegation may go deep.
   * @param {AgentState} root
   * @param {DashboardState['agents']} agents
   */
  #addTree(root, agents) {
    const waiting = [{ agent: root, level: 0 }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { agent, level } = next;
      const isFolded = this.#folded.has(agent.id);
      this.#rows.push({ agent, level, hasChildren: agent.children.length > 0, isFolded });
      if (isFolded) continue;
      for (let index = agent.children.length - 1; index >= 0; index--) {
        const child = agents.get(String(agent.children[index]));
        if (child !== undefined) waiting.push({ agent: child, level: level + 1 });
      }
    }
  }
}
