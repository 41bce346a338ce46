import { createKernel, defineTool, MemoryLogStore, type OmniError, readEntries, unchecked } from '@omnipaw/kernel';
import { assertReplays, VirtualTime } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { defineSwarm, mapReduce, swarmAccount, SwarmCoordinator, type SwarmProgress } from '@omnipaw/swarm';

const measure = defineTool({
  name: 'measure',
  description: 'Says how long a word is.',
  input: unchecked<{ word: string }>(),
  run: ({ word }) => {
    if (word === 'bad') throw new Error('unreadable');
    return word.length;
  },
});

const counting = defineSwarm('counting', {
  MAP_REDUCE: mapReduce({
    split: (text: string) => text.split(' '),
    *work(ctx, word: string) {
      return [yield* ctx.tool(measure, { word })];
    },
    merge: (results: readonly number[][]) => results.flat(),
    fanIn: 2,
    maxAttempts: 2,
  }),
  LENIENT: mapReduce({
    split: (text: string) => text.split(' '),
    *work(ctx, word: string) {
      return [yield* ctx.tool(measure, { word })];
    },
    merge: (results: readonly number[][]) => results.flat(),
    onFailure: 'skip',
  }),
});

async function boot(log = new MemoryLogStore()) {
  const time = new VirtualTime();
  const kernel = await createKernel({ log, agents: [...counting.agents], tools: [measure] }, { ports: time.ports });
  return { kernel, time, log };
}

describe('a swarm that maps and reduces', () => {
  test('gets what one agent would get, in order, and replays', async () => {
    const { kernel, time, log } = await boot();
    const goal = 'a bb ccc dddd e ff ggg';
    const coordinator = new SwarmCoordinator(kernel, { swarm: counting, agents: 3, goal, strategy: 'MAP_REDUCE', grants: ['call:measure'] });
    const { result, account } = await time.until(coordinator.execute());
    expect(result).toEqual(goal.split(' ').map(({ length }) => length));
    expect(account).toMatchObject({ swarm: 'counting-1', strategy: 'MAP_REDUCE', state: 'completed', undone: [], restarts: 0 });
    expect(account.tasks).toEqual({ total: 13, done: 13, underWay: 0, attempts: 13, failedAttempts: 0 });
    expect(account.members.map(({ slot }) => slot)).toEqual(['coordinator', 'worker-1', 'worker-2', 'worker-3']);
    expect(account.total.toolCalls).toBe(7);
    await time.until(kernel.stop());
    expect(await swarmAccount(readEntries(log))).toEqual([account]);
    await assertReplays(log, { agents: [...counting.agents], tools: [measure] });
  });

  test('tells how far it is, by what the log says', async () => {
    const { kernel, time } = await boot();
    const told: SwarmProgress[] = [];
    const coordinator = new SwarmCoordinator(kernel, { swarm: counting, agents: 2, goal: 'a b c', strategy: 'MAP_REDUCE', grants: ['call:measure'], onProgress: (progress) => told.push(progress) });
    await time.until(coordinator.execute());
    expect(told[0]).toMatchObject({ swarm: 'counting-1', total: 5, done: 0 });
    expect(told.at(-1)).toMatchObject({ total: 5, done: 5, underWay: 0 });
    expect(told.map(({ done }) => done)).toEqual(told.map(({ done }) => done).sort((one, other) => one - other));
    await time.until(kernel.stop());
  });

  test('ends with a task that failed as often as it may', async () => {
    const { kernel, time } = await boot();
    const coordinator = new SwarmCoordinator(kernel, { swarm: counting, agents: 2, goal: 'a bad c', strategy: 'MAP_REDUCE', grants: ['call:measure'] });
    const error = await time.until(coordinator.execute().then(() => undefined, (thrown: unknown) => thrown as OmniError));
    expect(error?.code).toBe('TASK_FAILED');
    expect(error?.details).toMatchObject({ task: 'work-2', attempts: 2, code: 'TOOL_FAILED' });
    expect(error?.details?.['account']).toMatchObject({ state: 'failed', tasks: { failedAttempts: 2 } });
    await time.until(kernel.stop());
  });

  test('leaves a task out where it may, and says so', async () => {
    const { kernel, time } = await boot();
    const coordinator = new SwarmCoordinator(kernel, { swarm: counting, agents: 2, goal: 'a bad ccc', strategy: 'LENIENT', grants: ['call:measure'] });
    const { result, account } = await time.until(coordinator.execute());
    expect(result).toEqual([1, 3]);
    expect(account.undone).toEqual([{ task: 'work-2', attempts: 3, error: { code: 'TOOL_FAILED', message: 'Tool "measure" threw Error: unreadable' } }]);
    await time.until(kernel.stop());
  });
});
