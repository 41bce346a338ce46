/**
 * Where the states of the lifecycle stand, and how the ways between them run: computed from the table of transitions, whatever is in it.
 *
 * Columns are how many steps it takes to get there from the first state. What leads from nearly everywhere to one place is told in
 * words, since it would cross all the others.
 */
import { BOX_HEIGHT, BOX_WIDTH } from './box.js';
import { columnsOf } from './columns.js';
import { portsOf } from './ports.js';
import { routeOf } from './routes.js';

/** @typedef {import('../../../src/protocol/messages.js').HelloPayload['lifecycle']} Table */
/** @typedef {{ readonly name: string, readonly column: number, readonly row: number, readonly x: number, readonly y: number }} Place */
/** What leads from one state to another. @typedef {{ readonly id: string, readonly from: string, readonly to: string, readonly triggers: readonly string[] }} Step */
/** @typedef {Step & { readonly path: string, readonly labelX: number, readonly labelY: number, readonly anchor: 'start' | 'middle' | 'end' }} Way */
/** @typedef {{ readonly width: number, readonly height: number, readonly places: ReadonlyMap<string, Place>, readonly ways: readonly Way[], readonly everywhere: readonly { readonly trigger: string, readonly to: string }[] }} Drawing */

const ROW = 112;
const MARGIN = 20;
/** For what leads back, and for its label. */
const BELOW = 58;
const CHAR = 6.3;

/**
 * @param {Table} table
 * @returns {Drawing}
 */
export function layoutOf(table) {
  const everywhere = universal(table);
  const steps = stepsOf(table, everywhere);
  const columns = columnsOf(table.states, steps);
  const places = placesOf(columns, steps);
  const all = [...places.values()];
  const bottom = Math.max(...all.map(({ y }) => y)) + BOX_HEIGHT;
  const ports = portsOf(places, steps);
  const ways = steps.map((step) => ({ ...step, ...routeOf(step, { places, ports, bottom }) }));
  // A label in the last column may stand out to the right.
  return { width: Math.max(...all.map(({ x }) => x)) + BOX_WIDTH + MARGIN * 3, height: bottom + BELOW, places, ways, everywhere };
}

/** @param {Table} table */
function universal({ states, transitions }) {
  /** @type {Map<string, { readonly trigger: string, readonly to: string, times: number }>} */
  const counts = new Map();
  for (const row of Object.values(transitions)) {
    for (const [trigger, to] of Object.entries(row)) {
      const known = counts.get(`${trigger} ${to}`) ?? { trigger, to, times: 0 };
      known.times++;
      counts.set(`${trigger} ${to}`, known);
    }
  }
  return [...counts.values()].filter(({ times }) => times > 3 && times >= states.length - 2);
}

/**
 * @param {Table} table
 * @param {readonly { readonly trigger: string }[]} everywhere
 * @returns {Step[]}
 */
function stepsOf({ transitions }, everywhere) {
  /** @type {Map<string, { readonly id: string, readonly from: string, readonly to: string, readonly triggers: string[] }>} */
  const steps = new Map();
  for (const [from, row] of Object.entries(transitions)) {
    for (const [trigger, to] of Object.entries(row)) {
      if (everywhere.some((one) => one.trigger === trigger)) continue;
      const id = `${from} ${to}`;
      const step = steps.get(id) ?? { id, from, to, triggers: [] };
      step.triggers.push(trigger);
      steps.set(id, step);
    }
  }
  return [...steps.values()];
}

/**
 * @param {readonly (readonly string[])[]} columns
 * @param {readonly Step[]} steps
 */
function placesOf(columns, steps) {
  const rows = Math.max(1, ...columns.map((column) => column.length));
  /** @type {Map<string, Place>} */
  const places = new Map();
  let x = MARGIN;
  columns.forEach((names, column) => {
    names.forEach((name, row) => places.set(name, { name, column, row, x, y: MARGIN + ((rows - names.length) / 2 + row) * ROW }));
    x += BOX_WIDTH + gapAfter(names, columns[column + 1] ?? [], steps);
  });
  return places;
}

/**
 * As wide as the longest label between two columns.
 * @param {readonly string[]} left
 * @param {readonly string[]} right
 * @param {readonly Step[]} steps
 */
function gapAfter(left, right, steps) {
  const between = steps.filter(({ from, to }) => (left.includes(from) && right.includes(to)) || (right.includes(from) && left.includes(to)));
  return 56 + CHAR * Math.max(4, ...between.map(({ triggers }) => triggers.join(', ').length + 4));
}
