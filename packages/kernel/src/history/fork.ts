/**
 * Forks a log: what happened up to an entry, in a log of its own, which a kernel can go on with in another way.
 *
 * 1. The new log is whole by itself: it needs its parent for nothing but to show where it comes from.
 * 2. Its header names the parent, the entry and that entry's hash; entries 1 to there say what the parent's say, and are
 *    linked anew, since the header differs.
 * 3. Everything that can be refused is refused before the first byte is written.
 */
import { OmniError } from '../errors/index.js';
import type { ForkParent } from '../header/index.js';
import { toJson, type Json, type JsonObject } from '../json/index.js';
import { namelessLog, newLogId, readEntries, type LogReader, type LogStore, type RawEntry } from '../logging/index.js';
import type { Ports } from '../ports/index.js';
import { ChainWriter } from './chain-writer.js';
import { patched } from './patch.js';
import { Recorded } from './recorded.js';

export interface ForkOptions {
  readonly ports: Pick<Ports, 'clock' | 'codec' | 'random'>;
  /** `busSeq` of the last entry that both logs have in common. */
  readonly at: number;
  /** Replaces part of that entry's data, which must have come from outside. */
  readonly patch?: unknown;
  /** Where the new log goes: a store that holds nothing yet. It is opened, and closed again. */
  readonly into: LogStore;
  /** Told now and then how many entries were dealt with, of twice `at + 1`: each is read once, and then written. */
  readonly onProgress?: (entries: number) => void;
}

export interface Forked {
  readonly logId: string;
  readonly head: string;
  readonly entries: number;
  readonly parent: ForkParent;
}

const PROGRESS_ENTRIES = 1_000;

/**
 * Writes a fork of `parent` into an empty store. The parent is only read, needs no lock and may be damaged after `at`.
 *
 * Rejects with `LOG_NOT_FOUND` if there is no such entry, `LOG_NOT_EMPTY`, `FORK_PATCH_INVALID`, `SERIALIZATION_ERROR` and
 * `VALUE_TOO_LARGE` for a patch, and with what reader and store find (`LOG_CORRUPT`). If the store fails in the middle, or
 * the process ends, it holds fewer entries than its header says: {@link verifyLink} calls that INCOMPLETE.
 */
export async function fork(parent: LogReader, options: ForkOptions): Promise<Forked> {
  const { at, into } = options;
  if (!Number.isSafeInteger(at) || at < 0) throw new TypeError(`A log is forked at the number of an entry, a whole number from 0; found ${String(at)}.`);
  const point = await forkPoint(parent, options);
  const end = await into.open();
  try {
    if (end.nextSeq > 0 || end.tornTail !== undefined) throw notEmpty(end.nextSeq);
    return await write(parent, point, options);
  } finally {
    await into.close();
  }
}

/** All that is written anew: the header, and the last entry's data if it was patched. */
interface ForkPoint {
  readonly header: RawEntry;
  readonly parent: ForkParent;
  readonly lastData: JsonObject | undefined;
}

async function forkPoint(reader: LogReader, { ports, at, patch, onProgress }: ForkOptions): Promise<ForkPoint> {
  const recorded = new Recorded();
  let header: RawEntry | undefined;
  let busSeq = -1;
  for await (const raw of readEntries(reader, ports.codec)) {
    header ??= raw;
    ({ busSeq } = raw);
    if (busSeq % PROGRESS_ENTRIES === 0) onProgress?.(busSeq);
    if (busSeq < at) {
      recorded.apply(raw);
      continue;
    }
    const { state } = recorded;
    const { maxValueBytes } = state.settings.limits;
    // Folded after the patch, which may have to know what was before.
    const lastData = patch === undefined ? undefined : patched(raw as never, patch, { state, maxValueBytes });
    recorded.apply(raw);
    return { header, parent: parentOf(header, raw, patch), lastData };
  }
  throw new OmniError('LOG_NOT_FOUND', `The log ${header === undefined ? 'is empty' : `ends at busSeq ${String(busSeq)}`}, so it can't be forked at busSeq ${String(at)}.`);
}

function parentOf({ data }: RawEntry, { busSeq, hash }: RawEntry, patch: unknown): ForkParent {
  const { logId } = data;
  if (typeof logId !== 'string') throw namelessLog();
  return { logId, busSeq, hash, ...(patch === undefined ? {} : { patch: toJson(patch) }) };
}

async function write(reader: LogReader, { header, parent, lastData }: ForkPoint, options: ForkOptions): Promise<Forked> {
  const { ports, at, into, onProgress } = options;
  const { codec, clock, random } = ports;
  const writer = new ChainWriter(into, codec);
  const logId = newLogId(random);
  // All else stays: it tells which kernel, programs and tools wrote the entries that come, and in which format.
  await writer.add({ ...header, time: clock.now(), data: { ...header.data, logId, parent: parent as unknown as Json } });
  for await (const raw of readEntries(reader, codec)) {
    if (raw.busSeq > at) break;
    if (raw.busSeq % PROGRESS_ENTRIES === 0) onProgress?.(at + 1 + raw.busSeq);
    if (raw.busSeq > 0) await writer.add(raw.busSeq === at && lastData !== undefined ? { ...raw, data: lastData } : raw);
  }
  await writer.flush();
  return { logId, head: writer.head, entries: writer.entries, parent };
}

function notEmpty(entries: number): OmniError {
  return new OmniError('LOG_NOT_EMPTY', `A fork needs a log of its own, and there is one with ${String(entries)} entries already. Name another place.`, {
    details: { entries },
  });
}
