/** A connection as the feed needs it. */
export interface Wire {
  /** Bytes that were sent and not taken yet. */
  readonly bufferedAmount: number;
  send(data: string | Buffer): void;
  /** Reads no more until it is resumed. */
  pause(): void;
  resume(): void;
  ping(): void;
  close(code: number, reason: string): void;
  /** At once, without a farewell. */
  terminate(): void;
}

/** The most that the server holds for a client that has not taken it; but a single message may be larger, if nothing else is held. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;
