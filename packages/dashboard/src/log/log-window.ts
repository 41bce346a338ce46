import type { LogReader } from '@omnipaw/kernel';
import { storedLine, type StoredLine } from './entry.js';
import { readLines } from './lines.js';
import { Places } from './places.js';

/** So many lines are looked at in one go, and then others get their turn. */
const SLICE = 200;

/** What was already published of a log, read again from where it is kept: in order, and never beyond what was published. */
export class LogWindow {
  readonly places = new Places();
  readonly #reader: LogReader;
  #lastSeq = -1;

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  /** The last entry that anybody may see. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  set lastSeq(busSeq: number) {
    this.#lastSeq = busSeq;
  }

  /** The entries from one to another, both included, a few at a time. Throws for a line that is none. */
  async *read(firstSeq: number, lastSeq: number): AsyncGenerator<readonly StoredLine[], void, undefined> {
    const end = Math.min(lastSeq, this.#lastSeq);
    if (firstSeq > end) return;
    for await (const lines of readLines(this.#reader, this.places.before(firstSeq))) {
      let slice: StoredLine[] = [];
      for (const line of lines) {
        this.places.note(line);
        if (line.busSeq < firstSeq) continue;
        if (line.busSeq > end) break;
        const stored = storedLine(line.bytes, line.busSeq);
        if (stored === undefined) throw new Error(`Line ${line.busSeq} of the log is no entry any more.`);
        slice.push(stored);
        if (slice.length < SLICE) continue;
        yield slice;
        slice = [];
        await turn();
      }
      if (slice.length > 0) yield slice;
      const last = lines.at(-1);
      if (last !== undefined && last.busSeq >= end) return;
    }
  }

  /** One entry; undefined if it is not there. */
  async at(busSeq: number): Promise<StoredLine | undefined> {
    for await (const [stored] of this.read(busSeq, busSeq)) return stored;
    return undefined;
  }
}

/** Lets everybody else go on first. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
