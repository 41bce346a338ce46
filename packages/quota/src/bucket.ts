/**
 * A token bucket, pure: it fills at a steady rate up to its brim, and whoever takes more than it holds has to wait.
 *
 * All in whole numbers: what is in it is counted in units times the length of the interval, so that a millisecond fills it by exactly
 * so many as there are units in the interval.
 */
export interface BucketRate {
  /** Units that come in within an interval. */
  readonly amount: number;
  /** The interval, in milliseconds. */
  readonly everyMs: number;
  /** Units that it holds. */
  readonly burst: number;
}

export interface Bucket {
  /** Below 0 while others wait for what is still to come. */
  level: number;
  /** When that was, in milliseconds since the epoch. Clocks go back now and then: nothing comes in then. */
  at: number;
}

export function fullBucket({ burst, everyMs }: BucketRate, now: number): Bucket {
  return { level: burst * everyMs, at: now };
}

/** How long to wait until so many units are in it, in milliseconds; Infinity if they never are. */
export function waitMs(bucket: Bucket, units: number, { rate, now }: { readonly rate: BucketRate; readonly now: number }): number {
  if (units > rate.burst) return Infinity;
  const missing = units * rate.everyMs - levelAt(bucket, rate, now);
  return missing <= 0 ? 0 : Math.ceil(missing / rate.amount);
}

/** Takes units out, or puts some back if they are negative. */
export function take(bucket: Bucket, units: number, { rate, now }: { readonly rate: BucketRate; readonly now: number }): void {
  bucket.level = Math.min(rate.burst * rate.everyMs, levelAt(bucket, rate, now) - units * rate.everyMs);
  bucket.at = now;
}

function levelAt({ level, at }: Bucket, { amount, everyMs, burst }: BucketRate, now: number): number {
  return Math.min(burst * everyMs, level + Math.max(0, now - at) * amount);
}
