import { MemoryLogStore, nodePorts, type LogBatch, type LogChunk, type LogEnd, type LogStore } from '@omnipaw/kernel';
import type { VirtualTime } from '@omnipaw/testing';
import type { Checkpoints } from './checkpoints.js';
import type { Faults } from './faults.js';
import { never, type Life } from './life.js';

export interface DiskOptions {
  readonly life: Life;
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly checkpoints: Checkpoints;
}

const NEWLINE = 0x0a;

/**
 * A log on a disk that has a cache: what was written is not there after a crash, until it has been synced.
 *
 * Between any two of its steps (asked, written, synced, answered) the process may die, and time may pass. A disk that is
 * full has taken a part of the write, and one that could not sync may or may not have taken all of it.
 */
export class DiskStore implements LogStore {
  readonly #life: Life;
  readonly #time: VirtualTime;
  readonly #faults: Faults;
  /** What a crash cannot take. */
  readonly #synced: MemoryLogStore;
  /** What was written since. */
  #written: Uint8Array = new Uint8Array();
  /** What an earlier crash has left after the last entry: the first write cuts it off. */
  #tornBytes = 0;
  #writes = 0;
  #delays = 0;
  #failure: Error | undefined;
  readonly checkpoints: NonNullable<LogStore['checkpoints']>;

  constructor(content: Uint8Array, options: DiskOptions) {
    this.checkpoints = options.checkpoints.during(options.life);
    this.#synced = new MemoryLogStore({ bytes: content, codec: nodePorts.codec });
    this.#life = options.life;
    this.#time = options.time;
    this.#faults = options.faults;
  }

  /** Whether a write has failed. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  async open(...known: Parameters<LogStore['open']>): Promise<LogEnd> {
    if (!this.#life.step()) return never();
    const end = await this.#synced.open(...known);
    this.#tornBytes = end.tornTail?.byteCount ?? 0;
    return this.#life.step() ? end : never();
  }

  async append(batch: LogBatch): Promise<void> {
    await this.#wait();
    if (!this.#life.step()) return never();
    if (this.#failure !== undefined) throw this.#failure;
    this.#written = new Uint8Array(batch.bytes);
    if (!this.#life.step()) return never();
    this.#failIfDue(batch);
    await this.#wait();
    if (!this.#life.step()) return never();
    await this.#synced.append(batch);
    this.#written = new Uint8Array();
    this.#tornBytes = 0;
    await this.#wait();
    if (!this.#life.step()) return never();
  }

  async *read(...from: Parameters<LogStore['read']>): AsyncGenerator<LogChunk, void, undefined> {
    for await (const chunk of this.#synced.read(...from)) {
      if (this.#life.hasDied()) await never();
      yield chunk;
    }
  }

  async close(): Promise<void> {
    if (!this.#life.step()) return never();
    await this.#synced.close();
  }

  /** What is on the disk after the end of the process. */
  left(): Uint8Array {
    const synced = this.#synced.bytes();
    if (this.#written.length === 0) return synced;
    const { survivingBytes, zeroBytes } = this.#faults;
    const kept = synced.subarray(0, synced.length - this.#tornBytes);
    const count = this.#lineEnd(survivingBytes % (this.#written.length + 1));
    return Buffer.concat([kept, this.#written.subarray(0, count), new Uint8Array(count === this.#written.length ? 0 : zeroBytes)]);
  }

  #lineEnd(count: number): number {
    if (!this.#faults.keepsWholeLine) return count;
    const newline = this.#written.indexOf(NEWLINE, count);
    return newline === -1 ? count : newline + 1;
  }

  #failIfDue({ bytes }: LogBatch): void {
    const { failure } = this.#faults;
    if (this.#writes++ !== failure?.write) return;
    if (failure.how === 'full') this.#written = bytes.slice(0, this.#faults.survivingBytes % bytes.length);
    this.#failure = new Error(failure.how === 'full' ? 'ENOSPC: no space left on device, write' : 'EIO: i/o error, fdatasync');
    throw this.#failure;
  }

  async #wait(): Promise<void> {
    const { diskMs } = this.#faults;
    const delayMs = diskMs[this.#delays++ % diskMs.length] ?? 0;
    if (delayMs > 0) await this.#time.sleep(delayMs);
  }
}
