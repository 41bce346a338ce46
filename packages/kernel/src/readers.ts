/** The core's readers of logs on Node, with Node's own SHA-256 unless told otherwise. */
import { replay as replayWith, type ReplayOptions, type ReplayReport } from './history/index.js';
import { inspect as inspectWith, type Inspection, type InspectOptions } from './kernel/index.js';
import {
  readEntries as readEntriesWith,
  verify as verifyWith,
  type LogReader,
  type LogVerdict,
  type RawEntry,
  type ReadOptions,
  type VerifyOptions,
} from './logging/index.js';
import { nodePorts } from './node/index.js';
import type { Codec } from './ports/index.js';

const { codec } = nodePorts;

/** Checks every byte of a log; needs no lock, and works on a log that is being written. */
export function verify(reader: LogReader, options: Partial<VerifyOptions> = {}): Promise<LogVerdict> {
  return verifyWith(reader, { codec, ...options });
}

/** Folds a log, or a part of it, without running anything; rejects with `LOG_CORRUPT` where the chain is broken. */
export function inspect(reader: LogReader, options: Partial<InspectOptions> = {}): Promise<Inspection> {
  return inspectWith(reader, { codec, ...options });
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
