import { MemoryLogStore, type LogBatch, type LogChunk, type LogEnd, type LogStore } from '@omnipaw/kernel';

/**
 * A log store whose disk a test owns: it can hold appends back, and break.
 *
 * `durableSeq` says what has reached the disk; a batch that is held back has not.
 */
export class ControlledStore implements LogStore {
  readonly inner: LogStore;
  /** `busSeq` of the last entry that is durable; -1 while there is none. */
  durableSeq = -1;
  /** How many batches were given so far, held ones included. */
  batchCount = 0;
  isClosed = false;
  #isHeld = false;
  #failure: Error | undefined;
  readonly #waiting: (() => void)[] = [];

  constructor(inner: LogStore = new MemoryLogStore()) {
    this.inner = inner;
  }

  /** How many appends wait for {@link release}. */
  get heldCount(): number {
    return this.#waiting.length;
  }

  async open(): Promise<LogEnd> {
    const end = await this.inner.open();
    this.durableSeq = end.nextSeq - 1;
    return end;
  }

  /** From now on nothing becomes durable. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Lets what was held back reach the disk, and everything after it. */
  release(): void {
    this.#isHeld = false;
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  /** Lets the oldest batch that was held back reach the disk; what comes next is held again. */
  releaseOne(): void {
    this.#waiting.shift()?.();
  }

  /** From now on every append fails, held ones included. */
  break(failure: Error = new Error('the disk is gone')): void {
    this.#failure = failure;
    this.release();
  }

  async append(batch: LogBatch): Promise<void> {
    this.batchCount++;
    if (this.#isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure !== undefined) throw this.#failure;
    await this.inner.append(batch);
    this.durableSeq = batch.lastSeq;
  }

  read(from?: Parameters<LogStore['read']>[0]): AsyncIterable<LogChunk> {
    return this.inner.read(from);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.inner.close();
  }
}
