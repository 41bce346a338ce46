/** Who stands where in a graph of messages, and how thick the lines between are. */

/** @typedef {import('../../../src/protocol/state.js').DashboardState} DashboardState */
/** @typedef {{ readonly id: string, readonly label: string, readonly state: string | null, readonly x: number, readonly y: number, readonly isCentral: boolean, readonly isLeader: boolean }} GraphNode */
/** @typedef {{ readonly id: string, readonly from: string, readonly to: string, readonly sent: number, readonly waiting: number, readonly path: string, readonly width: number, readonly isFresh: boolean }} GraphEdge */
/** @typedef {{ readonly nodes: readonly GraphNode[], readonly edges: readonly GraphEdge[], readonly hidden: number }} Graph */

export const SIZE = 520;
export const NODE_RADIUS = 24;
const MAX_NODES = 28;
/** Entries that count as a moment ago. */
const FRESH = 60;
export const OPERATOR = 'operator';

/**
 * @param {DashboardState} state
 * @param {string | null} swarmId null for all messages, whoever writes them
 * @returns {Graph}
 */
export function graphOf(state, swarmId) {
  const swarm = swarmId === null ? undefined : state.swarms.get(swarmId);
  const sums = sumsOf(state);
  const all = swarm === undefined ? busiest(sums) : [...(swarm.coordinator === null ? [] : [swarm.coordinator]), ...[...swarm.seats.values()].map(({ agents }) => String(agents.at(-1)))];
  const shown = all.slice(0, MAX_NODES);
  const leader = swarm === undefined ? null : leaderOf(swarm);
  const slots = new Map([...(swarm?.seats.values() ?? [])].map(({ slot, agents }) => [String(agents.at(-1)), slot]));
  const nodes = shown.map((id, index) => nodeOf(state, { id, index, count: shown.length, hub: swarm?.coordinator ?? null, label: slots.get(id) ?? id, isLeader: id === leader }));
  const places = new Map(nodes.map((node) => [node.id, node]));
  const edges = [...sums.values()].flatMap((sum) => {
    const [from, to] = [places.get(sum.from), places.get(sum.to)];
    return from === undefined || to === undefined ? [] : [edgeOf(from, to, { ...sum, isFresh: state.busSeq - sum.lastSeq < FRESH })];
  });
  return { nodes, edges, hidden: all.length - shown.length };
}

/**
 * Who holds the office of the newest term: one that has failed may not have laid its own down.
 * @param {import('../../../src/protocol/state.js').SwarmState} swarm
 * @returns {string | null}
 */
export function leaderOf({ offices, terms }) {
  let leader = terms.at(-1)?.leader ?? null;
  let newest = -1;
  for (const [agent, term] of offices) if (term > newest) [leader, newest] = [agent, term];
  return leader;
}

/** @typedef {{ readonly from: string, readonly to: string, sent: number, received: number, lastSeq: number }} Sum */

/**
 * Of each pair, the messages on all channels.
 * @param {DashboardState} state
 */
function sumsOf({ edges }) {
  /** @type {Map<string, Sum>} */
  const sums = new Map();
  for (const { from, to, sent, received, lastSeq } of edges.values()) {
    const id = JSON.stringify([from, to]);
    const sum = sums.get(id) ?? { from: from ?? OPERATOR, to, sent: 0, received: 0, lastSeq: 0 };
    sum.sent += sent;
    sum.received += received;
    sum.lastSeq = Math.max(sum.lastSeq, lastSeq);
    sums.set(id, sum);
  }
  return sums;
}

/** @param {ReadonlyMap<string, Sum>} sums */
function busiest(sums) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { from, to, sent } of sums.values()) for (const id of [from, to]) counts.set(id, (counts.get(id) ?? 0) + sent);
  return [...counts].sort(([, one], [, other]) => other - one).map(([id]) => id);
}

/**
 * Around a circle, the one that coordinates in its middle.
 * @param {DashboardState} state
 * @param {{ readonly id: string, readonly index: number, readonly count: number, readonly hub: string | null, readonly label: string, readonly isLeader: boolean }} options
 * @returns {GraphNode}
 */
function nodeOf({ agents }, { id, index, count, hub, label, isLeader }) {
  const isCentral = id === hub;
  const around = hub === null ? count : count - 1;
  const angle = ((hub === null ? index : index - 1) / Math.max(1, around)) * 2 * Math.PI - Math.PI / 2;
  const radius = isCentral || count === 1 ? 0 : SIZE / 2 - 66;
  return { id, label, isCentral, isLeader, state: agents.get(id)?.state ?? null, x: SIZE / 2 + radius * Math.cos(angle), y: SIZE / 2 - 8 + radius * Math.sin(angle) };
}

/**
 * @param {GraphNode} from
 * @param {GraphNode} to
 * @param {Sum & { readonly isFresh: boolean }} sum
 * @returns {GraphEdge}
 */
function edgeOf(from, to, { sent, received, isFresh }) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  const id = JSON.stringify([from.id, to.id]);
  const width = 1 + Math.min(3.5, Math.log2(1 + sent) * 0.6);
  const more = { id, from: from.id, to: to.id, sent, waiting: sent - received, width, isFresh };
  if (length === 0) return { ...more, path: `M${from.x - 10} ${from.y - NODE_RADIUS}C${from.x - 36} ${from.y - 64} ${from.x + 36} ${from.y - 64} ${from.x + 10} ${from.y - NODE_RADIUS}` };
  const [ux, uy] = [dx / length, dy / length];
  // To the side, so that both directions can be seen.
  const bend = Math.min(40, length * 0.14);
  const middle = [(from.x + to.x) / 2 - uy * bend, (from.y + to.y) / 2 + ux * bend];
  return { ...more, path: `M${from.x + ux * NODE_RADIUS} ${from.y + uy * NODE_RADIUS}Q${middle[0]} ${middle[1]} ${to.x - ux * (NODE_RADIUS + 6)} ${to.y - uy * (NODE_RADIUS + 6)}` };
}
