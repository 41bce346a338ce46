import fs from 'node:fs';
import { corruptLog, type LogChunk, type LogPlace, type LogReader } from '../logging/index.js';
import { logNotFound, readFailed } from './failures.js';
import { openRegularFile } from './regular-file.js';
import { listSegments, type Segment } from './segments.js';

/** Large enough that the system calls cost nothing beside the hashing. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads a log directory and changes nothing in it: no lock, no repair. It reads what is there when it comes to a segment,
 * so the last line of a log that is being written can look torn.
 *
 * Rejects with `LOG_NOT_FOUND`, with `LOG_CORRUPT` for a misnamed segment, and with `LOG_READ_FAILED` for what the system refuses
 * and for a segment that is no regular file.
 */
export class FileLogReader implements LogReader {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async *read(from: number | LogPlace = 0): AsyncGenerator<LogChunk, void, undefined> {
    try {
      const segments = await listSegments(this.#directory);
      if (segments.length === 0) throw logNotFound(this.#directory);
      if (typeof from === 'number') {
        const upToSeq = segments.filter(({ firstSeq }) => firstSeq <= from).length;
        for (const segment of segments.slice(Math.max(upToSeq - 1, 0))) yield* readSegment(segment);
        return;
      }
      const first = segments.findIndex(({ name }) => name === from.segment);
      if (first < 0) throw corruptLog({ ...from, reason: 'SEGMENT_MISMATCH' });
      yield* readSegment({ ...segments[first]!, firstSeq: from.busSeq }, from.byteOffset);
      for (const segment of segments.slice(first + 1)) yield* readSegment(segment);
    } catch (cause) {
      throw readFailed(this.#directory, cause);
    }
  }
}

/** The chunks of a segment as large as it is now, from a byte on; a single empty one if there is nothing. */
async function* readSegment({ path, name, firstSeq }: Segment, fromByte = 0): AsyncGenerator<LogChunk, void, undefined> {
  const file = await openRegularFile(path, fs.constants.O_RDONLY);
  try {
    const { size } = await file.stat();
    // A place beyond the end is none; what is not there is told by whoever looks for it.
    let byteOffset = Math.min(fromByte, size);
    do {
      // A buffer for each chunk: the reader may keep it.
      const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size - byteOffset));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, byteOffset);
      yield { segment: name, firstSeq, byteOffset, bytes: buffer.subarray(0, bytesRead) };
      // Somebody cut the file while it was read: what is there has been read.
      if (bytesRead === 0) return;
      byteOffset += bytesRead;
    } while (byteOffset < size);
  } finally {
    await file.close();
  }
}
