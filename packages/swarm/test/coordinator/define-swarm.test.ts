import { describe, expect, test } from 'vitest';
import { consensus, defineSwarm, mapReduce, pipeline, supervisor, type MapReduce, type Strategy } from '@omnipaw/swarm';

const parts: MapReduce<readonly number[], number, number> = { split: (goal) => goal, *work(_ctx, piece) { return piece; }, merge: (results) => results.length };
const reduced = (more: object): Strategy => mapReduce({ ...parts, ...more });
const piped = (capacity: number, more: object = {}): Strategy => pipeline([{ role: 'one', capacity, *work() { return 1; } }], more);
const child = { role: 'one', *work() { return 1; } } as const;
const agreed = (more: object): Strategy => consensus({ *propose() { return 1; }, ...more });

const versionOf = (strategy: Strategy): string => defineSwarm('any', { ANY: strategy }).coordinator.version;

describe('the version of the agents of a swarm', () => {
  test.each<[string, Strategy, readonly Strategy[]]>([
    ['map-reduce', reduced({}), [reduced({ fanIn: 2 }), reduced({ race: true }), reduced({ batch: 3 }), reduced({ maxAttempts: 2 }), reduced({ onFailure: 'skip' }), reduced({ merge: () => 1 })]],
    ['pipeline', piped(2), [piped(3), piped(2, { batch: 2 })]],
    ['supervisor', supervisor([child]), [supervisor([child], { together: 'one-for-all' }), supervisor([{ ...child, restart: 'permanent' }]), supervisor([child], { intensity: { maxRestarts: 1, withinMs: 1 } })]],
    ['consensus', agreed({}), [agreed({ rule: 'unanimous' }), agreed({ maxRounds: 1 }), agreed({ timeoutMs: 5 })]],
  ])('of a %s changes with whatever decides about what they do', (_name, first, others) => {
    const versions = [first, ...others].map(versionOf);
    expect(new Set(versions).size).toBe(versions.length);
    expect(versionOf(first)).toBe(versions[0]);
  });
});
