/** Finds the entries about some agents in a log that was checked already, and parses no others. */
import type { Codec } from '../ports/index.js';
import type { RawEntry } from './entry.js';
import { LineSplitter } from './line-splitter.js';
import type { LogPlace, LogReader } from './store.js';

export interface LinesOfOptions {
  readonly codec: Codec;
  readonly agents: ReadonlySet<string>;
  /** The first entry to look at, and the first not to look at any more. */
  readonly fromSeq: number;
  readonly beforeSeq: number;
  /** A place before the first one, where it is known: reading begins there. */
  readonly place?: LogPlace | undefined;
}

const BEFORE_AGENT = '"agent":"';
const BEFORE_KIND = '","kind":"';
const BIRTH = 'AGENT_SPAWNED"';
const [QUOTE, COMMA] = [0x22, 0x2c];

/**
 * Calls with the line of each entry about these agents, and of the births of all children (whose delegators only their data
 * names), in order, until it answers false. Answers where the last entry stands that there was to look at.
 */
export async function visitLinesOf(reader: LogReader, options: LinesOfOptions, visit: (line: Uint8Array) => boolean): Promise<LogPlace | undefined> {
  const { codec, agents, fromSeq, beforeSeq, place } = options;
  const lines = new LineSplitter();
  let segment: string | undefined;
  let seq = 0;
  let isAsking = true;
  let last: LogPlace | undefined;
  for await (const chunk of reader.read(place ?? fromSeq)) {
    if (segment === undefined) seq = chunk.firstSeq ?? 0;
    if (chunk.segment === segment) lines.feed(chunk);
    else lines.enter(chunk);
    ({ segment } = chunk);
    for (let line = lines.next(); line !== undefined && seq < beforeSeq; line = lines.next(), seq++) {
      if (isAsking && seq >= fromSeq && isWanted(headOf(line, codec), agents)) isAsking = visit(line);
      if (seq === beforeSeq - 1) last = { ...lines.place, busSeq: seq };
    }
    if (seq >= beforeSeq) break;
  }
  return last;
}

/** The entry that a line of a checked log holds. */
export function entryOf(line: Uint8Array, codec: Codec): RawEntry {
  return JSON.parse(codec.text(line)) as RawEntry;
}

/** What a line says before it comes to the data. */
export interface EntryHead {
  readonly agent: string | null;
  readonly isBirth: boolean;
}

/** Asked of every line, and so answered from a few of its bytes. */
export function headOf(line: Uint8Array, codec: Codec): EntryHead {
  const time = indexAfter(line, COMMA, 0);
  const start = indexAfter(line, COMMA, time) + BEFORE_AGENT.length;
  // Null, for an entry of the kernel's own.
  if (line[start - 1] !== QUOTE) return NOBODY;
  const end = indexAfter(line, QUOTE, start) - 1;
  return { agent: codec.text(line.subarray(start, end)), isBirth: isTextAt(line, BIRTH, end + BEFORE_KIND.length) };
}

const NOBODY: EntryHead = { agent: null, isBirth: false };

function isWanted({ agent, isBirth }: EntryHead, agents: ReadonlySet<string>): boolean {
  return isBirth || (agent !== null && agents.has(agent));
}

function indexAfter(line: Uint8Array, byte: number, from: number): number {
  let index = from;
  while (index < line.length && line[index] !== byte) index++;
  return index + 1;
}

function isTextAt(line: Uint8Array, text: string, start: number): boolean {
  for (let index = 0; index < text.length; index++) if (line[start + index] !== text.charCodeAt(index)) return false;
  return true;
}
