/**
 * What the server and a page say to one another; docs/content/dashboard-protocol.md tells it in words.
 *
 * A frame of the server has one or more messages, one a line. A frame of a client has one.
 */
import type { Json } from '@omnipaw/kernel';
import type { ProtocolErrorCode } from './codes.js';
import type { SavedState } from './state.js';

export const PROTOCOL_VERSION = 1;

/** What a client offers, and all that the server answers with. */
export const SUBPROTOCOL = 'omnipaw.v1';

/** With this before it, a token stands among the subprotocols that a client offers. */
export const TOKEN_PREFIX = 'auth.';

/** What stands before the stored line in the line of a `BUS_EVENT`; one brace stands behind it. */
export const BUS_EVENT_PREFIX = '{"type":"BUS_EVENT","payload":';

export type Scope = 'read' | 'write';

/** An entry as it is stored: by its text it is hashed, so nobody may parse it and write it anew before that. */
export interface StoredEntry {
  readonly busSeq: number;
  readonly time: number;
  readonly agent: string | null;
  readonly kind: string;
  readonly data: Readonly<Record<string, Json>>;
  readonly prev: string;
  readonly hash: string;
}

/** Where a log ends, as far as the server knows. */
export interface HeadPayload {
  /** -1 for a log that is empty. */
  readonly busSeq: number;
  readonly hash: string;
  /**
   * `live`: somebody writes it; `ended`: nobody does, and all of it is here; `broken`: what comes after `busSeq` does not
   * fit, and is not sent; `loading`: the server still reads what is there.
   */
  readonly log: 'loading' | 'live' | 'ended' | 'broken';
  /** The clock of the server, milliseconds since the epoch. */
  readonly now: number;
}

/** Something that is wrong, and that people should know. */
export interface ProblemPayload {
  readonly code: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly details?: Json;
}

export interface HelloPayload {
  readonly protocol: typeof PROTOCOL_VERSION;
  /** The version of the package. */
  readonly server: string;
  readonly scope: Scope;
  /** Whether approvals can be decided here: the scope is `write`, and the log is that of a kernel in the same process. */
  readonly canDecide: boolean;
  /** Null for a log that is empty. */
  readonly logId: string | null;
  readonly source: {
    readonly kind: 'kernel' | 'directory';
    /** The directory as it was named, for the commands that a page shows; null for a log that has none. */
    readonly directory: string | null;
  };
  /** The life of an agent, as the kernel obeys it: from which state which trigger leads where. */
  readonly lifecycle: {
    readonly states: readonly string[];
    readonly transitions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  readonly limits: {
    readonly maxMessageBytes: number;
    readonly maxPageEntries: number;
    readonly maxOpenRequests: number;
    /** Without any message for so long, what is shown is stale. */
    readonly staleAfterMs: number;
  };
  readonly head: HeadPayload;
  /** The newest problems, the oldest of them first. */
  readonly problems: readonly ProblemPayload[];
}

/** All state after an entry. What follows are the entries after it. */
export interface SnapshotPayload {
  /** Why it is not a resumption: nothing was asked for, it was of another log, or of entries that this log does not have. */
  readonly reason: 'fresh' | 'other-log' | 'contradicted';
  readonly state: SavedState;
}

/** The entries after this one follow. */
export interface ResumedPayload {
  readonly after: number;
}

/** The client takes less than there is: it is given the rest as fast as it takes it, none of it is left out. */
export interface BehindPayload {
  /** The last entry that it was sent. */
  readonly busSeq: number;
  readonly head: number;
}

export interface CaughtUpPayload {
  readonly busSeq: number;
}

export interface ErrorPayload {
  readonly code: ProtocolErrorCode;
  readonly message: string;
}

export type ServerMessage =
  | { readonly type: 'HELLO'; readonly payload: HelloPayload }
  | { readonly type: 'SNAPSHOT'; readonly payload: SnapshotPayload }
  | { readonly type: 'RESUMED'; readonly payload: ResumedPayload }
  | { readonly type: 'BUS_EVENT'; readonly payload: StoredEntry }
  | { readonly type: 'HEAD'; readonly payload: HeadPayload }
  | { readonly type: 'PROBLEM'; readonly payload: ProblemPayload }
  | { readonly type: 'BEHIND'; readonly payload: BehindPayload }
  | { readonly type: 'CAUGHT_UP'; readonly payload: CaughtUpPayload }
  | { readonly type: 'REPLY'; readonly id: number; readonly payload: Json }
  | { readonly type: 'ERROR'; readonly id: number; readonly payload: ErrorPayload };
