/** The rule of the hash chain, for one line: pure, and all that integrity means. */
import type { Codec } from '../ports/index.js';
import { sliceLine } from './codec.js';
import type { DamageReason } from './damage.js';

/** Where a chain stands: what the next line must say. */
export interface ChainPlace {
  readonly nextSeq: number;
  /** The hash of the entry before; undefined in the middle of a log, where the first line is believed. */
  readonly head: string | undefined;
}

/** Says how a line, newline excluded, continues the chain, or why it does not. */
export function checkLine(line: Uint8Array, place: ChainPlace, codec: Codec): { hash: string } | { reason: DamageReason } {
  const sliced = sliceLine(line, codec);
  if (sliced === undefined) return { reason: 'MALFORMED_LINE' };
  const { body, prev, hash } = sliced;
  // The hash comes first: a flipped bit is told as what it is, wherever in the line it fell.
  if (codec.sha256(body) !== hash) return { reason: 'HASH_MISMATCH' };
  if (busSeqOf(line) !== place.nextSeq) return { reason: 'SEQUENCE_MISMATCH' };
  if (prev !== (place.head ?? prev)) return { reason: 'PREV_MISMATCH' };
  return { hash };
}

const OPENING = '{"busSeq":';
const [ZERO, NINE, COMMA] = [0x30, 0x39, 0x2c];

/** The number that a line starts with, in the one form in which it may be written; -1 for anything else. */
export function busSeqOf(line: Uint8Array): number {
  let index = 0;
  for (; index < OPENING.length; index++) {
    if (line[index] !== OPENING.charCodeAt(index)) return -1;
  }
  const hasLeadingZero = line[index] === ZERO && line[index + 1] !== COMMA;
  let number = 0;
  for (let byte = line[index]; byte !== COMMA; byte = line[++index]) {
    if (byte === undefined || byte < ZERO || byte > NINE || hasLeadingZero) return -1;
    number = number * 10 + (byte - ZERO);
  }
  return index === OPENING.length ? -1 : number;
}
