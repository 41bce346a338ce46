/**
 * The log of a kernel in this process.
 *
 * 1. The kernel is told nothing and asked for nothing but what it offers to everybody: it can't be harmed.
 * 2. What it does while it records an entry is to put it on a list. All else is done in turns of its own, a few entries at a time.
 * 3. Only what is durable goes on: what a page has seen is in the log after any crash.
 */
import type { LogReader, OmniKernel } from '@omnipaw/kernel';
import type { StoredEntry } from '../protocol/index.js';
import type { StoredLine } from '../log/entry.js';
import { LogWindow, turn } from '../log/log-window.js';
import type { ApprovalDecision, LogSource, SourceSink } from './source.js';

/** What a dashboard needs of a kernel. */
export type ObservedKernel = Pick<OmniKernel, 'entryCount' | 'durableSeq' | 'subscribe' | 'onDurable' | 'flush' | 'decide'>;

export interface KernelSourceOptions {
  readonly kernel: ObservedKernel;
  /** The store that the kernel writes to. */
  readonly log: LogReader;
  /** How its directory is named in the commands that a page shows. */
  readonly directory?: string;
}

/** So many entries in one go; the kernel has its turn before the next ones. */
const SLICE = 500;

export class KernelSource implements LogSource {
  readonly kind = 'kernel';
  readonly directory: string | null;
  readonly reader: LogReader;
  readonly #kernel: ObservedKernel;
  readonly #pending: StoredLine[] = [];
  /** How many of these have gone on. */
  #taken = 0;
  #wake: () => void = () => undefined;
  #isClosed = false;
  #hasEnded = false;

  constructor({ kernel, log, directory }: KernelSourceOptions) {
    this.#kernel = kernel;
    this.reader = log;
    this.directory = directory ?? null;
  }

  async follow(sink: SourceSink): Promise<void> {
    const startSize = this.#kernel.entryCount;
    const unsubscribe = this.#kernel.subscribe((entry, line) => { this.#pending.push({ entry: entry as unknown as StoredEntry, line: line.slice(0, -1) }); });
    const silence = this.#kernel.onDurable(() => { this.#wake(); });
    try {
      if (await this.#tellPast(startSize, sink)) await this.#tellNew(sink);
    } catch (thrown) {
      sink.status('broken');
      sink.problem({ code: codeOf(thrown), message: thrown instanceof Error ? thrown.message : String(thrown) });
    } finally {
      unsubscribe();
      silence();
    }
  }

  readonly decide = ({ approval, approved, reason }: ApprovalDecision): void => {
    this.#kernel.decide(approval, { approved, reason }, 'dashboard');
  };

  /** The kernel was stopped: nothing comes after what it has recorded. Nobody but who stops it knows. */
  ended(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    return Promise.resolve();
  }

  /** What was there before anybody listened; answers whether all of it was told. */
  async #tellPast(size: number, sink: SourceSink): Promise<boolean> {
    while (this.#kernel.durableSeq < size - 1) {
      if (this.#isClosed) return false;
      await this.#change();
    }
    const window = new LogWindow(this.reader);
    window.lastSeq = size - 1;
    let told = 0;
    for await (const stored of window.read(0, size - 1)) {
      if (this.#isClosed) return false;
      sink.entries(stored);
      told += stored.length;
    }
    if (told < size) throw new Error(`The log was to have ${size} entries, and ${told} could be read. Is it the store that the kernel writes to?`);
    sink.status('live');
    return true;
  }

  async #tellNew(sink: SourceSink): Promise<void> {
    let isWoken = false;
    while (!this.#isClosed) {
      const durable = this.#takeDurable();
      if (durable.length > 0) sink.entries(durable);
      else if (this.#hasEnded) sink.status('ended');
      // The log tells also that it has failed.
      else if (isWoken) this.#kernel.flush().catch((failure: unknown) => { this.#failed(failure, sink); });
      isWoken = durable.length < SLICE;
      await (isWoken ? this.#change() : turn());
    }
  }

  #failed(failure: unknown, sink: SourceSink): void {
    if (this.#hasEnded) return;
    sink.problem({ code: codeOf(failure), message: failure instanceof Error ? failure.message : String(failure) });
    this.ended();
  }

  #takeDurable(): readonly StoredLine[] {
    const { durableSeq } = this.#kernel;
    let end = this.#taken;
    while (end < this.#pending.length && end - this.#taken < SLICE && this.#pending[end]!.entry.busSeq <= durableSeq) end++;
    const durable = this.#pending.slice(this.#taken, end);
    this.#taken = end;
    // Taken off many at a time, so that it costs nothing for each.
    if (this.#taken > 2 * SLICE || this.#taken === this.#pending.length) {
      this.#pending.splice(0, this.#taken);
      this.#taken = 0;
    }
    return durable;
  }

  /** Resolves when something may be durable that was not. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

export function codeOf(thrown: unknown): string {
  const { code } = thrown as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'DASHBOARD_FAILED';
}
