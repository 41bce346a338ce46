import path from 'node:path';
import { createKernel, FileLogStore, type Json } from '@omnipaw/kernel';
import { defineSwarm, mapReduce, swarm, SwarmCoordinator } from '@omnipaw/swarm';
import { expect, test } from 'vitest';
import { omnipaw, temporaryFolder } from './command.js';
import { teamLog } from './logs.js';

/** A swarm of two that measures words, one of which can't be measured. */
async function swarmLog(): Promise<string> {
  const log = path.join(temporaryFolder(), 'log');
  const measure = defineSwarm('measure', {
    MAP_REDUCE: mapReduce({
      split: (words: Json) => words as string[],
      work: function* (_ctx, word: string) {
        yield* [];
        if (word === 'bad') throw new Error('not this one');
        return word.length;
      },
      merge: (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + length, 0),
      onFailure: 'skip',
    }),
  });
  const kernel = await createKernel({ log: new FileLogStore(log), agents: [...measure.agents], extensions: [swarm()] });
  await new SwarmCoordinator(kernel, { swarm: measure, agents: 2, goal: ['one', 'three', 'bad'], strategy: 'MAP_REDUCE' }).execute();
  await kernel.stop();
  return log;
}

test('the swarms of a log are told with their members, tasks and messages', async () => {
  const log = await swarmLog();
  const { code, stdout } = await omnipaw(['inspect', '--log', log, '--swarm']);
  expect(code).toBe(0);
  const accounts = JSON.parse((await omnipaw(['inspect', '--log', log, '--swarm', '--json'])).stdout) as { swarm: string; tasks: { done: number }; members: { agent: string; slot: string }[] }[];
  expect(accounts).toHaveLength(1);
  const [account] = accounts;
  expect(stdout.split('\n')[0]).toBe(`${account!.swarm} MAP_REDUCE: completed`);
  expect(stdout).toContain(`  tasks: ${String(account!.tasks.done)} of `);
  expect(stdout).toMatch(/\n {2}not done: \S+ after \d+ attempts?, PROGRAM_FAILED\n/);
  expect(account!.members).toHaveLength(3);
  for (const { agent, slot } of account!.members) expect(stdout).toMatch(new RegExp(`\n${agent} +${slot} +(completed|ended) `));
});

test('a log without swarms says so', async () => {
  const { log } = await teamLog();
  expect((await omnipaw(['inspect', '--log', log, '--swarm'])).stdout).toBe('There is no swarm in the log.\n');
});
