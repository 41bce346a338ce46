import { describeThrown, OmniError } from '../errors/index.js';
import type { Ports } from '../ports/index.js';
import { encodeLine } from './codec.js';
import { GENESIS_HASH, type Entry, type EntryKind, type ProposalOf } from './entry.js';
import { MAX_LINE_BYTES } from './line-splitter.js';
import type { KnownEntry, LogBatch, LogEnd, LogStore } from './store.js';

/**
 * `strict`: nothing leaves the kernel before the log is durable up to it. `relaxed`: it leaves at once, and a power cut
 * can take what the outside has already seen.
 */
export type Durability = 'strict' | 'relaxed';

export interface LoggerOptions {
  readonly store: LogStore;
  readonly ports: Ports;
  readonly durability: Durability;
  /** Told once, when the store failed; nothing is acknowledged from then on. */
  readonly onFailure: (error: OmniError) => void;
  /** Told of a listener that threw. */
  readonly report: (thrown: unknown, where: string) => void;
}

/** An entry with the bytes that were hashed and stored. */
export interface Appended<Kind extends EntryKind> {
  readonly entry: Extract<Entry, { kind: Kind }>;
  /** The line, newline included. */
  readonly line: string;
}

/** What the kernel needs of whoever writes its log, or stands in for the writer. */
export interface LogWriter {
  /** `busSeq` of the entry that comes next. */
  readonly nextSeq: number;
  readonly durableSeq: number;
  /** Why nothing can be appended any more. */
  readonly failure: OmniError | undefined;
  readonly isBacklogged: boolean;
  append<Kind extends EntryKind>(proposal: ProposalOf<Kind>): Appended<Kind>;
  afterDurable(seq: number, callback: () => void): void;
  flushEarly(isQuiet: boolean): void;
}

/** Lines of consecutive entries. */
interface WaitingLines {
  readonly firstSeq: number;
  lastSeq: number;
  text: string;
}

interface Waiter {
  readonly seq: number;
  readonly callback: () => void;
}

/** As soon as this much waits and no sync runs, one starts, and the disk works while further ticks run. */
const EARLY_FLUSH_CHARS = 32 * 1024;

/** A batch that has reached this length is full: strings, buffers and stores have their limits. */
const BATCH_CHARS = 16 * 1024 * 1024;

/** More than this waiting for the disk, and ticks pause: a tick may run ahead of the disk, not out of its sight. */
const BACKLOG_CHARS = 8 * 1024 * 1024;

/**
 * Owns the chain and the way to the disk.
 *
 * 1. Entries get consecutive numbers and are linked to their predecessor (INV-16).
 * 2. One sync at a time, for everything that waits when it starts (group commit); batches keep the order.
 * 3. A waiter is called only when all up to its entry is durable, and waiters are called in order.
 * 4. After a failed write or sync nothing is acknowledged any more.
 */
export class ExecutionLogger implements LogWriter {
  readonly #options: LoggerOptions;
  #nextSeq = 0;
  #head = GENESIS_HASH;
  #durableSeq = -1;
  /** What waits for the disk, oldest first; each becomes one batch. */
  readonly #waiting: WaitingLines[] = [];
  #waitingChars = 0;
  #isFlushScheduled = false;
  #isFlushing = false;
  /** Whether waiters are being called, each of which may have something to add. */
  #isCalling = false;
  #failure: OmniError | undefined;
  #waiters: Waiter[] = [];
  readonly #durableListeners = new Set<(durableSeq: number) => void>();

