/** The core's readers of logs on Node, with Node's own SHA-256 unless told otherwise. */
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

const { codec } = nodePorts;

/** Checks every byte of a log; needs no lock, and works on a log that is being written. */
export function verify(reader: LogReader, options: Partial<VerifyOptions> = {}): Promise<LogVerdict> {
  return verifyWith(reader, { codec, ...options });
}

/** Folds a log, or a part of it, without running anything; rejects with `LOG_CORRUPT` where the chain is broken. */
export function inspect(reader: LogReader, options: Partial<InspectOptions> = {}): Promise<Inspection> {
  return inspectWith(reader, { codec, ...options });
}

/** The entries of a log in order, up to an incomplete last line; rejects with `LOG_CORRUPT` at the first damage. */
export function readEntries(reader: LogReader, options: ReadOptions = {}): AsyncGenerator<RawEntry, void, undefined> {
  return readEntriesWith(reader, codec, options);
}
