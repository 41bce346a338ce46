/**
 * Reads a log that another process is writing, and waits at its end for more.
 *
 * 1. Of the last segment only whole lines are handed on: an incomplete one may still be cut off by the next writer.
 * 2. A segment is complete before the next one exists, so it is read to its end after that one was seen.
 */
import fs from 'node:fs';
import path from 'node:path';
import { FileLogReader, type LogChunk, type LogReader } from '@omnipaw/kernel';
import { DirectoryChanges } from './directory-changes.js';

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;
const SEGMENT_NAME = /^\d{16}\.jsonl$/;

export class FollowingLogReader implements LogReader {
  readonly #directory: string;
  readonly #signal: AbortSignal;

  /** Reading ends when the signal aborts, and never before. */
  constructor(directory: string, signal: AbortSignal) {
    this.#directory = directory;
    this.#signal = signal;
  }

  async *read(fromSeq = 0): AsyncGenerator<LogChunk, void, undefined> {
    await this.#assertLog();
    const changes = new DirectoryChanges(this.#directory, this.#signal);
    try {
      let segment = (await this.#segments()).filter((name) => firstSeqOf(name) <= fromSeq).at(-1)!;
      let byteOffset = 0;
      while (!this.#signal.aborted) {
        const next = (await this.#segments()).find((name) => name > segment);
        for await (const chunk of this.#readOn(segment, byteOffset, next !== undefined)) {
          byteOffset = chunk.byteOffset + chunk.bytes.length;
          yield chunk;
        }
        if (next === undefined) await changes.next();
        else [segment, byteOffset] = [next, 0];
      }
    } finally {
      changes.close();
    }
  }

  /** Throws as the kernel's own reader does where there is no log, or one that it would not read. */
  async #assertLog(): Promise<void> {
    const chunks = new FileLogReader(this.#directory).read(Number.MAX_SAFE_INTEGER);
    await chunks.next();
    await chunks.return();
  }

  /** In order: the names have the same length. */
  async #segments(): Promise<string[]> {
    const names = await fs.promises.readdir(this.#directory);
    return names.filter((name) => SEGMENT_NAME.test(name)).sort();
  }

  /** What a segment holds from an offset on; up to its last whole line, unless it is complete. */
  async *#readOn(segment: string, from: number, isComplete: boolean): AsyncGenerator<LogChunk, void, undefined> {
    const file = await fs.promises.open(path.join(this.#directory, segment), 'r');
    try {
      let held: LogChunk[] = [];
      for (let byteOffset = from; !this.#signal.aborted; ) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(CHUNK_BYTES), 0, CHUNK_BYTES, byteOffset);
        if (bytesRead === 0) break;
        const chunk = { segment, firstSeq: firstSeqOf(segment), byteOffset, bytes: buffer.subarray(0, bytesRead) };
        byteOffset += bytesRead;
        const lineEnd = chunk.bytes.lastIndexOf(NEWLINE) + 1;
        if (lineEnd === 0) {
          held.push(chunk);
          continue;
        }
        yield* held;
        yield { ...chunk, bytes: chunk.bytes.subarray(0, lineEnd) };
        held = lineEnd === bytesRead ? [] : [{ ...chunk, byteOffset: chunk.byteOffset + lineEnd, bytes: chunk.bytes.subarray(lineEnd) }];
      }
      if (isComplete) yield* held;
    } finally {
      await file.close();
    }
  }
}

function firstSeqOf(segment: string): number {
  return Number.parseInt(segment, 10);
}
