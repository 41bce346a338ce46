import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lives } from '../../sim/faults.js';
import { brokenProperties } from '../../sim/properties.js';
import { scenarios } from '../../sim/scenarios.js';
import { runSeed } from '../../sim/search.js';
import { simulate } from '../../sim/simulation.js';

const SEEDS = 300;

describe('a simulated kernel', () => {
  test('loses nothing and says nothing false, wherever it crashes and whatever fails', async () => {
    let crashes = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const verdict = await runSeed(seed);
      expect(verdict.failure, `pnpm sim --seed ${seed}`).toBeUndefined();
      crashes += verdict.crashes;
    }
    expect(crashes).toBeGreaterThan(SEEDS / 3);
  }, 120_000);

  test('does the same again for the same plan, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, lives, async (scenario, faults) => {
        const [first, again] = [await simulate({ scenario, lives: faults }), await simulate({ scenario, lives: faults })];
        expect(Buffer.from(again.bytes).equals(Buffer.from(first.bytes))).toBe(true);
        expect([again.steps, again.crashes, again.world.effects]).toEqual([first.steps, first.crashes, first.world.effects]);
      }),
      { numRuns: 50 },
    );
  }, 60_000);
});

describe('the properties find', () => {
  const CALLS_TWICE = { op: 'CALL_TOOL', tool: 'echo', args: { n: 1 } } as const;
  const scenario = {
    seed: 'x', orders: [], policies: [], maxConcurrentToolCalls: 1, maxMailboxMessages: 1, guardEvery: 0, unknownOutcomes: 'throw', checkpointEvery: false,
    roots: [{ type: 'worker', script: { steps: [CALLS_TWICE], isTough: true }, grants: ['call:*'], expiresInMs: null }],
  } as const;
  const played = (): ReturnType<typeof simulate> => simulate({ scenario, lives: [] });

  test('nothing in a run as it should be', async () => {
    expect(await brokenProperties(await played())).toEqual([]);
  });

  test('an effect that happened twice', async () => {
    const run = await played();
    run.world.effects.push(run.world.effects[0]!);
    expect((await brokenProperties(run)).join()).toContain('is not idempotent, and acted 2 times');
  });

  test('an effect that never happened', async () => {
    const run = await played();
    run.world.effects.pop();
    expect((await brokenProperties(run)).join()).toContain('has answered for');
  });

  test('an effect without an intent', async () => {
    const run = await played();
    run.world.effects.push({ tool: 'echo', key: 'another', attempt: 1 });
    expect((await brokenProperties(run)).join()).toContain('no intent of it');
  });

  test('an entry and a result that were told and are not there', async () => {
    const run = await played();
    run.witness.heads.push({ busSeq: 1, hash: 'another' });
    run.witness.ends.push({ agent: 'worker-1', told: { value: 'another' } }, { agent: 'worker-1', told: { code: 'ANOTHER' } });
    const broken = await brokenProperties(run);
    expect(broken).toHaveLength(3);
    expect(broken.join()).toMatch(/Entry 1 was called durable.*A result was told that is not in the log/);
  });

  test('a log that lacks its end', async () => {
    const run = await played();
    expect((await brokenProperties({ ...run, bytes: run.bytes.slice(0, -9) })).join()).toContain('TORN_TAIL');
  });
});
