import { readEntries, type MemoryLogStore, type OmniKernel } from '@omnipaw/kernel';
import { assertReplays, crash, scriptedTool, VirtualTime } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { consensus, defineSwarm, handOff, mapReduce, pipeline, supervisor, swarmAccount, SwarmCoordinator, type SwarmOutcome } from '@omnipaw/swarm';
import { boot } from '../swarms.js';

const tools = (time: VirtualTime) => [scriptedTool<{ piece: number }, number>({ name: 'square', idempotent: true, time, script: ({ args }) => ({ value: args.piece ** 2, afterMs: args.piece }) })];
const [square] = tools(new VirtualTime()) as [ReturnType<typeof tools>[number]];

const working = defineSwarm('working', {
  MAP_REDUCE: mapReduce({
    split: (count: number) => Array.from({ length: count }, (_, index) => index + 1),
    *work(ctx, piece: number) { return [yield* ctx.tool(square, { piece })]; },
    merge: (results: readonly number[][]) => results.flat(),
    fanIn: 2,
    race: true,
  }),
  PIPELINE: pipeline([
    { role: 'first', capacity: 1, *work(ctx, piece: number) { return yield* ctx.tool(square, { piece }); } },
    { role: 'second', capacity: 1, *work(ctx, piece: number) { yield* ctx.sleep(3); return piece + 1; } },
  ]),
  SUPERVISOR: supervisor([
    { role: 'one', *work(ctx) { return handOff('two', yield* ctx.tool(square, { piece: 3 })); } },
    { role: 'two', onDemand: true, *work(ctx, piece: number) { yield* ctx.sleep(3); return piece; } },
    { role: 'three', *work(ctx) {
      const { value, version } = yield* ctx.shared('tally').get<number>('three');
      yield* ctx.shared('tally').set('three', (value ?? 0) + 1, version);
      if (value === undefined) throw new Error('once');
      return value;
    } },
  ], { together: 'rest-for-one' }),
  CONSENSUS: consensus({
    *propose(ctx, pieces: readonly number[]) {
      const seat = Number((ctx.agent.metadata['slot'] as string).at(-1));
      return yield* ctx.tool(square, { piece: pieces[seat - 1]! });
    },
    rule: 'unanimous',
  }),
});

const cases = [
  { strategy: 'MAP_REDUCE' as const, goal: 5, agents: 2, result: [1, 4, 9, 16, 25] },
  { strategy: 'PIPELINE' as const, goal: [1, 2, 3], agents: 3, result: [2, 5, 10] },
  { strategy: 'SUPERVISOR' as const, goal: null, agents: 3, result: { two: 9, three: 1 } },
  { strategy: 'CONSENSUS' as const, goal: [2, 3, 2], agents: 3, result: { value: 4, rounds: [{ decided: null }, { decided: null }, { decided: 0, missing: [] }] } },
];
type Case = (typeof cases)[number];

const GRANTS = ['call:square', 'read:shared:tally/*', 'write:shared:tally/*'];
const start = (kernel: OmniKernel, { strategy, goal, agents }: Case): Promise<SwarmOutcome<unknown>> =>
  new SwarmCoordinator(kernel, { swarm: working, strategy, goal, agents, grants: GRANTS }).execute();

/** What the next kernel makes of what a crash has left. */
async function goOn(log: MemoryLogStore, time: VirtualTime, given: Case): Promise<SwarmOutcome<unknown>> {
  const { kernel } = await boot({ log, time, agents: [...working.agents], tools: tools(time) });
  // Whoever has not heard that the swarm was started starts it.
  const isThere = kernel.snapshot().agents.some(({ id }) => id === 'working-1');
  const outcome = await time.until(isThere ? SwarmCoordinator.resume(kernel, { swarm: working, id: 'working-1', log }) : start(kernel, given));
  await time.until(kernel.stop());
  return outcome;
}

describe('a swarm whose kernel dies', () => {
  test.each(cases)('after any entry of a $strategy comes to the same result, and counts everything once', { timeout: 120_000 }, async (given) => {
    let crashes = 0;
    for (let at = 1; ; at++) {
      const time = new VirtualTime();
      const crashed = await crash({ at: { after: ({ busSeq }) => busSeq === at }, time, agents: [...working.agents], tools: tools(time) }, (kernel) => start(kernel, given));
      if (!crashed.isCrashed) break;
      crashes++;
      const { result, account } = await goOn(crashed.log, time, given);
      expect(result).toMatchObject(given.result);
      expect(account).toMatchObject({ state: 'completed', undone: [] });
      if (account.tasks.total !== null) expect(account.tasks.done).toBe(account.tasks.total);
      // As it was told, so it is in the log.
      expect(await swarmAccount(readEntries(crashed.log))).toEqual([account]);
      if (at % 10 === 0) await assertReplays(crashed.log, { agents: [...working.agents], tools: tools(time) });
    }
    expect(crashes).toBeGreaterThan(40);
  });
});
