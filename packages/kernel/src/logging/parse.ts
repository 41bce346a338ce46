import { MAX_JSON_DEPTH, type JsonObject } from '../json/index.js';
import type { Codec } from '../ports/index.js';
import type { RawEntry } from './entry.js';

/** The kernel puts values of any depth a few levels down. What is deeper would overflow the stack of whoever walks it. */
const MAX_ENTRY_DEPTH = MAX_JSON_DEPTH + 16;

/**
 * An entry from a line without its newline; undefined if it is not JSON with exactly an entry's fields, or if these do
 * not say what the chain says (a key that stands in the line twice, for one), or if it nests deeper than a kernel writes.
 */
export function parseEntry(line: Uint8Array, chain: { busSeq: number; hash: string }, codec: Codec): RawEntry | undefined {
  const value = parseJson(line, codec);
  if (!isObject(value) || Object.keys(value).join() !== 'busSeq,time,agent,kind,data,prev,hash') return undefined;
  if (value['busSeq'] !== chain.busSeq || value['hash'] !== chain.hash || typeof value['prev'] !== 'string') return undefined;
  const isStamped = Number.isSafeInteger(value['time']) && (value['agent'] === null || typeof value['agent'] === 'string');
  if (!isStamped || typeof value['kind'] !== 'string' || !isObject(value['data'])) return undefined;
  if (isDeeper(value, MAX_ENTRY_DEPTH)) return undefined;
  return value as unknown as RawEntry;
}

function parseJson(line: Uint8Array, codec: Codec): unknown {
  try {
    return JSON.parse(codec.text(line));
  } catch {
    return undefined;
  }
}

function isDeeper(value: unknown, levelCount: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levelCount === 0 || Object.values(value).some((inner) => isDeeper(inner, levelCount - 1));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
