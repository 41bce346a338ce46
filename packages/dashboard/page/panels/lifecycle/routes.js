/** The way of one step, and where its label stands. */
import { BOX_HEIGHT, BOX_WIDTH } from './box.js';

/** @typedef {import('./layout.js').Place} Place */
/** @typedef {import('./layout.js').Step} Step */
/** @typedef {{ readonly path: string, readonly labelX: number, readonly labelY: number, readonly anchor: 'start' | 'middle' | 'end' }} Route */
/** @typedef {import('./ports.js').Port} Port */

/**
 * @param {Step} step
 * @param {{ readonly places: ReadonlyMap<string, Place>, readonly ports: import('./ports.js').Ports, readonly bottom: number }} drawing
 * @returns {Route}
 */
export function routeOf({ id, from, to }, { places, ports, bottom }) {
  const [start, end] = [places.get(from), places.get(to)];
  if (start === undefined || end === undefined) return { path: '', labelX: 0, labelY: 0, anchor: 'middle' };
  if (start.column === end.column) return within(start, end);
  const [leave, arrive] = [ports.get(`${id} start`), ports.get(`${id} end`)];
  return leave === undefined || arrive === undefined ? below(start, end, bottom) : across({ place: start, port: leave }, { place: end, port: arrive });
}

/** @typedef {{ readonly place: Place, readonly port: Port }} End */

/**
 * Between two columns. The label stands at the box that has fewer ways, where there is room.
 * @param {End} start
 * @param {End} end
 * @returns {Route}
 */
function across(start, end) {
  const isOn = end.place.x > start.place.x;
  const x1 = start.place.x + (isOn ? BOX_WIDTH : 0);
  const x2 = end.place.x + (isOn ? 0 : BOX_WIDTH);
  const [y1, y2] = [start.port.y, end.port.y];
  const bend = (x2 - x1) * 0.55;
  const path = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  if (start.port.count === 1 && end.port.count === 1) return { path, labelX: (x1 + x2) / 2, labelY: Math.min(y1, y2) - 7, anchor: 'middle' };
  const isAtStart = start.port.count < end.port.count;
  const { index, count, y } = isAtStart ? start.port : end.port;
  const isLeftEnd = isAtStart === isOn;
  // Of two, one stands above its line and the other below.
  const labelY = count > 1 && index >= count / 2 ? y + 15 : y - 7;
  return { path, labelX: (isAtStart ? x1 : x2) + (isLeftEnd ? 12 : -12), labelY, anchor: isLeftEnd ? 'start' : 'end' };
}

/**
 * Within a column: straight to the next, or around those between.
 * @param {Place} start
 * @param {Place} end
 * @returns {Route}
 */
function within(start, end) {
  const isDown = end.y > start.y;
  if (Math.abs(end.row - start.row) === 1) {
    const x = start.x + BOX_WIDTH / 2 + (isDown ? -6 : 6);
    const [y1, y2] = isDown ? [start.y + BOX_HEIGHT, end.y] : [start.y, end.y + BOX_HEIGHT];
    return { path: `M${x} ${y1}L${x} ${y2}`, labelX: x + 9, labelY: (y1 + y2) / 2 + 4, anchor: 'start' };
  }
  const x = start.x + BOX_WIDTH;
  const [y1, y2] = [start.y + BOX_HEIGHT * 0.75, end.y + BOX_HEIGHT * 0.25];
  return { path: `M${x} ${y1}C${x + 50} ${y1} ${x + 50} ${y2} ${x} ${y2}`, labelX: x + 42, labelY: (y1 + y2) / 2, anchor: 'start' };
}

/**
 * Far back: below everything.
 * @param {Place} start
 * @param {Place} end
 * @param {number} bottom
 * @returns {Route}
 */
function below(start, end, bottom) {
  const [x1, x2] = [start.x + BOX_WIDTH / 2, end.x + BOX_WIDTH / 2];
  const [y1, y2] = [start.y + BOX_HEIGHT, end.y + BOX_HEIGHT];
  const y = bottom + 26;
  const side = Math.sign(x1 - x2) * 22;
  return { path: `M${x1} ${y1}L${x1} ${y - 22}Q${x1} ${y} ${x1 - side} ${y}L${x2 + side} ${y}Q${x2} ${y} ${x2} ${y - 22}L${x2} ${y2}`, labelX: (x1 + x2) / 2, labelY: y + 17, anchor: 'middle' };
}
