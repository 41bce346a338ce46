/** @typedef {import('../protocol/state.js').DashboardState} DashboardState */

/**
 * The state before the first entry.
 * @returns {DashboardState}
 */
export function createState() {
  return {
    busSeq: -1,
    hash: '0'.repeat(64),
    time: 0,
    log: null,
    agents: new Map(),
    shared: new Map(),
    lifecycle: { counts: new Map(), taken: new Map() },
    kinds: new Map(),
    failures: 0,
    edges: new Map(),
    otherMessages: 0,
    swarms: new Map(),
    approvals: new Map(),
    limitsMet: [],
    breaches: [],
    mail: new Map(),
  };
}
