import type { Writable } from 'node:stream';

/** A stream that people may be looking at. */
export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Columns of a terminal; one that does not know its size has the usual one. */
export function columnsOf({ columns = 0 }: TerminalStream): number {
  return columns > 0 ? columns : 80;
}

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Where signals come from: the process, or a test. */
export interface Signals {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

/** All that the command gets from the world around it. */
export interface Host {
  /** What stands behind the command's name. */
  readonly argv: readonly string[];
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signals: Signals;
  /** How long a signal to stop leaves calls that may not be repeated, to end. */
  readonly graceMs: number;
}
