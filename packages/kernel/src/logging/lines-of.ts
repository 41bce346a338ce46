/** Finds the entries about some agents in a log that was checked already, and parses no others. */
import type { Codec } from '../ports/index.js';
import type { RawEntry } from './entry.js';
import { LineSplitter } from './line-splitter.js';
import type { LogReader } from './store.js';

export interface LinesOfOptions {
  readonly codec: Codec;
  readonly agents: ReadonlySet<string>;
  /** The first entry to look at, and the first not to look at any more. */
  readonly fromSeq: number;
  readonly beforeSeq: number;
}

/** Enough for what stands before an entry's data. */
const HEAD_BYTES = 300;
const HEAD = /^\{"busSeq":\d+,"time":-?\d+,"agent":(?:"([^"]*)"|null),"kind":"([^"]*)"/;

/**
 * The entries about these agents, and the births of all children (whose delegators only their data names), in order; many at a
 * time, with the texts of their lines.
 */
export async function* readLinesOf(reader: LogReader, options: LinesOfOptions): AsyncGenerator<readonly string[], void, undefined> {
  const { codec, agents, fromSeq, beforeSeq } = options;
  const lines = new LineSplitter();
  let segment: string | undefined;
  let seq = fromSeq;
  for await (const chunk of reader.read(fromSeq)) {
    if (segment === undefined) seq = chunk.firstSeq ?? 0;
    if (chunk.segment === segment) lines.feed(chunk);
    else lines.enter(chunk);
    ({ segment } = chunk);
    const found: string[] = [];
    for (let line = lines.next(); line !== undefined && seq < beforeSeq; line = lines.next(), seq++) {
      if (seq >= fromSeq && isWanted(line, agents)) found.push(codec.text(line));
    }
    if (found.length > 0) yield found;
    if (seq >= beforeSeq) return;
  }
}

/** The entry that a line of a checked log holds. */
export function entryOf(line: string): RawEntry {
  return JSON.parse(line) as RawEntry;
}

function isWanted(line: Uint8Array, agents: ReadonlySet<string>): boolean {
  const [, agent, kind] = HEAD.exec(String.fromCharCode(...line.subarray(0, HEAD_BYTES))) ?? [];
  return kind === 'AGENT_SPAWNED' || (agent !== undefined && agents.has(agent));
}