  constructor(options: LoggerOptions) {
    this.#options = options;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Hash of the last entry. */
  get head(): string {
    return this.#head;
  }

  /** Everything up to this `busSeq` would survive a power cut; -1 while nothing would. */
  get durableSeq(): number {
    return this.#durableSeq;
  }

  get failure(): OmniError | undefined {
    return this.#failure;
  }

  /** Whether the disk is so far behind that ticks should pause. */
  get isBacklogged(): boolean {
    return this.#waitingChars > BACKLOG_CHARS;
  }

  /**
   * To be called between ticks: starts a sync if it is worth one, so that batches hold whole ticks. It is if much waits,
   * or if nobody is about to add anything (`isQuiet`).
   */
  flushEarly(isQuiet: boolean): void {
    const isWorthIt = this.#waitingChars >= EARLY_FLUSH_CHARS || (isQuiet && !this.#isCalling);
    if (isWorthIt && !this.#isFlushing) this.#flushWaiting();
  }

  async open(known?: KnownEntry): Promise<LogEnd> {
    const end = await this.#options.store.open(known);
    this.#nextSeq = end.nextSeq;
    this.#head = end.head;
    this.#durableSeq = end.nextSeq - 1;
    return end;
  }

  append<Kind extends EntryKind>(proposal: ProposalOf<Kind>): Appended<Kind> {
    if (this.#failure !== undefined) throw this.#failure;
    const { ports } = this.#options;
    const stamp = { busSeq: this.#nextSeq, time: ports.clock.now(), prev: this.#head };
    // The union of proposals is the catalogue itself; a single kind of it always fits.
    const { line, hash } = encodeLine(proposal as never, stamp, ports.codec.sha256);
    // Readers take a longer line for damage, and so it must not get that far; a unit takes three bytes at most.
    if (line.length > MAX_LINE_BYTES / 3) throw lineTooLong(proposal.kind, line.length);
    this.#nextSeq++;
    this.#head = hash;
    this.#enqueue(stamp.busSeq, line);
    this.#scheduleFlush();
    const { kind, agent, data } = proposal;
    const entry = Object.freeze({ busSeq: stamp.busSeq, time: stamp.time, agent, kind, data, prev: stamp.prev, hash });
    return { entry: entry as never, line };
  }

  /** Calls back once all up to `seq` is durable; at the next turn when durability is relaxed. */
  afterDurable(seq: number, callback: () => void): void {
    if (this.#options.durability === 'relaxed') {
      this.#options.ports.timers.defer(callback);
      return;
    }
    this.#waiters.push({ seq, callback });
    if (seq <= this.#durableSeq) this.#options.ports.timers.defer(() => { this.#callWaiters(); });
  }

  /** Tells after every sync how far the log is durable; the answer unsubscribes. */
  onDurable(listener: (durableSeq: number) => void): () => void {
    this.#durableListeners.add(listener);
    return () => this.#durableListeners.delete(listener);
  }

  /** Waits until everything appended so far is durable; rejects when the store fails first. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): boolean => {
        if (this.#failure !== undefined) reject(this.#failure);
        else if (this.#durableSeq >= last) resolve();
        else return false;
        return true;
      };
      const last = this.#nextSeq - 1;
      if (settle()) return;
      const stop = this.onDurable(() => {
        if (settle()) stop();
      });
    });
  }

  /** Makes what was appended durable and gives the store back. */
  async close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.flush();
    } finally {
      await this.#options.store.close();
    }
  }

  #enqueue(busSeq: number, line: string): void {
    this.#waitingChars += line.length;
    const last = this.#waiting.at(-1);
    if (last === undefined || last.text.length >= BATCH_CHARS) {
      this.#waiting.push({ firstSeq: busSeq, lastSeq: busSeq, text: line });
      return;
    }
    last.text += line;
    last.lastSeq = busSeq;
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled || this.#isFlushing) return;
    this.#isFlushScheduled = true;
    // Deferred, not immediate: whatever else can go on now adds its entries to the same sync.
    this.#options.ports.timers.defer(() => {
      this.#isFlushScheduled = false;
      this.#flushWaiting();
    });
  }

  #flushWaiting(): void {
    if (this.#isFlushing || this.#failure !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    const { firstSeq, lastSeq, text } = next;
    this.#waitingChars -= text.length;
    this.#isFlushing = true;
    this.#append({ firstSeq, lastSeq, bytes: this.#options.ports.codec.utf8(text) }).then(
      () => { this.#flushed(lastSeq); },
      (cause: unknown) => { this.#fail(cause); },
    );
  }

  /** A promise whatever the store does: one may throw instead of rejecting. */
  async #append(batch: LogBatch): Promise<void> {
    await this.#options.store.append(batch);
  }

  #flushed(lastSeq: number): void {
    this.#isFlushing = false;
    this.#durableSeq = lastSeq;
    this.flushEarly(false);
    if (this.#waiting.length > 0) this.#scheduleFlush();
    this.#callWaiters();
    this.#tellListeners();
  }

  #tellListeners(): void {
    for (const listener of [...this.#durableListeners]) this.#tell(() => { listener(this.#durableSeq); });
  }

  /** One that throws must not keep the others waiting. */
  #tell(callback: () => void): void {
    try {
      callback();
    } catch (thrown) {
      this.#options.report(thrown, 'a callback of the log');
    }
  }

  #callWaiters(): void {
    const waiters = this.#waiters;
    let count = 0;
    while (count < waiters.length && (waiters[count]!).seq <= this.#durableSeq) count++;
    if (count === 0) return;
    this.#waiters = waiters.slice(count);
    this.#isCalling = true;
    for (let index = 0; index < count; index++) this.#tell(waiters[index]!.callback);
    this.#isCalling = false;
  }

  #fail(cause: unknown): void {
    this.#isFlushing = false;
    const reason = describeThrown(cause).replace(/[.!?]?$/, '.');
    this.#failure = new OmniError(
      'KERNEL_HALTED',
      `The log could not be written, so nothing is acknowledged any more: ${reason} Mend the store and open the log again.`,
      { cause },
    );
    this.#waiters = [];
    this.#options.onFailure(this.#failure);
    this.#tellListeners();
  }
}

function lineTooLong(kind: string, length: number): OmniError {
  return new OmniError(
    'VALUE_TOO_LARGE',
    `A ${kind} of ${length} characters is too long for one entry of the log. Keep less in scratch, or smaller values.`,
    { details: { kind, length } },
  );
}
