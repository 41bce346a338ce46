import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fullBucket, take, waitMs, type Bucket } from '../src/bucket.js';

it('a bucket lets no more through in any time than its burst and what came in since, and all of that', () => {
  fc.assert(fc.property(
    fc.record({ amount: fc.integer({ min: 1, max: 50 }), everyMs: fc.integer({ min: 1, max: 1_000 }), burst: fc.integer({ min: 1, max: 60 }) }),
    fc.array(fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 20 })), { minLength: 1, maxLength: 60 }),
    (rate, asks) => {
      let now = 0;
      const bucket: Bucket = fullBucket(rate, now);
      const taken: [at: number, units: number][] = [];
      for (const [afterMs, units] of asks) {
        now += afterMs;
        const wait = waitMs(bucket, units, { rate, now });
        expect(wait === Infinity).toBe(units > rate.burst);
        if (wait > 0 && Number.isFinite(wait)) {
          // Not a millisecond earlier, and not one later.
          expect(waitMs(bucket, units, { rate, now: now + wait })).toBe(0);
          expect(waitMs(bucket, units, { rate, now: now + wait - 1 })).toBe(1);
        }
        if (wait !== 0) continue;
        take(bucket, units, { rate, now });
        taken.push([now, units]);
      }
      for (const [from] of taken) {
        for (const [to] of taken.filter(([at]) => at >= from)) {
          const within = taken.filter(([at]) => at >= from && at <= to).reduce((sum, [, units]) => sum + units, 0);
          expect(within).toBeLessThanOrEqual(rate.burst + ((to - from) * rate.amount) / rate.everyMs);
        }
      }
    },
  ));
});

it('when the clock goes back, nothing comes in, and then it goes on from there', () => {
  const rate = { amount: 1, everyMs: 1_000, burst: 1 };
  const bucket = fullBucket(rate, 50_000);
  take(bucket, 1, { rate, now: 50_000 });
  expect(waitMs(bucket, 1, { rate, now: 10_000 })).toBe(1_000);
  take(bucket, 0, { rate, now: 10_000 });
  expect(waitMs(bucket, 1, { rate, now: 10_400 })).toBe(600);
});
