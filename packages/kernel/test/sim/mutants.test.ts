import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildWorker, planted } from '../../../../testing/planted-worker.js';
import { MUTANTS } from '../../sim/mutants.js';
import { runSeeds } from '../../sim/pool.js';

const ROOT = new URL('../../../../', import.meta.url);
/** Within so many seeds, from the first one on, each bug has to be found. */
const ENOUGH_SEEDS = 100;

describe('the simulator finds a bug in the kernel', () => {
  test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(`%s, within ${ENOUGH_SEEDS} seeds`, async (name, mutant) => {
    const program = await buildWorker(ROOT, { of: 'kernel', mutant });
    const { failure } = await runSeeds({ program, from: 1, count: ENOUGH_SEEDS, workers: 2 });
    expect(failure, `${name} was not found`).toBeDefined();
    expect(failure?.found).not.toEqual([]);
  }, 120_000);

  test('and five at least are planted, each of them once', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(5);
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
    for (const mutant of MUTANTS) {
      const source = readFileSync(new URL(`packages/kernel/src/${mutant.file}`, ROOT), 'utf8');
      expect(planted(mutant, source)).not.toBe(source);
      expect(() => planted(mutant, '')).toThrow(`mutant "${mutant.name}"`);
    }
  });
});

test('seeds are shared among workers, and none is left out', async () => {
  const program = await buildWorker(ROOT, { of: 'kernel' });
  const finished: number[] = [];
  const [one, three] = [
    await runSeeds({ program, from: 1, count: 20, workers: 1 }),
    await runSeeds({ program, from: 1, count: 20, workers: 3, onProgress: (seeds) => { finished.push(seeds); } }),
  ];
  expect(one).toMatchObject({ seeds: 20 });
  expect(three).toEqual(one);
  expect(finished.at(-1)).toBe(20);
}, 60_000);
