/** `omnipaw verify`: what a log proves, and where it is contradicted. */
import fs from 'node:fs';
import path from 'node:path';
import { FileLogReader, isContradicted, verify as verifyLog, type LogChunk, type LogReader, type LogVerdict } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import type { Session } from '../session.js';
import { LiveLine } from '../terminal/live-line.js';
import { verdictLines, whatContradicts } from './verdict-text.js';

export interface VerifyOptions {
  readonly log: string;
  readonly pin?: string;
  readonly requirePin?: boolean;
  readonly json?: boolean;
}

export async function verify(options: VerifyOptions, session: Session): Promise<number> {
  assertLogDirectory(options.log);
  const verdict = await watched(options, session);
  if (options.json === true) await session.out.json(verdict);
  else for (const line of verdictLines(verdict, session.out.ink)) await session.out.line(line);
  if (!isContradicted(verdict, { requirePin: options.requirePin === true })) return EXIT.ok;
  const { ink } = session.people;
  for (const line of whatContradicts(verdict, options)) await session.people.line(`${ink('red', 'error:')} ${line}`);
  return EXIT.failed;
}

/** Verifies, and says meanwhile how far it is. */
async function watched({ log, pin }: VerifyOptions, { host }: Session): Promise<LogVerdict> {
  const reader = new CountingReader(new FileLogReader(log));
  const totalBytes = byteCountOf(log);
  const live = new LiveLine(host.stderr, () => `Verifying: ${percent(reader.byteCount, totalBytes)} of ${megabytes(totalBytes)}`);
  try {
    return await verifyLog(reader, pin === undefined ? {} : { pin });
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
