/** `omnipaw tail`: the entries of a log, those to come included. */
import { FileLogReader, readEntries, type RawEntry } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import type { Session } from '../session.js';
import { onStopSignal } from '../signals.js';
import type { Output } from '../terminal/output.js';
import { EntryText } from './entry-text.js';
import { FollowingLogReader } from './following-log-reader.js';
import { startOfLast } from './last.js';
import { StoredLines } from './stored-lines.js';

export interface TailOptions {
  readonly log: string;
  readonly follow?: boolean;
  readonly last?: number;
  readonly agent?: string;
  readonly kind?: readonly string[];
  readonly json?: boolean;
}

export async function tail(options: TailOptions, { host, out }: Session): Promise<number> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  const stopListening = options.follow === true ? onStopSignal(host.signals, stop) : undefined;
  out.closed.addEventListener('abort', stop);
  try {
    await printEntries(options, out, stopping.signal);
    return EXIT.ok;
  } finally {
    stopListening?.();
    out.closed.removeEventListener('abort', stop);
  }
}

async function printEntries(options: TailOptions, out: Output, signal: AbortSignal): Promise<void> {
  const { log, last, follow, json } = options;
  const matches = filterFor(options);
  const fromSeq = last === undefined ? 0 : await startOfLast(new FileLogReader(log), last, matches);
  const lines = new StoredLines(follow === true ? new FollowingLogReader(log, signal) : new FileLogReader(log));
  const text = new EntryText(out.ink, out.width);
  for await (const entry of readEntries(lines, { fromSeq })) {
    if (signal.aborted) return;
    const line = lines.take(entry.busSeq);
    if (matches?.(entry) === false) continue;
    await out.write(json === true ? line : text.of(entry));
  }
}

/** Which entries are wanted; undefined if all are. */
function filterFor({ agent, kind = [] }: TailOptions): ((entry: RawEntry) => boolean) | undefined {
  if (agent === undefined && kind.length === 0) return undefined;
  const kinds = new Set(kind.map((name) => name.toUpperCase()));
  return (entry) => (agent === undefined || entry.agent === agent) && (kinds.size === 0 || kinds.has(entry.kind));
}
