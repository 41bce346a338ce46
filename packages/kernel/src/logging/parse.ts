import type { JsonObject } from '../json/index.js';
import type { Codec } from '../ports/index.js';
import type { RawEntry } from './entry.js';

/**
 * An entry from a line without its newline; undefined if it is not JSON with exactly an entry's fields, or if these do
 * not say what the chain says (a key that stands in the line twice, for one).
 */
export function parseEntry(line: Uint8Array, chain: { busSeq: number; hash: string }, codec: Codec): RawEntry | undefined {
  const value = parseJson(line, codec);
  if (!isObject(value) || Object.keys(value).join() !== 'busSeq,time,agent,kind,data,prev,hash') return undefined;
  if (value['busSeq'] !== chain.busSeq || value['hash'] !== chain.hash || typeof value['prev'] !== 'string') return undefined;
  const isStamped = Number.isSafeInteger(value['time']) && (value['agent'] === null || typeof value['agent'] === 'string');
  if (!isStamped || typeof value['kind'] !== 'string' || !isObject(value['data'])) return undefined;
  return value as unknown as RawEntry;
}

function parseJson(line: Uint8Array, codec: Codec): unknown {
  try {
    return JSON.parse(codec.text(line));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
