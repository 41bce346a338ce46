/**
 * Where the states of the lifecycle stand, and how the ways between them run: computed from the table of transitions, whatever is in it.
 *
 * Columns are how many steps it takes to get there from the first state. What leads from nearly everywhere to one place is told in
 * words, since it would cross all the others.
 */

/** @typedef {import('../../../src/protocol/messages.js').HelloPayload['lifecycle']} Table */
/** @typedef {{ readonly name: string, readonly x: number, readonly y: number }} Place */
/** @typedef {{ readonly id: string, readonly from: string, readonly to: string, readonly triggers: readonly string[], readonly path: string, readonly labelX: number, readonly labelY: number }} Way */
/** @typedef {{ readonly width: number, readonly height: number, readonly places: ReadonlyMap<string, Place>, readonly ways: readonly Way[], readonly everywhere: readonly { readonly trigger: string, readonly to: string }[] }} Drawing */

export const BOX_WIDTH = 136;
export const BOX_HEIGHT = 54;
const COLUMN = 250;
const ROW = 116;
const MARGIN = 26;

/**
 * @param {Table} table
 * @returns {Drawing}
 */
export function layoutOf(table) {
  const everywhere = universal(table);
  const steps = stepsOf(table, everywhere);
  const columns = columnsOf(table, steps);
  const rows = Math.max(1, ...columns.map((column) => column.length));
  /** @type {Map<string, Place>} */
  const places = new Map();
  columns.forEach((column, index) => column.forEach((name, row) => {
    places.set(name, { name, x: MARGIN + index * COLUMN, y: MARGIN + ((rows - column.length) / 2 + row) * ROW });
  }));
  const bottom = MARGIN + (rows - 1) * ROW + BOX_HEIGHT;
  const ways = [...steps].map(([id, step]) => wayOf(id, step, { places, bottom, pairs: steps }));
  return { width: MARGIN * 2 + (columns.length - 1) * COLUMN + BOX_WIDTH, height: bottom + 62, places, ways, everywhere };
}

/** @param {Table} table */
function universal({ states, transitions }) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const row of Object.values(transitions)) for (const [trigger, to] of Object.entries(row)) counts.set(`${trigger} ${to}`, (counts.get(`${trigger} ${to}`) ?? 0) + 1);
  return [...counts].filter(([, times]) => times > 3 && times >= states.length - 2).map(([name]) => ({ trigger: String(name.split(' ')[0]), to: String(name.split(' ')[1]) }));
}

/**
 * Of each pair of states, what leads from the one to the other.
 * @param {Table} table
 * @param {readonly { readonly trigger: string }[]} everywhere
 */
function stepsOf({ transitions }, everywhere) {
  /** @type {Map<string, { readonly from: string, readonly to: string, readonly triggers: string[] }>} */
  const steps = new Map();
  for (const [from, row] of Object.entries(transitions)) {
    for (const [trigger, to] of Object.entries(row)) {
      if (everywhere.some((one) => one.trigger === trigger)) continue;
      const step = steps.get(`${from} ${to}`) ?? { from, to, triggers: [] };
      step.triggers.push(trigger);
      steps.set(`${from} ${to}`, step);
    }
  }
  return steps;
}

/**
 * @param {Table} table
 * @param {ReturnType<typeof stepsOf>} steps
 * @returns {string[][]}
 */
function columnsOf({ states }, steps) {
  /** @type {string[][]} */
  const columns = [];
  const placed = new Set();
  for (let column = states.slice(0, 1); column.length > 0; column = states.filter((state) => !placed.has(state) && isReached(columns.at(-1) ?? [], state, steps))) {
    for (const state of column) placed.add(state);
    columns.push([...column]);
  }
  const others = states.filter((state) => !placed.has(state));
  if (others.length > 0) columns.push(others);
  // What is reached from further down stands further down, so that ways cross less; ends stand first, for ways back run below.
  for (const column of columns) column.sort((one, other) => outgoing(one, steps) - outgoing(other, steps) || states.indexOf(one) - states.indexOf(other));
  return columns;
}

