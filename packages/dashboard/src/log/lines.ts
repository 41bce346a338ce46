import type { LogChunk, LogPlace, LogReader } from '@omnipaw/kernel';

const NEWLINE = 0x0a;

/** A whole line of a log, without its newline, and where it starts. */
export interface Line extends LogPlace {
  readonly bytes: Buffer;
}

/**
 * The whole lines that are stored from an entry or a place on, many at a time. What stands after the last newline is left: it may
 * still become a line, or be cut off.
 *
 * Nothing is checked but that lines are counted from where the reader says that it begins.
 */
export async function* readLines(reader: LogReader, from: number | LogPlace): AsyncGenerator<readonly Line[], void, undefined> {
  const splitter = new Splitter();
  for await (const chunk of reader.read(from)) yield splitter.split(chunk);
}

class Splitter {
  #segment: string | undefined;
  #busSeq = 0;
  #lineOffset = 0;
  #pieces: Buffer[] = [];

  split(chunk: LogChunk): readonly Line[] {
    const { segment, byteOffset, firstSeq } = chunk;
    if (segment !== this.#segment) {
      this.#pieces = [];
      this.#lineOffset = byteOffset;
      // A reader that begins at the log's beginning need not say so.
      this.#busSeq = firstSeq ?? this.#busSeq;
      this.#segment = segment;
    }
    const bytes = Buffer.from(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.length);
    const lines: Line[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      lines.push({ segment, byteOffset: this.#lineOffset, busSeq: this.#busSeq, bytes: this.#whole(bytes.subarray(start, end)) });
      start = end + 1;
      this.#busSeq++;
      this.#lineOffset = byteOffset + start;
    }
    if (start < bytes.length) this.#pieces.push(bytes.subarray(start));
    return lines;
  }

  #whole(last: Buffer): Buffer {
    if (this.#pieces.length === 0) return last;
    const line = Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    return line;
  }
}
