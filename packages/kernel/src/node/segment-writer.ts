import fs from 'node:fs';
import path from 'node:path';
import { syncDirectory } from './directory.js';
import { fenced } from './failures.js';
import { openRegularFileSync } from './regular-file.js';
import type { Segment } from './segments.js';

/** The segment that is being appended to. */
export class SegmentWriter {
  readonly #fd: number;
  /** The length that counts; behind it there may be a torn tail that is not cut off yet. */
  #byteCount: number;
  #tailBytes: number;

  private constructor(fd: number, byteCount: number, tailBytes = 0) {
    this.#fd = fd;
    this.#byteCount = byteCount;
    this.#tailBytes = tailBytes;
  }

  /** Starts a new segment; its name is durable before anything is written to it. */
  static async create(segment: Segment): Promise<SegmentWriter> {
    const writer = new SegmentWriter(fs.openSync(segment.path, 'ax'), 0);
    return writer.#prepared(() => syncDirectory(path.dirname(segment.path)));
  }

  /**
   * Goes on with a segment whose last so many bytes are a torn tail, and changes nothing in it yet.
   *
   * It is synced, though: what a killed process wrote can be read, and will be acted upon, before it is durable.
   */
  static async reopen(segment: Segment, tailBytes = 0): Promise<SegmentWriter> {
    const fd = openRegularFileSync(segment.path, fs.constants.O_WRONLY | fs.constants.O_APPEND);
    const writer = new SegmentWriter(fd, fs.fstatSync(fd).size - tailBytes, tailBytes);
    return writer.#prepared(async () => {
      fs.fsyncSync(fd);
      await syncDirectory(path.dirname(segment.path));
    });
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  /** Cuts off the torn tail, durably. Throws `LOG_FENCED` if somebody else has written to the segment meanwhile. */
  cutTail(): void {
    if (this.#tailBytes === 0) return;
    if (!this.#isAsLeft()) throw fenced();
    fs.ftruncateSync(this.#fd, this.#byteCount);
    fs.fsyncSync(this.#fd);
    this.#tailBytes = 0;
  }

  /**
   * Takes back what was written beyond a length, as well as that can be done: never throws. Nothing is taken back of a
   * segment that somebody else has written to.
   */
  takeBack(byteCount: number): void {
    try {
      if (this.#isAsLeft()) fs.ftruncateSync(this.#fd, byteCount);
    } catch {
      // The failure that led here is told; the next opening finds what is left.
    }
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

  #isAsLeft(): boolean {
    return fs.fstatSync(this.#fd).size === this.#byteCount + this.#tailBytes;
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
