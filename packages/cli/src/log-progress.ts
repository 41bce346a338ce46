/** Reads a whole log, and says meanwhile how far it is. */
import fs from 'node:fs';
import path from 'node:path';
import type { LogChunk, LogReader } from '@omnipaw/kernel';
import type { StopSignal } from './host.js';
import type { Session } from './session.js';
import { onStopSignal } from './signals.js';
import { LiveLine } from './terminal/live-line.js';

/** Thrown out of a reading that a signal stopped. */
export class Interrupted extends Error {
  readonly signal: StopSignal;

  constructor(signal: StopSignal) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

export interface Reading {
  /** The log's directory. */
  readonly log: string;
  readonly reader: LogReader;
  /** What is being done, at the beginning of a line. */
  readonly doing: string;
}

/** Does something with a log that reads all of it; rejects with {@link Interrupted} at a signal to stop. */
export async function withProgress<Result>({ log, reader, doing }: Reading, { host }: Session, use: (reader: LogReader) => Promise<Result>): Promise<Result> {
  const watched = new WatchedReader(reader);
  const totalBytes = byteCountOf(log);
  const live = new LiveLine(host.stderr, () => `${doing}: ${percent(watched.byteCount, totalBytes)} of ${megabytes(totalBytes)}`);
  const stopListening = onStopSignal(host.signals, (signal) => { watched.stop(signal); });
  try {
    return await use(watched);
  } finally {
    live.stop();
    stopListening();
  }
}

/** Counts the bytes that pass, and lets none pass any more once it was stopped. */
class WatchedReader implements LogReader {
  readonly #reader: LogReader;
  byteCount = 0;
  #stoppedBy: StopSignal | undefined;

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  stop(signal: StopSignal): void {
    this.#stoppedBy = signal;
  }

  async *read(...from: Parameters<LogReader['read']>): AsyncGenerator<LogChunk, void, undefined> {
    for await (const chunk of this.#reader.read(...from)) {
      if (this.#stoppedBy !== undefined) throw new Interrupted(this.#stoppedBy);
      this.byteCount += chunk.bytes.length;
      yield chunk;
      // A signal is heard between two turns of the event loop.
      await new Promise<void>((resolve) => { setImmediate(resolve); });
    }
  }
}

function byteCountOf(log: string): number {
  if (!fs.existsSync(log)) return 0;
  const names = fs.readdirSync(log).filter((name) => name.endsWith('.jsonl'));
  return names.reduce((sum, name) => sum + (fs.statSync(path.join(log, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** A log that is being written grows beyond what it had at the start. */
function percent(part: number, whole: number): string {
  return `${Math.min(100, Math.floor((part / Math.max(whole, 1)) * 100))} %`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
