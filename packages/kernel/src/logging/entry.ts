/**
 * What the log is made of.
 *
 * One entry is one line of JSON, and its keys stand in this order, always:
 *
 *   {"busSeq":7,"time":1790000000000,"agent":"reader-1","kind":"TOOL_CALLED","data":{…},"prev":"<64 hex>","hash":"<64 hex>"}\n
 *
 * `hash` is the SHA-256 of the line's bytes before `,"hash":`, and `prev` is the hash of the entry before (64 zeros for
 * the first). Both stand at fixed distances from the line's end, so a verifier slices bytes and parses nothing.
 */
import type { JsonObject } from '../json/index.js';

/** Raised when a reader of the older format could misread the newer one. */
export const LOG_FORMAT_VERSION = 2;

/** The oldest format that is still read and replayed; `docs/content/log-format.md` says what has changed since. */
export const OLDEST_LOG_FORMAT = 1;

/** The `prev` of the first entry. */
export const GENESIS_HASH = '0'.repeat(64);

/**
 * Every kind of entry with its data. Each module adds its own words by augmenting this interface in its `entries.ts`, and
 * so do extension packages.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled by declaration merging
export interface EntryCatalogue {}

export type EntryKind = keyof EntryCatalogue;

/** An entry that somebody wants made: everything that the log itself does not add. */
export type Proposal = { [Kind in EntryKind]: ProposalOf<Kind> }[EntryKind];

export interface ProposalOf<Kind extends EntryKind> {
  readonly kind: Kind;
  /** The agent that it is about; null for the kernel itself. */
  readonly agent: string | null;
  readonly data: EntryCatalogue[Kind];
}

/** What the log adds. */
interface Stamp {
  /** Position in the log, from 0, without gaps (INV-16). */
  readonly busSeq: number;
  /** Wall-clock milliseconds, for people; no logic reads it but through `ctx.now()`, which replays it. */
  readonly time: number;
  readonly prev: string;
  readonly hash: string;
}

/** An entry as projections and subscribers see it, discriminated by `kind`. */
export type Entry = { [Kind in EntryKind]: ProposalOf<Kind> & Stamp }[EntryKind];

/** An entry as read back, before anything is known of its kind. */
export interface RawEntry extends Stamp {
  readonly agent: string | null;
  readonly kind: string;
  readonly data: JsonObject;
}
