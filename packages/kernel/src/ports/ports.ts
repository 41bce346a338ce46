/**
 * Everything that the kernel takes from outside. A simulation owns the kernel by owning these.
 *
 * No other file of the core reads a clock, draws a random number, sets a timer or hashes: programs get time and chance
 * from recorded entries instead (see `programs/`).
 */
export interface Ports {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly timers: Timers;
  readonly codec: Codec;
  /** Makes the handle by which a running tool is told to stop. */
  readonly createAbort: () => AbortHandle;
  /** Measures and ends programs that a guard limits; without it they are neither. */
  readonly watchdog?: Watchdog;
}

export interface Watchdog {
  /** How much of the processor this thread has used, in microseconds since any moment. */
  cpuUs(): number;
  /** Runs it, throws what it throws, and ends it wherever it is if it takes longer than that: its caller can tell by what it has not done. */
  run(work: () => void, limitMs: number): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch, a whole number. */
  now(): number;
}

export interface RandomSource {
  /** So many random bytes, in lower-case hexadecimal. */
  hex(byteCount: number): string;
}

export interface Timers {
  /** Calls back once after about `delayMs`; the answer cancels it. */
  set(delayMs: number, callback: () => void): () => void;
  /** Calls back soon, after everything that can already go on has gone on: what makes entries share one sync. */
  defer(callback: () => void): void;
}

export interface Codec {
  /** SHA-256 over the UTF-8 bytes of a string, or over bytes, in lower-case hexadecimal. */
  readonly sha256: (data: string | Uint8Array) => string;
  readonly utf8: (text: string) => Uint8Array;
  /** The text of UTF-8 bytes; malformed input throws. */
  readonly text: (bytes: Uint8Array) => string;
}

/** The platform's own AbortSignal where its type is known, and otherwise what tools need of it. */
export type AbortSignalLike = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : { readonly aborted: boolean; readonly reason: unknown };

export interface AbortHandle {
  readonly signal: AbortSignalLike;
  abort(reason: unknown): void;
}
