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
  if (!startsWith(line, `{"busSeq":${String(place.nextSeq)},`)) return { reason: 'SEQUENCE_MISMATCH' };
  if (prev !== (place.head ?? prev)) return { reason: 'PREV_MISMATCH' };
  return { hash };
}

/** Compares with ASCII text, byte by byte. */
function startsWith(line: Uint8Array, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (line[index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
