import { OmniError } from '../errors/index.js';
import type { HeaderEntries } from '../header/index.js';
import { readEntries, type Entry, type LogReader } from '../logging/index.js';
import type { Codec } from '../ports/index.js';
import { foldEntry } from './fold.js';
import { snapshotOf, type Snapshot } from './snapshot.js';
import { createState, projectionsOf } from './state.js';

export interface InspectOptions {
  readonly codec: Codec;
  /** The last entry to take into account; the whole log unless given. */
  readonly at?: number;
}

/** The state at a point of a log, with where that point is. */
export interface Inspection extends Snapshot {
  /** `busSeq` of the last entry taken into account. */
  readonly busSeq: number;
  readonly head: string;
  /** Wall-clock milliseconds of that entry. */
  readonly time: number;
  /** The kernel that wrote it: its configuration, policies among it, and what ran in it. */
  readonly kernel: Pick<HeaderEntries['KERNEL_STARTED'], 'kernelVersion' | 'config' | 'programs' | 'tools' | 'extensions'>;
}

/** Folds a log, or a part of it, without running anything; rejects with `LOG_CORRUPT` where the chain is broken. */
export async function inspect(reader: LogReader, { codec, at = Infinity }: InspectOptions): Promise<Inspection> {
  const state = createState();
  const projections = projectionsOf(state);
  let last: Entry | undefined;
  let header: HeaderEntries['KERNEL_STARTED'] | undefined;
  for await (const raw of readEntries(reader, codec)) {
    if (raw.busSeq > at) break;
    last = foldEntry(raw, (entry) => {
      for (const projection of projections) projection.apply(entry);
    });
    if (last.kind === 'LOG_OPENED' || last.kind === 'KERNEL_STARTED') header = last.data;
  }
  if (last === undefined || header === undefined || (at !== Infinity && last.busSeq < at)) {
    const end = last === undefined ? 'is empty' : `ends at busSeq ${String(last.busSeq)}`;
    throw new OmniError('LOG_NOT_FOUND', `The log ${end}, so there is nothing at ${at === Infinity ? 'its end' : `busSeq ${String(at)}`}.`);
  }
  const { kernelVersion, config, programs, tools, extensions } = header;
  return { busSeq: last.busSeq, head: last.hash, time: last.time, kernel: { kernelVersion, config, programs, tools, extensions }, ...snapshotOf(state) };
}
