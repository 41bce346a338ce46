/** Where the signed heads of a log are kept: outside of the log, so that it does not change by being signed. */
export interface HeadStore {
  /** Keeps a head; resolves once it would survive a power cut. */
  write(head: string): Promise<void>;
  /** All that are kept, the oldest first. */
  read(): Promise<readonly string[]>;
}