/**
 * @param {readonly string[]} from
 * @param {string} to
 * @param {ReturnType<typeof stepsOf>} steps
 */
function isReached(from, to, steps) {
  return from.some((state) => steps.has(`${state} ${to}`));
}

/**
 * @param {string} state
 * @param {ReturnType<typeof stepsOf>} steps
 */
function outgoing(state, steps) {
  return [...steps.values()].some(({ from }) => from === state) ? 1 : 0;
}

/**
 * @param {string} id
 * @param {{ readonly from: string, readonly to: string, readonly triggers: readonly string[] }} step
 * @param {{ readonly places: ReadonlyMap<string, Place>, readonly bottom: number, readonly pairs: ReadonlyMap<string, unknown> }} drawing
 * @returns {Way}
 */
function wayOf(id, { from, to, triggers }, { places, bottom, pairs }) {
  const [start, end] = [places.get(from), places.get(to)];
  if (start === undefined || end === undefined) return { id, from, to, triggers, path: '', labelX: 0, labelY: 0 };
  const columns = Math.round((end.x - start.x) / COLUMN);
  const apart = pairs.has(`${to} ${from}`) ? (columns >= 0 ? -9 : 9) : 0;
  const line = columns === 0 ? sideways(start, end) : columns < -1 ? below(start, end, bottom) : across(start, end, apart);
  return { id, from, to, triggers, ...line };
}

/**
 * From one column to the next, or back.
 * @param {Place} start
 * @param {Place} end
 * @param {number} apart
 */
function across(start, end, apart) {
  const isOn = end.x > start.x;
  const [x1, x2] = isOn ? [start.x + BOX_WIDTH, end.x] : [start.x, end.x + BOX_WIDTH];
  const slope = Math.max(-14, Math.min(14, (end.y - start.y) / 12));
  const [y1, y2] = [start.y + BOX_HEIGHT / 2 + apart + slope, end.y + BOX_HEIGHT / 2 + apart - slope];
  const bend = (x2 - x1) * 0.5;
  const at = isOn ? 0.5 : 0.5;
  return { path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, labelX: x1 + (x2 - x1) * at, labelY: (y1 + y2) / 2 + (apart > 0 ? 12 : -5) };
}

/**
 * Within one column: right down to the next, or around those between.
 * @param {Place} start
 * @param {Place} end
 */
function sideways(start, end) {
  const isDown = end.y > start.y;
  const rows = Math.round(Math.abs(end.y - start.y) / ROW);
  if (rows === 1) {
    const x = start.x + BOX_WIDTH / 2 + (isDown ? 0 : 12);
    const [y1, y2] = isDown ? [start.y + BOX_HEIGHT, end.y] : [start.y, end.y + BOX_HEIGHT];
    return { path: `M${x} ${y1}C${x} ${y1 + (y2 - y1) / 2} ${x} ${y1 + (y2 - y1) / 2} ${x} ${y2}`, labelX: x + 8, labelY: (y1 + y2) / 2 + 4 };
  }
  const x = start.x + BOX_WIDTH;
  const [y1, y2] = [start.y + BOX_HEIGHT * 0.8, end.y + BOX_HEIGHT * 0.25];
  const out = x + 26 + rows * 10;
  return { path: `M${x} ${y1}C${out} ${y1} ${out} ${y2} ${x} ${y2}`, labelX: x + 14 + rows * 8, labelY: (y1 + y2) / 2 };
}

/**
 * Far back: below everything.
 * @param {Place} start
 * @param {Place} end
 * @param {number} bottom
 */
function below(start, end, bottom) {
  const [x1, x2] = [start.x + BOX_WIDTH / 2, end.x + BOX_WIDTH / 2];
  const [y1, y2] = [start.y + BOX_HEIGHT, end.y + BOX_HEIGHT];
  const y = bottom + 34;
  return { path: `M${x1} ${y1}C${x1} ${y} ${x1 - 20} ${y} ${x1 - 60} ${y}L${x2 + 60} ${y}C${x2 + 20} ${y} ${x2} ${y} ${x2} ${y2}`, labelX: (x1 + x2) / 2, labelY: y + 16 };
}
