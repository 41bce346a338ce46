/** The line format, pure: {@link encodeLine} writes it, {@link sliceLine} takes it apart without parsing JSON. */
import { lengthOfNumber, lengthOfSame } from '../json/index.js';
import type { Codec } from '../ports/index.js';
import type { Proposal } from './entry.js';

/** `,"hash":"` + 64 + `"}`: what follows the hashed bytes of a line, newline excluded. */
export const HASH_SUFFIX_BYTES = 75;
/** What stands before the data of an entry, without what is another in each. */
const HEAD_CHARS = '{"busSeq":,"time":,"agent":"","kind":"","data":'.length;
/** `,"prev":"` + 64 + `"`: the last of the hashed bytes. */
export const PREV_SUFFIX_BYTES = 74;

export interface LineStamp {
  readonly busSeq: number;
  readonly time: number;
  readonly prev: string;
}

/** What an entry says, before it has a place in a log. */
interface Said {
  readonly agent: string | null;
  readonly kind: string;
  readonly data: object;
}

/** Serialises an entry once: these are the bytes that are hashed, stored and shown. */
export function encodeLine(proposal: Proposal, stamp: LineStamp, sha256: Codec['sha256']): { line: string; hash: string } {
  const body = bodyOf(proposal, stamp);
  const hash = sha256(body);
  return { line: `${body},"hash":"${hash}"}\n`, hash };
}

/** Whether this is what the entry says, and its text is surely the one that a kernel writes of it: the same as {@link isTextOf} mostly, in a third of the time. */
export function isSurelyTextOf(said: Said, { entry, text }: { readonly entry: LineStamp & Said; readonly text: string }): boolean {
  const { busSeq, time, agent, kind } = entry;
  const dataLength = lengthOfSame(said.data, entry.data);
  const stampLength = lengthOfNumber(busSeq) + lengthOfNumber(time) + (agent === null ? 2 : agent.length);
  return dataLength >= 0 && text.length === HEAD_CHARS + stampLength + kind.length + dataLength + PREV_SUFFIX_BYTES + HASH_SUFFIX_BYTES;
}

/** Whether this is the very text that a kernel writes of an entry that says this; the hashes at its end have been checked. */
export function isTextOf({ agent, kind, data }: Said, { entry, text }: { readonly entry: LineStamp; readonly text: string }): boolean {
  const head = headOf(agent, kind, entry);
  const json = JSON.stringify(data);
  return text.length === head.length + json.length + PREV_SUFFIX_BYTES + HASH_SUFFIX_BYTES && text.startsWith(head) && text.startsWith(json, head.length);
}

function bodyOf(said: Said, stamp: LineStamp): string {
  return `${encodeSaying(said, stamp)},"prev":"${stamp.prev}"`;
}

/** What a line says, without where it stands in which chain. */
export function encodeSaying({ agent, kind, data }: Said, stamp: Omit<LineStamp, 'prev'>): string {
  return headOf(agent, kind, stamp) + JSON.stringify(data);
}

function headOf(agent: string | null, kind: string, { busSeq, time }: Omit<LineStamp, 'prev'>): string {
  const name = agent === null ? 'null' : `"${agent}"`;
  return `{"busSeq":${String(busSeq)},"time":${String(time)},"agent":${name},"kind":"${kind}","data":`;
}

/** The same of the text of a line that was checked, byte for byte. */
export function sayingIn(text: string): string {
  return text.slice(0, -(PREV_SUFFIX_BYTES + HASH_SUFFIX_BYTES));
}

/** A line without its newline, taken apart. */
export interface SlicedLine {
  /** The bytes that its hash covers. */
  readonly body: Uint8Array;
  readonly prev: string;
  readonly hash: string;
}

/** The inverse of {@link encodeLine} as far as the chain goes; undefined if the line does not end as every entry does. */
export function sliceLine(line: Uint8Array, codec: Codec): SlicedLine | undefined {
  const bodyEnd = line.length - HASH_SUFFIX_BYTES;
  const start = bodyEnd - PREV_SUFFIX_BYTES;
  if (start < 0) return undefined;
  const links = textOf(line.subarray(start), codec);
  // Fewer characters than bytes: something else than ASCII is among them.
  if (links.length !== PREV_SUFFIX_BYTES + HASH_SUFFIX_BYTES) return undefined;
  if (!links.startsWith(',"prev":"') || !links.startsWith('","hash":"', 73) || !links.endsWith('"}')) return undefined;
  return { body: line.subarray(0, bodyEnd), prev: links.slice(9, 73), hash: links.slice(83, 147) };
}

function textOf(bytes: Uint8Array, codec: Codec): string {
  try {
    return codec.text(bytes);
  } catch {
    return '';
  }
}
