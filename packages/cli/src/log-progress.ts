/** Reads a log, and says meanwhile how far it is. */
import fs from 'node:fs';
import path from 'node:path';
import { FileLogReader, type LogChunk, type LogReader } from '@omnipaw/kernel';
import type { Session } from './session.js';
import { LiveLine } from './terminal/live-line.js';

/** Something that is done with a log, and what it is called while it goes on: `Verifying`. */
export interface LogWork<Result> {
  readonly log: string;
  readonly title: string;
  readonly perform: (reader: LogReader) => Promise<Result>;
}

export async function withProgress<Result>({ log, title, perform }: LogWork<Result>, { host }: Session): Promise<Result> {
  const reader = new CountingReader(new FileLogReader(log));
  const totalBytes = byteCountOf(log);
  const live = new LiveLine(host.stderr, () => `${title}: ${percent(reader.byteCount, totalBytes)} of ${megabytes(totalBytes)}`);
  try {
    return await perform(reader);
  } finally {
    live.stop();
  }
}

/** Counts the bytes that pass. */
class CountingReader implements LogReader {
  readonly #reader: LogReader;
  byteCount = 0;

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  async *read(fromSeq?: number): AsyncGenerator<LogChunk, void, undefined> {
    for await (const chunk of this.#reader.read(fromSeq)) {
      this.byteCount += chunk.bytes.length;
      yield chunk;
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
