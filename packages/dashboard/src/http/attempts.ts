/** So many wrong tokens from one address, and it is not listened to for a while: twice as long each time. */
const FREE_ATTEMPTS = 10;
const FIRST_LOCK_MS = 10_000;
const LONGEST_LOCK_MS = 600_000;
/** An address that has been quiet for so long is forgotten. */
const MEMORY_MS = 900_000;
/** More addresses than that are not told apart: the oldest are forgotten. */
const MAX_ADDRESSES = 10_000;

interface Attempts {
  failures: number;
  lockMs: number;
  lockedUntil: number;
  lastAt: number;
}

/** Counts wrong tokens by address. */
export class FailedAttempts {
  readonly #now: () => number;
  readonly #byAddress = new Map<string, Attempts>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** For how many milliseconds an address is not listened to; 0 if it is. */
  lockedMs(address: string): number {
    const found = this.#byAddress.get(address);
    return found === undefined ? 0 : Math.max(0, found.lockedUntil - this.#now());
  }

  failed(address: string): void {
    const now = this.#now();
    const before = this.#byAddress.get(address);
    const attempts = before !== undefined && now - before.lastAt < MEMORY_MS ? before : { failures: 0, lockMs: FIRST_LOCK_MS, lockedUntil: 0, lastAt: now };
    attempts.failures++;
    attempts.lastAt = now;
    if (attempts.failures >= FREE_ATTEMPTS) {
      attempts.failures = 0;
      attempts.lockedUntil = now + attempts.lockMs;
      attempts.lockMs = Math.min(2 * attempts.lockMs, LONGEST_LOCK_MS);
    }
    this.#keep(address, attempts);
  }

  succeeded(address: string): void {
    this.#byAddress.delete(address);
  }

  /** In the order of their last failure. */
  #keep(address: string, attempts: Attempts): void {
    this.#byAddress.delete(address);
    this.#byAddress.set(address, attempts);
    if (this.#byAddress.size <= MAX_ADDRESSES) return;
    for (const oldest of this.#byAddress.keys()) {
      this.#byAddress.delete(oldest);
      return;
    }
  }
}
