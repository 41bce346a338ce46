import { parseEntry, nodePorts } from '@omnipaw/kernel';
import type { StoredEntry } from '../protocol/index.js';

const { codec } = nodePorts;

/** An entry with its line, which is what is hashed, shown and sent. */
export interface StoredLine {
  readonly entry: StoredEntry;
  /** Without the newline. */
  readonly line: string;
}

/** Where the hash stands in a line, counted from its end: 64 digits, a quote and a brace. */
const HASH_END = -2;
const HASH_START = -66;

/** What a line says; undefined for one that is no entry, or not the one of that number. */
export function storedLine(bytes: Buffer, busSeq: number): StoredLine | undefined {
  const hash = bytes.toString('latin1', Math.max(0, bytes.length + HASH_START), bytes.length + HASH_END);
  const recorded = parseEntry(bytes, { busSeq, hash }, codec);
  return recorded === undefined ? undefined : { entry: recorded.entry, line: recorded.text };
}
