/** The rule of the torn tail, pure: what a crash can leave after the last newline, and what it cannot. */
import type { Codec } from '../ports/index.js';
import { checkLine, type ChainPlace } from './chain.js';

const CLOSING_BRACE = 0x7d;

/**
 * Whether the bytes after a log's last newline are what a write that was cut short leaves: the start of a line, or all of
 * it but the newline, perhaps followed by the zeros of a block that never reached the disk.
 *
 * A whole entry followed by anything else was durable once, and its newline was changed: cutting it off would lose it.
 */
export function isTornTail(tail: Uint8Array, place: ChainPlace, codec: Codec): boolean {
  const length = lengthWithoutZeros(tail);
  for (let brace = tail.indexOf(CLOSING_BRACE); brace !== -1; brace = tail.indexOf(CLOSING_BRACE, brace + 1)) {
    const end = brace + 1;
    if (end < length && 'hash' in checkLine(tail.subarray(0, end), place, codec)) return false;
  }
  return true;
}

function lengthWithoutZeros(bytes: Uint8Array): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return length;
}
