import { OmniError } from '../errors/index.js';
import type { Codec } from '../ports/index.js';
import { assertBatch } from './batch.js';
import { concatenate } from './bytes.js';
import { corruptLog } from './damage.js';
import { GENESIS_HASH } from './entry.js';
import { scanFrom, scanLog } from './scan.js';
import type { CheckpointStore, KnownEntry, LogBatch, LogChunk, LogEnd, LogPlace, LogStore } from './store.js';

const SEGMENT = 'memory';

/** A stored log to go on with; the codec checks it on opening. */
export interface MemoryLogContent {
  readonly bytes: Uint8Array;
  readonly codec: Codec;
}

/**
 * A log in memory: for tests, and for kernels whose history nobody needs afterwards.
 *
 * Durable means here: as long as the process lives. It can be opened again after closing, and `bytes()` can go into another store.
 */
export class MemoryLogStore implements LogStore {
  #pieces: Uint8Array[] = [];
  #end: LogEnd = { nextSeq: 0, head: GENESIS_HASH };
  /** Set until the content that came from outside has been checked. */
  #uncheckedBy: Codec | undefined;
  #isOpen = false;
  #checkpoint: Uint8Array | undefined;
  readonly checkpoints: CheckpointStore = {
    load: () => Promise.resolve(this.#checkpoint),
    save: (bytes) => {
      this.#checkpoint = new Uint8Array(bytes);
      return Promise.resolve();
    },
  };

  constructor(content?: MemoryLogContent) {
    if (content === undefined) return;
    this.#pieces = [new Uint8Array(content.bytes)];
    this.#uncheckedBy = content.codec;
  }

  async open(known?: KnownEntry): Promise<LogEnd> {
    if (this.#isOpen) throw new OmniError('LOG_LOCKED', 'This MemoryLogStore is open already. Close it first.');
    this.#isOpen = true;
    try {
      await this.#check(known);
      return this.#end;
    } catch (error) {
      this.#isOpen = false;
      throw error;
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- so that a refusal rejects, as with other stores
  async append(batch: LogBatch): Promise<void> {
    if (!this.#isOpen) throw new TypeError('The log is not open. Open it before appending.');
    assertBatch(batch, this.#end.nextSeq);
    // A copy, since the caller may use its buffer again.
    const bytes = new Uint8Array(batch.bytes);
    if (this.#end.tornTail !== undefined) this.#pieces = [this.bytes().subarray(0, this.#end.tornTail.byteOffset)];
    this.#pieces.push(bytes);
    this.#end = { nextSeq: batch.lastSeq + 1, head: lastHash(bytes) };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a reader is asynchronous
  async *read(from: number | LogPlace = 0): AsyncGenerator<LogChunk, void, undefined> {
    const start = typeof from === 'number' ? 0 : from.byteOffset;
    let byteOffset = 0;
    for (const bytes of [...this.#pieces]) {
      const skipped = Math.max(0, start - byteOffset);
      const first = typeof from === 'number' || byteOffset > start ? {} : { firstSeq: from.busSeq };
      if (skipped < bytes.length) yield { segment: SEGMENT, byteOffset: byteOffset + skipped, bytes: bytes.subarray(skipped), ...first };
      byteOffset += bytes.length;
    }
  }

  close(): Promise<void> {
    this.#isOpen = false;
    return Promise.resolve();
  }

  /** A copy of all that is stored. */
  bytes(): Uint8Array {
    return concatenate(this.#pieces);
  }

  /** Checks what came from outside, once. */
  async #check(known: KnownEntry | undefined): Promise<void> {
    if (this.#uncheckedBy === undefined) return;
    const { damage, ...end } = await (known === undefined ? scanLog(this, this.#uncheckedBy) : scanFrom(this, known, this.#uncheckedBy));
    if (damage !== undefined) throw corruptLog(damage);
    if (known !== undefined && end.nextSeq <= known.busSeq) throw corruptLog({ ...known, reason: 'SEQUENCE_MISMATCH' });
    this.#uncheckedBy = undefined;
    this.#end = end;
  }
}

/** The hash of the last line stands at a fixed distance from its end. */
function lastHash(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(-67, -3));
}
