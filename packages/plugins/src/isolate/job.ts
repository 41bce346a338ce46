import type { AbortSignalLike, Json, OmniError } from '@omnipaw/kernel';

/** What a call may use. Whatever goes beyond ends it with `PLUGIN_LIMIT_EXCEEDED`, whose details name the limit. */
export interface IsolateLimits {
  /**
   * How often the engine may ask whether to go on, which it does every 10,000 steps or so; 100 reactions to promises count as much, and so do 32,768
   * characters that cross the bridge, either way. Deterministic.
   */
  readonly fuel: number;
  /**
   * Time on the clock that the call may be in the engine in all, not that of the processor; waiting for calls is not counted. Not deterministic,
   * and longer on a busy machine: give five times what the fuel takes, or more. A call that runs again, since its seat was taken away while it waited,
   * has three times as much for all of its runs. One operation that nothing can interrupt (on a huge number, say)
   * ends the call after two seconds, whatever this is.
   */
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly stackBytes: number;
  /** UTF-8 bytes of the result's JSON. */
  readonly resultBytes: number;
  /** Levels of arrays and objects in the result. */
  readonly resultDepth: number;
  readonly maxCalls: number;
  /** Calls under way at once. */
  readonly maxPendingCalls: number;
  /** UTF-8 bytes of a call's arguments, and of its result, as JSON. */
  readonly callBytes: number;
}

export const DEFAULT_LIMITS: IsolateLimits = Object.freeze({
  fuel: 2_000,
  cpuMs: 20_000,
  memoryBytes: 32 * 1024 * 1024,
  stackBytes: 256 * 1024,
  resultBytes: 1024 * 1024,
  resultDepth: 64,
  maxCalls: 200,
  maxPendingCalls: 32,
  callBytes: 1024 * 1024,
});

/** One call of a plugin's handler. */
export interface IsolateJob {
  /** One script whose value is the handler, `{ run }`, or a module whose default export is one of them. */
  readonly code: string;
  /** SHA-256 of the code as UTF-8, in lower-case hex: what is compiled is kept by it. */
  readonly codeDigest: string;
  readonly sourceMap?: string;
  /** As which the code appears in stacks that no source map changes. */
  readonly fileName: string;
  readonly args: Json;
  /** Milliseconds since the epoch: the only time that the plugin sees. */
  readonly now: number;
  /** What all chance of the plugin comes from. */
  readonly seed: string;
  readonly limits: IsolateLimits;
  /** Whose it is: owners take turns. Jobs of which that is not said have the same one. */
  readonly owner?: string;
  /** On whose behalf: each has so many calls of an owner under way and no more. Jobs of which that is not said have the same one. */
  readonly caller?: string;
  /**
   * The only way out. What it throws crosses as a code and a message, if it is an `OmniError`; anything else as
   * `PLUGIN_CALL_FAILED`, without a word about it.
   */
  readonly call: (name: string, args: Json) => Promise<Json>;
  readonly log?: (text: string) => void;
  readonly signal?: AbortSignalLike;
}

/** `PLUGIN_FAILED`, `PLUGIN_LIMIT_EXCEEDED`, `PLUGIN_RESULT_INVALID`, `PLUGIN_ABORTED`, `PLUGIN_BUSY` or `PLUGIN_CRASHED`. */
export type IsolateOutcome = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: OmniError };

export interface IsolatePool {
  /** Never rejects because of what a plugin does. Throws a `TypeError` for a job that is none. */
  run(job: IsolateJob): Promise<IsolateOutcome>;
  /** Begins a worker, so that the first call does not have to wait for one. */
  prepare(): Promise<void>;
  /** Ends all workers; what is under way is aborted. */
  close(): Promise<void>;
}
