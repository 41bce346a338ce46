import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silenceMs, type Rank, type Rhythm } from '../../src/election/patience.js';
import { TimedElection } from './timed.js';

const RHYTHM: Rhythm = { heartbeatMs: 20, timeoutMs: 100 };
/** Still less than what would make members take a leader for dead that lives. */
const SLOWEST_MS = 75;
const MOST_TERMS = 4;

function electedAfter(size: number, delayOf: (number: number) => number, silence = silenceMs): number {
  return new TimedElection({ size, rhythm: RHYTHM, delayOf, silenceMs: silence, forMs: 5_000 }).run()?.term ?? Infinity;
}

describe('however long messages take, as long as a leader that lives is heard in time,', () => {
  it.each([1, 2, 3, 5, 9, 21])('%i members agree on a leader within a few terms, if all take as long as they may', (size) => {
    for (const delay of [0, 1, 5, 20, 50, SLOWEST_MS]) expect(electedAfter(size, () => delay)).toBeLessThanOrEqual(MOST_TERMS);
  });

  it('members agree within a few terms, if each message takes as long as somebody likes', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.integer({ min: 0, max: SLOWEST_MS }), { minLength: 1, maxLength: 60 }), (size, delays) => {
      expect(electedAfter(size, (number) => delays[number % delays.length]!)).toBeLessThanOrEqual(MOST_TERMS);
    }), { numRuns: 100 });
  }, 60_000);
});

describe('it is found out that members', () => {
  it.each<[string, (rhythm: Rhythm, rank: Rank) => number]>([
    ['all lose their patience at once', (rhythm, rank) => silenceMs(rhythm, { ...rank, rank: 0 })],
    ['wait for a candidate no longer than for a leader', (rhythm, rank) => silenceMs(rhythm, { ...rank, hasVoted: false })],
  ])('%s', (_what, silence) => {
    expect(electedAfter(21, () => SLOWEST_MS, silence)).toBeGreaterThan(MOST_TERMS);
  });
});
