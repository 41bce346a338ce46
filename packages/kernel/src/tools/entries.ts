import type { ErrorRecord } from '../errors/index.js';
import type { PermissionRecord } from '../identity/index.js';
import type { Json } from '../json/index.js';
import type { Transition } from '../lifecycle/index.js';
import type { Outcome } from '../pending/index.js';
import type { Usage } from './usage.js';

/** What this module writes into the log. */
export interface ToolEntries {
  /** The intent: the tool runs only once this is durable. */
  TOOL_CALLED: {
    readonly tick: number;
    readonly call: number;
    readonly tool: string;
    readonly args: Json;
    readonly permission: PermissionRecord;
    /** Where the tool comes from, if not from whoever runs the kernel. */
    readonly origin?: string;
    /** What allowed each secret that the arguments refer to. */
    readonly secrets?: Readonly<Record<string, PermissionRecord>>;
    /** The most that it will use. */
    readonly reserved?: Usage;
    readonly transition?: Transition;
  };
  /** The result, normalised and redacted: what the program sees, in LIVE as in REPLAY. */
  TOOL_RESULT: {
    readonly tick: number;
    readonly call: number;
    readonly tool: string;
    readonly result: Outcome;
    /** Who said so, for an outcome that was not known. */
    readonly by?: string;
    /** What the last attempt has used, if it said so; each amount is in one entry. */
    readonly usage?: Usage;
    readonly transition?: Transition;
  };
  /** An attempt failed with a TRANSIENT error; the next one starts after `deadline` (milliseconds since the epoch). */
  TOOL_RETRIED: {
    readonly tick: number;
    readonly call: number;
    readonly tool: string;
    readonly attempt: number;
    readonly error: ErrorRecord;
    readonly usage?: Usage;
    readonly deadline: number;
  };
  /** The backoff is over: the next attempt runs once this is durable. */
  TOOL_ATTEMPTED: { readonly tick: number; readonly call: number; readonly tool: string; readonly attempt: number };
  /** What a tool said while an attempt was under way: changes nothing, and no program sees it. */
  TOOL_PROGRESS: { readonly tick: number; readonly call: number; readonly tool: string; readonly attempt: number; readonly value: Json };
  /** A result for an agent that no longer waits for it: kept for the record, seen by no program. */
  STALE_RESULT: { readonly tick: number; readonly call: number; readonly tool: string; readonly outcome: Outcome; readonly usage?: Usage };
}

declare module '../logging/entry.js' {
  interface EntryCatalogue extends ToolEntries {}
}
