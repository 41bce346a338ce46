import fs from 'node:fs';
import path from 'node:path';
import { syncDirectory } from './directory.js';
import { openRegularFileSync } from './regular-file.js';
import type { Segment } from './segments.js';

/** The segment that is being appended to. */
export class SegmentWriter {
  readonly #fd: number;
  #byteCount: number;

  private constructor(fd: number, byteCount: number) {
    this.#fd = fd;
    this.#byteCount = byteCount;
  }

  /** Starts a new segment; its name is durable before anything is written to it. */
  static async create(segment: Segment): Promise<SegmentWriter> {
    const writer = new SegmentWriter(fs.openSync(segment.path, 'ax'), 0);
    return writer.#prepared(() => syncDirectory(path.dirname(segment.path)));
  }

  /**
   * Goes on with a segment, after cutting it off at `endOffset` if that is given.
   *
   * It is synced even if nothing was cut: what a killed process wrote can be read, and will be acted upon, before it is durable.
   */
  static async reopen(segment: Segment, endOffset?: number): Promise<SegmentWriter> {
    const fd = openRegularFileSync(segment.path, fs.constants.O_WRONLY | fs.constants.O_APPEND);
    const writer = new SegmentWriter(fd, endOffset ?? fs.fstatSync(fd).size);
    return writer.#prepared(async () => {
      if (endOffset !== undefined) fs.ftruncateSync(fd, endOffset);
      fs.fsyncSync(fd);
      await syncDirectory(path.dirname(segment.path));
    });
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  /** Hands all bytes to the operating system, which may take them in parts. */
  write(bytes: Uint8Array): void {
    let written = 0;
    while (written < bytes.length) {
      const count = fs.writeSync(this.#fd, bytes, written, bytes.length - written);
      if (count === 0) throw new Error(`a write of ${bytes.length} bytes stopped after ${written}`);
      written += count;
      this.#byteCount += count;
    }
  }

  /** Waits until what was written would survive a power cut. */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      // TODO: measure a thread of its own for syncs: they share libuv's four threads with the file work of tools.
      fs.fdatasync(this.#fd, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  async #prepared(prepare: () => Promise<void>): Promise<this> {
    try {
      await prepare();
      return this;
    } catch (error) {
      this.close();
      throw error;
    }
  }
}
