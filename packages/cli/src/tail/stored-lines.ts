import type { LogChunk, LogReader } from '@omnipaw/kernel';

const NEWLINE = 0x0a;

/**
 * A log reader that remembers the lines which pass through it, as stored, until they are taken.
 *
 * An entry that was parsed and serialised again need not be the bytes that were hashed.
 */
export class StoredLines implements LogReader {
  readonly #reader: LogReader;
  readonly #chunks: Uint8Array[] = [];
  #nextSeq: number | undefined;

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  async *read(fromSeq?: number): AsyncGenerator<LogChunk, void, undefined> {
    for await (const chunk of this.#reader.read(fromSeq)) {
      this.#nextSeq ??= chunk.firstSeq ?? 0;
      this.#chunks.push(chunk.bytes);
      yield chunk;
    }
  }

  /** The line of an entry that was just read, newline included; forgets it and all before it. */
  take(busSeq: number): Uint8Array {
    for (let seq = this.#nextSeq ?? 0; ; seq++) {
      const line = this.#takeLine();
      this.#nextSeq = seq + 1;
      if (seq === busSeq) return line;
    }
  }

  /** How many bytes have come after the last newline: at the end of a log, those of an unfinished entry. */
  get unfinishedBytes(): number {
    let count = 0;
    for (const chunk of [...this.#chunks].reverse()) {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      count += chunk.length - end;
      if (end > 0) break;
    }
    return count;
  }

  #takeLine(): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
      const end = chunk.indexOf(NEWLINE) + 1;
      if (end === 0) {
        pieces.push(chunk);
        continue;
      }
      if (end < chunk.length) this.#chunks.unshift(chunk.subarray(end));
      pieces.push(chunk.subarray(0, end));
      break;
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }
}
