/** @typedef {import('./layout.js').Step} Step */

/** So many states of a column are tried in every order. */
const MAX_TRIED = 6;

/**
 * The states by how many steps they are away from the first one; within a column, those that lead to one another are neighbours.
 * @param {readonly string[]} states
 * @param {readonly Step[]} steps
 * @returns {string[][]}
 */
export function columnsOf(states, steps) {
  /** @type {string[][]} */
  const columns = [];
  const placed = new Set();
  let column = states.slice(0, 1);
  while (column.length > 0) {
    const last = column;
    for (const state of last) placed.add(state);
    columns.push(bestOrder(last, steps));
    column = states.filter((state) => !placed.has(state) && steps.some(({ from, to }) => to === state && last.includes(from)));
  }
  const others = states.filter((state) => !placed.has(state));
  if (others.length > 0) columns.push(others);
  return columns;
}

/**
 * @param {string[]} column
 * @param {readonly Step[]} steps
 */
function bestOrder(column, steps) {
  if (column.length > MAX_TRIED) return column;
  let best = column;
  let least = Infinity;
  for (const order of ordersOf(column)) {
    const cost = costOf(order, steps);
    if (cost >= least) continue;
    [best, least] = [order, cost];
  }
  return best;
}

/**
 * How far apart those are that lead to one another; and what leads on stands below what is an end, since ways back run below all.
 * @param {readonly string[]} order
 * @param {readonly Step[]} steps
 */
function costOf(order, steps) {
  let cost = 0;
  for (const { from, to } of steps) {
    const [start, end] = [order.indexOf(from), order.indexOf(to)];
    if (start >= 0 && end >= 0) cost += Math.abs(start - end);
  }
  order.forEach((state, index) => { if (!steps.some(({ from }) => from === state)) cost += index / 10; });
  return cost;
}

/**
 * @param {readonly string[]} items
 * @returns {Generator<string[]>}
 */
function* ordersOf(items) {
  if (items.length <= 1) {
    yield [...items];
    return;
  }
  for (const item of items) for (const rest of ordersOf(items.filter((other) => other !== item))) yield [item, ...rest];
}
