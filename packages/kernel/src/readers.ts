/** The core's readers of logs on Node, with Node's own SHA-256 unless told otherwise. */
import {
  fork as forkWith,
  replay as replayWith,
  verifyLink as verifyLinkWith,
  whatIf as whatIfWith,
  type Forked,
  type ForkOptions,
  type LinkOptions,
  type LinkVerdict,
  type ReplayOptions,
  type ReplayReport,
  type WhatIfOptions,
  type WhatIfReport,
} from './history/index.js';
import { inspect as inspectWith, type Inspection, type InspectOptions } from './kernel/index.js';
import {
  readEntries as readEntriesWith,
  verify as verifyWith,
  type LogReader,
  type LogVerdict,
  type RawEntry,
  type ReadOptions,
  type ScannedLine,
  type VerifyOptions,
} from './logging/index.js';
import { nodePorts } from './node/index.js';
import type { Codec } from './ports/index.js';

const { codec } = nodePorts;

/** Options of which some need not be given. */
type WithDefaults<Options, Defaulted extends keyof Options> = Omit<Options, Defaulted> & Partial<Pick<Options, Defaulted>>;

/** Checks every byte of a log, and shows `visit` each good entry; needs no lock, and works on a log that is being written. */
export function verify(reader: LogReader, options: Partial<VerifyOptions> = {}, visit?: (entry: ScannedLine) => void): Promise<LogVerdict> {
  return verifyWith(reader, { codec, ...options }, visit);
}

/** Folds a log, or a part of it, without running anything; rejects with `LOG_CORRUPT` where the chain is broken. */
export function inspect(reader: LogReader, options: Partial<InspectOptions> = {}): Promise<Inspection> {
  return inspectWith(reader, { codec, ...options });
}

/** Writes a fork of a log into an empty store: what happened up to an entry, to go on from there in another way. */
export function fork(parent: LogReader, options: WithDefaults<ForkOptions, 'ports'>): Promise<Forked> {
  return forkWith(parent, { ports: nodePorts, ...options });
}

/** Follows a fork's link to its parent; undefined for a log that is no fork. */
export function verifyLink(forked: LogReader, options: Partial<LinkOptions> = {}): Promise<LinkVerdict | undefined> {
  return verifyLinkWith(forked, { codec, ...options });
}

/** Each action of a log that would now be refused, escalated or warned about: under other policies, grants or guards. */
export function whatIf(reader: LogReader, options: WithDefaults<WhatIfOptions, 'codec'>): Promise<WhatIfReport> {
  return whatIfWith(reader, { codec, ...options });
}

/**
 * Runs every tick of every agent again, without touching a tool, and compares what comes of it with the log.
 *
 * Rejects with `AGENT_TYPE_NOT_REGISTERED` and `TOOL_NOT_REGISTERED` for what the log uses and nobody passed.
 */
export function replay(reader: LogReader, options: Omit<ReplayOptions, 'codec'> & { readonly codec?: Codec }): Promise<ReplayReport> {
  return replayWith(reader, { codec, ...options });
}

/** The entries of a log in order, up to an incomplete last line; rejects with `LOG_CORRUPT` at the first damage. */
export function readEntries(reader: LogReader, options: ReadOptions = {}): AsyncGenerator<RawEntry, void, undefined> {
  return readEntriesWith(reader, codec, options);
}
