/** `omnipaw verify`: what a log proves, and where it is contradicted. */
import fs from 'node:fs';
import path from 'node:path';
import { FileLogReader, isContradicted, verify as verifyLog, type LinkVerdict, type LogChunk, type LogReader, type LogVerdict } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import type { Session } from '../session.js';
import { LiveLine } from '../terminal/live-line.js';
import { linkContradiction, linkLine, linkOf, linkRecord } from './link.js';
import { verdictLines, whatContradicts } from './verdict-text.js';

export interface VerifyOptions {
  readonly log: string;
  readonly pin?: string;
  readonly requirePin?: boolean;
  /** The log that this one was forked from. */
  readonly parent?: string;
  readonly json?: boolean;
}

export async function verify(options: VerifyOptions, session: Session): Promise<number> {
  assertLogDirectory(options.log);
  const verdict = await watched(options, session);
  const link = await linkOf(options.log, options.parent);
  if (options.json === true) await session.out.json({ ...verdict, ...linkRecord(link) });
  else for (const line of linesOf(verdict, link, session)) await session.out.line(line);
  const linkBroken = link === undefined ? undefined : linkContradiction(link);
  const isBad = isContradicted(verdict, { requirePin: options.requirePin === true });
  if (!isBad && linkBroken === undefined) return EXIT.ok;
  const { ink } = session.people;
  const contradictions = [...(isBad ? whatContradicts(verdict, options) : []), ...(linkBroken === undefined ? [] : [linkBroken])];
  for (const line of contradictions) await session.people.line(`${ink('red', 'error:')} ${line}`);
  return EXIT.failed;
}

function linesOf(verdict: LogVerdict, link: LinkVerdict | undefined, { out: { ink } }: Session): string[] {
  return [...verdictLines(verdict, ink), ...(link === undefined ? [] : [linkLine(link, ink)])];
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
