/**
 * The chain of hashes, computed anew in this browser.
 *
 * 1. What is hashed is the text that came, not what was parsed of it.
 * 2. An entry is good if it is the next one, names the hash of the one before, and hashes to its own.
 * 3. The first that is not ends it: what comes after a break proves nothing.
 */

/** @typedef {{ readonly busSeq: number, readonly hash: string }} Link */
/** @typedef {{ readonly busSeq: number, readonly why: string, readonly expected: string, readonly found: string }} Break */

/** What follows the body of a line: `,"hash":"`, 64 digits, a quote and a brace. */
const TAIL = 75;
export const GENESIS = '0'.repeat(64);
const encoder = new TextEncoder();

/** Hashes are to be had in secure contexts only: https, or this very machine. */
export const canHash = typeof crypto.subtle === 'object';

/**
 * @param {string} line
 * @returns {Promise<string>}
 */
export async function hashOf(line) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(line.slice(0, -TAIL))));
  let text = '';
  for (const byte of digest) text += byte.toString(16).padStart(2, '0');
  return text;
}

/**
 * Goes along lines that follow an entry; says where it breaks, or the last link.
 * @param {readonly string[]} lines
 * @param {Link} after
 * @returns {Promise<{ readonly last: Link, readonly broken: Break | null }>}
 */
export async function checkLines(lines, after) {
  const hashes = await Promise.all(lines.map(hashOf));
  let last = after;
  for (let index = 0; index < lines.length; index++) {
    const broken = breakAt(String(lines[index]), { last, hash: String(hashes[index]) });
    if (broken !== null) return { last, broken };
    last = { busSeq: last.busSeq + 1, hash: String(hashes[index]) };
  }
  return { last, broken: null };
}

/**
 * @param {string} line
 * @param {{ readonly last: Link, readonly hash: string }} known
 * @returns {Break | null}
 */
function breakAt(line, { last, hash }) {
  const next = last.busSeq + 1;
  const entry = parsed(line);
  if (entry === null || entry.hash !== line.slice(-66, -2)) return { busSeq: next, why: 'This line is no entry.', expected: '', found: line.slice(0, 80) };
  if (entry.busSeq !== next) return { busSeq: next, why: 'An entry is missing, or out of order.', expected: String(next), found: String(entry.busSeq) };
  if (entry.prev !== last.hash) return { busSeq: next, why: 'It names another entry as the one before.', expected: last.hash, found: String(entry.prev) };
  if (entry.hash !== hash) return { busSeq: next, why: 'It does not hash to what it says: it was changed.', expected: hash, found: String(entry.hash) };
  return null;
}

/**
 * @param {string} line
 * @returns {any}
 */
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
