import type { JsonObject } from '../json/index.js';
import type { ForkParent } from './parent.js';

/** What runs in a log, by name; a replay compares. */
export interface Digests {
  readonly programs: Readonly<Record<string, { readonly version: string; readonly digest: string }>>;
  /** `schema` is over the JSON Schemas of arguments and result, where the validators can give them; `origin` is as the tool has it. */
  readonly tools: Readonly<Record<string, { readonly version: string; readonly digest: string; readonly schema?: string; readonly origin?: string }>>;
  readonly extensions: Readonly<Record<string, string>>;
}

/** What this module writes into the log. */
export interface HeaderEntries {
  /** The header: always the first entry, and only that. */
  LOG_OPENED: {
    readonly format: number;
    readonly kernelVersion: string;
    /** Names this log and no other; part of every idempotency key. */
    readonly logId: string;
    readonly mode: 'LIVE';
    readonly config: JsonObject;
    readonly configDigest: string;
    /** The log that this one was forked from. */
    readonly parent?: ForkParent;
  } & Digests;
  /** A kernel took up a log that was there. */
  KERNEL_STARTED: { readonly kernelVersion: string; readonly config: JsonObject; readonly configDigest: string } & Digests;
  /** An incomplete last line, left by a crash, was cut off when the log was opened. */
  LOG_TAIL_CUT: { readonly segment: string; readonly byteOffset: number; readonly byteCount: number };
}

declare module '../logging/entry.js' {
  interface EntryCatalogue extends HeaderEntries {}
}
