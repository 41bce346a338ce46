/** `omnipaw tail`: the entries of a log, those to come included. */
import { FileLogReader, readEntries } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import type { Session } from '../session.js';
import { onStopSignal } from '../signals.js';
import { count, oneLine, printable } from '../terminal/printable.js';
import { EntryText } from './entry-text.js';
import { EntryFilter } from './filter.js';
import { FollowingLogReader } from './following-log-reader.js';
import { startOfLast } from './last.js';
import { StoredLines } from './stored-lines.js';

export interface TailOptions {
  readonly log: string;
  readonly follow?: boolean;
  readonly last?: number;
  readonly agent?: string;
  readonly kind?: readonly string[];
  /** Only what somebody was denied. */
  readonly denied?: boolean;
  readonly json?: boolean;
}

export async function tail(options: TailOptions, session: Session): Promise<number> {
  const { host, out } = session;
  assertLogDirectory(options.log);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  const stopListening = options.follow === true ? onStopSignal(host.signals, stop) : undefined;
  out.closed.addEventListener('abort', stop);
  try {
    await printEntries(options, session, stopping.signal);
    return EXIT.ok;
  } finally {
    stopListening?.();
    out.closed.removeEventListener('abort', stop);
  }
}

/** Who waits for entries that never come should know what there is. */
async function sayWhatIsNotThere(options: TailOptions, people: Session['people']): Promise<void> {
  const filter = new EntryFilter(options);
  if (filter.takesAll) return;
  try {
    for await (const entry of readEntries(new FileLogReader(options.log))) if (filter.matches(entry)) return;
  } catch {
    // Following it says what is wrong with a log, or waits for it.
    return;
  }
  if (filter.disappointment !== undefined) await people.line(oneLine(`${filter.disappointment} Waiting for one.`));
}

async function printEntries(options: TailOptions, { out, people }: Session, signal: AbortSignal): Promise<void> {
  const { log, last, follow, json } = options;
  const filter = new EntryFilter(options);
  if (follow === true) await sayWhatIsNotThere(options, people);
  const matches = filter.takesAll ? undefined : filter.matches.bind(filter);
  const fromSeq = last === undefined ? 0 : await startOfLast(new FileLogReader(log), last, matches);
  const lines = new StoredLines(follow === true ? new FollowingLogReader(log, signal) : new FileLogReader(log));
  const text = new EntryText(out.ink, out.width);
  for await (const entry of readEntries(lines, { fromSeq })) {
    if (signal.aborted) return;
    const line = lines.take(entry.busSeq);
    if (!filter.matches(entry)) continue;
    if (json !== true) await out.line(text.of(entry));
    else await out.write(out.isTerminal ? printable(Buffer.from(line).toString()) : line);
  }
  if (follow === true || signal.aborted) return;
  if (filter.disappointment !== undefined) await people.line(oneLine(filter.disappointment));
  const tornBytes = lines.unfinishedBytes;
  if (tornBytes > 0) await people.line(`The log ends in ${count(tornBytes, 'byte')} of an unfinished entry, as a crash or a writer at work leaves it.`);
}
