/** What a client asks, and what it is answered. */
import type { SavedState } from './state.js';

/** The first that a client says, within ten seconds: what it has already, if it has something. */
export interface StartPayload {
  readonly logId?: string;
  /** The last entry that it has, and its hash. */
  readonly after?: number;
  readonly hash?: string;
}

/** Which entries; without a field, any. */
export interface EntryFilter {
  readonly agent?: string;
  /** One of these kinds. */
  readonly kinds?: readonly string[];
  /** In the stored line, in capitals or not. */
  readonly text?: string;
  /** Only what went wrong: `isFailure` of the fold says what that is. */
  readonly failed?: boolean;
  /** Writes of this key of memory: that of `agent`, or shared in `namespace`. */
  readonly key?: string;
  readonly namespace?: string;
}

export interface HistoryPayload {
  /** The entries before this one, the newest first to be looked at; or those after it. One of both. */
  readonly before?: number;
  readonly after?: number;
  /** 200 unless given; `maxPageEntries` at the most. */
  readonly limit?: number;
  readonly filter?: EntryFilter;
}

/** A page of history, in the order of the log. */
export interface HistoryReply {
  /** The stored lines, without their newlines. */
  readonly lines: readonly string[];
  /** From where to ask on, as `before` or `after`; null where there is nothing more. A page may be short, even empty, and go on. */
  readonly next: number | null;
}

export interface StatePayload {
  readonly at: number;
}

export interface StateReply {
  readonly state: SavedState;
}

export interface EntryPayload {
  readonly busSeq: number;
}

/** An entry that another one led to, or was led to by. */
export interface LinkedEntry {
  readonly busSeq: number;
  readonly time: number;
  readonly agent: string | null;
  readonly kind: string;
}

export interface EntryReply {
  readonly line: string;
  /** In the order of the log, the nearest 20 of each. */
  readonly causes: readonly LinkedEntry[];
  readonly effects: readonly LinkedEntry[];
}

export interface DecidePayload {
  /** `busSeq` of the request. */
  readonly approval: number;
  readonly approved: boolean;
  /** At most 1,000 characters. */
  readonly reason: string;
}

/** What came of it follows as entries. */
export interface DecideReply {
  readonly approval: number;
}

export type ClientMessage =
  | { readonly type: 'START'; readonly payload: StartPayload }
  | { readonly type: 'HISTORY'; readonly id: number; readonly payload: HistoryPayload }
  | { readonly type: 'STATE'; readonly id: number; readonly payload: StatePayload }
  | { readonly type: 'ENTRY'; readonly id: number; readonly payload: EntryPayload }
  | { readonly type: 'DECIDE'; readonly id: number; readonly payload: DecidePayload };
