/** How long things are as JSON in UTF-8. */
import type { Entry, Proposal } from '@omnipaw/kernel';

export function valueBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** An entry as it stands in the log, with the end of its line. */
export function lineBytes({ busSeq, time, agent, kind, data, prev, hash }: Entry): number {
  return valueBytes({ busSeq, time, agent, kind, data, prev, hash }) + 1;
}

/** `"busSeq":` and `"time":` with the longest numbers that there are, `"prev":` and `"hash":` with theirs, and the end of the line. */
const STAMP_BYTES = 26 + 24 + 74 + 74 + 1;

/** The most that a proposal can take in the log. */
export function proposalBytes({ agent, kind, data }: Proposal): number {
  return valueBytes({ agent, kind, data }) + STAMP_BYTES;
}
