import { describe, expect, it } from 'vitest';
import { explore, type ExploreOptions } from './explorer.js';
import { MUTANTS, TWO_LED } from './mutants.js';

/** `OMNIPAW_EXPLORE=full npm test -- packages/swarm/test/election` takes minutes. */
const isFull = process.env['OMNIPAW_EXPLORE'] === 'full';

describe('in every order of events, at most one leads in a term, and the living find a leader', () => {
  const small: readonly ExploreOptions[] = [
    { size: 1, elections: 3, isUnordered: true },
    { size: 2, elections: 3, isUnordered: true },
    { size: 3, elections: 2, isUnordered: true },
    { size: 5, elections: 1, isUnordered: true },
    { size: 5, elections: 2, depth: 6 },
    { size: 3, elections: 2, replacements: 1, isGuarded: true, isSafetyOnly: !isFull },
  ];
  const large: readonly ExploreOptions[] = [
    { size: 3, elections: 3 },
    { size: 4, elections: 2 },
    { size: 5, elections: 2, depth: 12 },
    { size: 3, elections: 2, replacements: 2, isGuarded: true },
  ];
  it.each(isFull ? [...small, ...large] : small)('%o', (options) => {
    const { violation, states } = explore(options);
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(options.size);
  }, 3_600_000);
});

describe('the explorer finds a member that', () => {
  it.each(Object.entries(MUTANTS))('%s', (_, { machine, finds, world = { size: 3, elections: 2 } }) => {
    expect(explore({ ...world, machine, isUnordered: true, isSafetyOnly: finds === TWO_LED }).violation?.what).toMatch(finds);
  }, 60_000);

  it('takes the slot of another over and votes again, where no guard refuses it', () => {
    expect(explore({ size: 3, elections: 2, replacements: 1 }).violation?.what).toMatch(/two have led/);
  }, 60_000);
});
