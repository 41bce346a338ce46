import { MAX_JSON_DEPTH, type JsonObject } from '../json/index.js';
import type { Codec } from '../ports/index.js';
import { HASH_SUFFIX_BYTES, PREV_SUFFIX_BYTES } from './codec.js';
import type { RawEntry } from './entry.js';

/** An entry as it was read back, with the text of its line. */
export interface RecordedEntry {
  readonly entry: RawEntry;
  /** Without the newline. */
  readonly text: string;
}

/** The kernel puts values of any depth a few levels down. What is deeper would overflow the stack of whoever walks it. */
const MAX_ENTRY_DEPTH = MAX_JSON_DEPTH + 16;
/** A level takes two characters at least, and most lines have no room for so many beside their two hashes. */
const LONGEST_SHALLOW = 2 * MAX_ENTRY_DEPTH + PREV_SUFFIX_BYTES + HASH_SUFFIX_BYTES;

/**
 * An entry from a line without its newline; undefined if it is not JSON with exactly an entry's fields, or if these do
 * not say what the chain says (a key that stands in the line twice, for one), or if it nests deeper than a kernel writes.
 */
export function parseEntry(line: Uint8Array, chain: { busSeq: number; hash: string }, codec: Codec): RecordedEntry | undefined {
  const text = textOf(line, codec);
  const value = parseJson(text);
  if (!isObject(value) || Object.keys(value).join() !== 'busSeq,time,agent,kind,data,prev,hash') return undefined;
  if (value['busSeq'] !== chain.busSeq || value['hash'] !== chain.hash || typeof value['prev'] !== 'string') return undefined;
  const isStamped = Number.isSafeInteger(value['time']) && (value['agent'] === null || typeof value['agent'] === 'string');
  if (!isStamped || typeof value['kind'] !== 'string' || !isObject(value['data'])) return undefined;
  if (text.length > LONGEST_SHALLOW && isDeeper(value, MAX_ENTRY_DEPTH)) return undefined;
  return { entry: value as unknown as RawEntry, text };
}

/** Nothing that can be parsed if the bytes are no UTF-8. */
function textOf(line: Uint8Array, codec: Codec): string {
  try {
    return codec.text(line);
  } catch {
    return '';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isDeeper(value: unknown, levelCount: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levelCount === 0) return true;
  for (const key in value) if (isDeeper((value as JsonObject)[key], levelCount - 1)) return true;
  return false;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
