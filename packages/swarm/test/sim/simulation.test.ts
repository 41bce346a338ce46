import { describe, expect, test } from 'vitest';
import { planted } from '../../../../testing/planted-worker.js';
import { MUTANTS } from '../../sim/mutants.js';
import { runSeed } from '../../sim/search.js';
import { readFileSync } from 'node:fs';

describe('the simulator of swarms', () => {
  test('finds every property kept, and gives the same verdict for the same seed', { timeout: 120_000 }, async () => {
    const verdicts = [];
    for (let seed = 1; seed <= 20; seed++) verdicts.push(await runSeed(seed));
    for (const { seed, failure } of verdicts) expect(failure, `npm run sim:swarm -- --seed ${seed}`).toBeUndefined();
    expect(verdicts.some(({ crashes }) => crashes > 0)).toBe(true);
    expect(await runSeed(1)).toEqual(verdicts[0]);
  });

  test.each(MUTANTS)('has a bug to plant: $bug', (mutant) => {
    const source = readFileSync(new URL(`../../src/${mutant.file}`, import.meta.url), 'utf8');
    expect(planted(mutant, source)).not.toBe(source);
  });
});
