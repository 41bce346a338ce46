import { describe, expect, it } from 'vitest';
import { explore, type ExploreOptions } from './explorer.js';
import { MUTANTS, TWO_LED } from './mutants.js';

/** The smallest number of events in which two of five can be elected in one term by members that vote twice. */
const FIVE: ExploreOptions = { size: 5, elections: 2, depth: 11, isSafetyOnly: true };

/** `OMNIPAW_EXPLORE=full npm test -- packages/swarm/test/election` takes minutes. */
const isFull = process.env['OMNIPAW_EXPLORE'] === 'full';

describe('in every order of events, at most one leads in a term, and the living find a leader', () => {
  const small: readonly ExploreOptions[] = [
    { size: 1, elections: 3, isUnordered: true },
    { size: 2, elections: 3, isUnordered: true },
    { size: 3, elections: 2, isUnordered: true },
    { size: 5, elections: 1, isUnordered: true },
    { size: 5, elections: 2, depth: 6 },
    FIVE,
    { size: 3, elections: 2, replacements: 1, isGuarded: true, isSafetyOnly: !isFull },
  ];
  const large: readonly ExploreOptions[] = [
    { size: 3, elections: 3 },
    { size: 4, elections: 2 },
    { size: 5, elections: 2, depth: 12 },
    { size: 3, elections: 2, replacements: 2, isGuarded: true },
  ];
  it.each(isFull ? [...small, ...large] : small)('%o', async (options) => {
    const { violation, states } = await explore(options);
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(options.size);
  }, 3_600_000);
});

describe('the explorer finds a member that', () => {
  it.each(Object.entries(MUTANTS))('%s', async (_, { machine, finds, world = { size: 3, elections: 2 } }) => {
    expect((await explore({ ...world, machine, isUnordered: true, isSafetyOnly: finds === TWO_LED })).violation?.what).toMatch(finds);
  }, 600_000);

  it('votes for whoever asks, again and again, where it is one of five that are gone through no further than in the test above', async () => {
    const { machine } = MUTANTS['votes for whoever asks, again and again']!;
    expect((await explore({ ...FIVE, machine })).violation).toMatchObject({ what: 'two have led in one term', trace: { length: FIVE.depth } });
  }, 600_000);

  it('takes the slot of another over and votes again, where no guard refuses it', async () => {
    expect((await explore({ size: 3, elections: 2, replacements: 1 })).violation?.what).toMatch(/two have led/);
  }, 600_000);
});
