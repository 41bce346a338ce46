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

/** Enough for what stands before an entry's data. */
const HEAD_BYTES = 300;
const HEAD = /^\{"busSeq":\d+,"time":-?\d+,"agent":(?:"([^"]*)"|null),"kind":"([^"]*)"/;

/**
 * Calls with the text of each entry about these agents, and of the births of all children (whose delegators only their data
 * names), in order. Answers where the last entry stands that it looked at.
 */
export async function visitLinesOf(reader: LogReader, options: LinesOfOptions, visit: (line: string) => void): Promise<LogPlace | undefined> {
  const { codec, agents, fromSeq, beforeSeq, place } = options;
  const lines = new LineSplitter();
  let segment: string | undefined;
  let seq = 0;
  let last: LogPlace | undefined;
  for await (const chunk of reader.read(place ?? fromSeq)) {
    if (segment === undefined) seq = chunk.firstSeq ?? 0;
    if (chunk.segment === segment) lines.feed(chunk);
    else lines.enter(chunk);
    ({ segment } = chunk);
    for (let line = lines.next(); line !== undefined && seq < beforeSeq; line = lines.next(), seq++) {
      if (seq >= fromSeq && isWanted(line, agents)) visit(codec.text(line));
      if (seq === beforeSeq - 1) last = { ...lines.place, busSeq: seq };
    }
    if (seq >= beforeSeq) break;
  }
  return last;
}

/** The entry that a line of a checked log holds. */
export function entryOf(line: string): RawEntry {
  return JSON.parse(line) as RawEntry;
}

function isWanted(line: Uint8Array, agents: ReadonlySet<string>): boolean {
  const [, agent, kind] = HEAD.exec(String.fromCharCode(...line.subarray(0, HEAD_BYTES))) ?? [];
  return kind === 'AGENT_SPAWNED' || (agent !== undefined && agents.has(agent));
}
