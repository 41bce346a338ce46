/** The rule of the torn tail, pure: what a crash can leave after the last newline, and what it cannot. */
import type { Codec } from '../ports/index.js';
import { checkLine, type ChainPlace } from './chain.js';

const [QUOTE, BACKSLASH, OPENING_BRACE, CLOSING_BRACE] = [0x22, 0x5c, 0x7b, 0x7d];

/**
 * Whether the bytes after a log's last newline are what a write that was cut short leaves: the start of a line, or all of
 * it but the newline, perhaps followed by the zeros of a block that never reached the disk.
 *
 * A whole entry followed by anything else was durable once, and its newline was changed: cutting it off would lose it.
 * It can end at one place only, so that one hash is enough whatever the tail holds.
 */
export function isTornTail(tail: Uint8Array, place: ChainPlace, codec: Codec): boolean {
  const end = endOfObject(tail);
  if (end === undefined || end >= lengthWithoutZeros(tail)) return true;
  return !('hash' in checkLine(tail.subarray(0, end), place, codec));
}

/** Where the JSON object that the bytes start with is over; undefined if they do not start with one or do not hold all of it. */
function endOfObject(bytes: Uint8Array): number | undefined {
  if (bytes[0] !== OPENING_BRACE) return undefined;
  let depth = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === QUOTE) index = closingQuote(bytes, index);
    else if (byte === OPENING_BRACE) depth++;
    else if (byte === CLOSING_BRACE && --depth === 0) return index + 1;
  }
  return undefined;
}

/** Where the string that starts at `opening` ends; beyond the bytes if it does not. */
function closingQuote(bytes: Uint8Array, opening: number): number {
  let index = opening + 1;
  while (index < bytes.length && bytes[index] !== QUOTE) index += bytes[index] === BACKSLASH ? 2 : 1;
  return index;
}

function lengthWithoutZeros(bytes: Uint8Array): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return length;
}
