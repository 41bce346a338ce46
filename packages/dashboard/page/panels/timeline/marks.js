/** What stands out in a log, as far as the state remembers it. */

/** @typedef {import('../../../src/protocol/state.js').DashboardState} DashboardState */
/** @typedef {{ readonly seq: number, readonly kind: 'agent' | 'approval' | 'limit' | 'failure', readonly title: string }} Mark */

/** @type {readonly { readonly kind: Mark['kind'], readonly title: string }[]} */
export const markKinds = [{ kind: 'agent', title: 'Agent spawned' }, { kind: 'approval', title: 'Approval' }, { kind: 'limit', title: 'Limit met' }, { kind: 'failure', title: 'Fault' }];

/** Of each kind, so many are drawn. */
const MOST = 300;

/**
 * @param {DashboardState} state
 * @returns {Mark[]} in the order of the log
 */
export function marksOf({ agents, approvals, limitsMet, breaches }) {
  const all = [...agents.values()];
  /** @type {Mark[]} */
  const marks = [
    ...thinned(all).map(({ spawnedSeq, id }) => ({ seq: spawnedSeq, kind: /** @type {const} */ ('agent'), title: id })),
    ...thinned(all.filter(({ outcome }) => outcome?.ok === false)).map(({ path, lastSeq, id, outcome }) => ({ seq: path.find(({ to }) => to === 'FAULTED' || to === 'TERMINATED')?.seq ?? lastSeq, kind: /** @type {const} */ ('failure'), title: `${id}: ${outcome?.ok === false ? outcome.error.code : ''}` })),
    ...[...approvals.values()].map(({ id, agent, resource }) => ({ seq: id, kind: /** @type {const} */ ('approval'), title: `${agent}: ${resource}` })),
    ...limitsMet.map(({ seq, agent, resource }) => ({ seq, kind: /** @type {const} */ ('limit'), title: `${agent}: ${resource}` })),
    ...breaches.map(({ seq, error }) => ({ seq, kind: /** @type {const} */ ('failure'), title: error.code })),
  ];
  return marks.sort((one, other) => one.seq - other.seq);
}

/**
 * @template Item
 * @param {readonly Item[]} items
 * @returns {Item[]}
 */
function thinned(items) {
  const step = Math.ceil(items.length / MOST);
  return items.filter((_item, index) => index % step === 0);
}
