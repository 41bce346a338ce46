import { createKernel, MemoryLogStore } from '@omnipaw/kernel';
import { expect, test } from 'vitest';
import { defineSwarm, mapReduce, SwarmCoordinator } from '@omnipaw/swarm';

const summing = defineSwarm('summing', {
  MAP_REDUCE: mapReduce({
    split: (count: number) => Array.from({ length: count }, (_, index) => index + 1),
    *work(ctx, number: number) {
      yield* ctx.sleep(1);
      return number;
    },
    merge: (sums: readonly number[]) => sums.reduce((one, other) => one + other, 0),
  }),
});

test('a thousand agents do ten thousand tasks in one kernel', { timeout: 120_000 }, async () => {
  const kernel = await createKernel({ log: new MemoryLogStore(), agents: [...summing.agents] });
  const { result, account } = await new SwarmCoordinator(kernel, { swarm: summing, agents: 1_000, goal: 10_000, strategy: 'MAP_REDUCE' }).execute();
  expect(result).toBe(50_005_000);
  expect(account).toMatchObject({ restarts: 0, undone: [], tasks: { done: 10_668, total: 10_668, attempts: 10_668 } });
  expect(account.members).toHaveLength(1_001);
  await kernel.stop();
});
