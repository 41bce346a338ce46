import fs from 'node:fs';
import type { LogChunk, LogReader } from '../logging/index.js';
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

  async *read(fromSeq = 0): AsyncGenerator<LogChunk, void, undefined> {
    try {
      const segments = await listSegments(this.#directory);
      if (segments.length === 0) throw logNotFound(this.#directory);
      const upToSeq = segments.filter(({ firstSeq }) => firstSeq <= fromSeq).length;
      for (const segment of segments.slice(Math.max(upToSeq - 1, 0))) yield* readSegment(segment);
    } catch (cause) {
      throw readFailed(this.#directory, cause);
    }
  }
}

/** The chunks of a segment as large as it is now; a single empty one if it holds nothing. */
async function* readSegment({ path, name, firstSeq }: Segment): AsyncGenerator<LogChunk, void, undefined> {
  const file = await openRegularFile(path, fs.constants.O_RDONLY);
  try {
    const { size } = await file.stat();
    let byteOffset = 0;
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
