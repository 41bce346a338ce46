/** Numbers, times and values, as people read them. */

const whole = new Intl.NumberFormat('en-US');
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** @param {number} value */
export function number(value) {
  return whole.format(value);
}

/** @param {number} value */
export function short(value) {
  return Math.abs(value) < 10_000 ? whole.format(Math.round(value * 10) / 10) : compact.format(value);
}

/**
 * @param {number} value
 * @param {string} one
 * @param {string} [many]
 */
export function plural(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/**
 * The time of day, to the millisecond.
 * @param {number} time milliseconds since the epoch
 */
export function clock(time) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '—';
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/**
 * The day and the time.
 * @param {number} time milliseconds since the epoch
 */
export function moment(time) {
  const date = new Date(time);
  if (time <= 0 || Number.isNaN(date.getTime())) return '—';
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(time)}`;
}

/** @param {number} value */
function two(value) {
  return String(value).padStart(2, '0');
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  if (ms < 172_800_000) return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`;
  return `${Math.floor(ms / 86_400_000)} days`;
}

/** @param {string} hash */
export function shortHash(hash) {
  return `${hash.slice(0, 8)}…${hash.slice(-4)}`;
}

/**
 * A value on one line.
 * @param {unknown} value
 * @param {number} [most] characters
 */
export function brief(value, most = 160) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const line = text.slice(0, most + 1).replace(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

/**
 * A value of the state, which may have been too large to be kept.
 * @param {import('../../src/protocol/state.js').ShownValue | null} shown
 * @param {number} [most]
 */
export function briefShown(shown, most) {
  if (shown === null || (shown.value === undefined && shown.isCut !== true)) return '—';
  return shown.isCut === true ? `(large: see entry ${number(shown.seq)})` : brief(shown.value, most);
}
