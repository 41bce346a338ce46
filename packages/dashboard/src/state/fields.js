/** Looking into what somebody else wrote: nothing here throws, whatever is there. */

/** @typedef {import('../protocol/state.js').ShownValue} ShownValue */
/** @typedef {import('../protocol/state.js').ShownError} ShownError */
/** @typedef {Readonly<Record<string, unknown>>} Fields */

/**
 * The fields of an object; none of whatever is no object.
 * @param {unknown} value
 * @returns {Fields}
 */
export function fieldsOf(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? /** @type {Fields} */ (value) : {};
}

/**
 * @param {unknown} value
 * @returns {string | null}
 */
export function textOf(value) {
  return typeof value === 'string' ? value : null;
}

/**
 * @param {unknown} value
 * @returns {number | null}
 */
export function numberOf(value) {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** The most characters and nodes that a value may have to be kept. */
const MAX_SHOWN = 2_000;

/**
 * A value as it is shown: what is large is left out.
 * @param {unknown} value
 * @param {number} seq the entry that has it
 * @returns {ShownValue}
 */
export function shown(value, seq) {
  if (value === undefined) return { seq };
  return roomAfter(value, MAX_SHOWN) >= 0 ? { seq, value: /** @type {any} */ (value) } : { seq, isCut: true };
}

/**
 * How much room is left after a value; below zero, it has not been looked at any further.
 * @param {unknown} value
 * @param {number} room
 * @returns {number}
 */
function roomAfter(value, room) {
  if (typeof value === 'string') return room - value.length - 2;
  if (typeof value !== 'object' || value === null) return room - 4;
  let left = room - 2;
  for (const key in value) {
    if (left < 0) return left;
    left = roomAfter(/** @type {Record<string, unknown>} */ (value)[key], left - key.length);
  }
  return left;
}

/**
 * @param {unknown} error
 * @returns {ShownError}
 */
export function shownError(error) {
  const { code, message } = fieldsOf(error);
  return { code: textOf(code) ?? 'UNKNOWN', message: (textOf(message) ?? '').slice(0, MAX_SHOWN) };
}

/**
 * Adds to a list that keeps its newest.
 * @template Item
 * @param {Item[]} list
 * @param {Item} item
 * @param {number} most
 */
export function pushNewest(list, item, most) {
  list.push(item);
  if (list.length > most) list.shift();
}

/**
 * @template Key
 * @param {Map<Key, number>} counts
 * @param {Key} key
 * @param {number} [by]
 */
export function count(counts, key, by = 1) {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
