/** Where ways leave a box and come to it: side by side, in the order of where they lead, so that few of them cross. */
import { BOX_HEIGHT } from './box.js';

/** @typedef {import('./layout.js').Place} Place */
/** @typedef {import('./layout.js').Step} Step */
/** The height, which one it is of how many on its side. @typedef {{ readonly y: number, readonly index: number, readonly count: number }} Port */
/** By step and end. @typedef {ReadonlyMap<string, Port>} Ports */

const APART = 11;

/**
 * @param {ReadonlyMap<string, Place>} places
 * @param {readonly Step[]} steps
 * @returns {Ports}
 */
export function portsOf(places, steps) {
  /** @type {Map<string, { readonly id: string, readonly otherY: number }[]>} */
  const sides = new Map();
  const add = (/** @type {Place} */ here, /** @type {Place} */ other, /** @type {string} */ id) => {
    const side = `${here.name} ${other.column > here.column ? 'right' : 'left'}`;
    sides.set(side, [...(sides.get(side) ?? []), { id, otherY: other.y }]);
  };
  for (const { id, from, to } of steps) {
    const [start, end] = [places.get(from), places.get(to)];
    if (start === undefined || end === undefined || Math.abs(start.column - end.column) !== 1) {
      // Ways that skip a column are drawn from the right to the left, if they go on.
      if (start === undefined || end === undefined || start.column >= end.column) continue;
    }
    add(start, end, `${id} start`);
    add(end, start, `${id} end`);
  }
  return placed(places, sides);
}

/**
 * @param {ReadonlyMap<string, Place>} places
 * @param {ReadonlyMap<string, { readonly id: string, readonly otherY: number }[]>} sides
 */
function placed(places, sides) {
  /** @type {Map<string, Port>} */
  const ports = new Map();
  for (const [side, ends] of sides) {
    const y = (places.get(String(side.split(' ')[0]))?.y ?? 0) + BOX_HEIGHT / 2;
    // Two ways between the same boxes are in the same order at both of them.
    ends.sort((one, other) => one.otherY - other.otherY || (one.id < other.id ? -1 : 1));
    const apart = Math.min(APART, (BOX_HEIGHT - 14) / Math.max(1, ends.length - 1));
    ends.forEach(({ id }, index) => ports.set(id, { y: y + (index - (ends.length - 1) / 2) * apart, index, count: ends.length }));
  }
  return ports;
}
