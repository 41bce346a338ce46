/** What words between agents cost, and what it brings to share work; `kit` is what the kernel's benchmarks are made with. */
import { createKernel, defineAgent, defineTool, unchecked } from '@omnipaw/kernel';
import { defineSwarm, mapReduce, SwarmCoordinator } from '@omnipaw/swarm';
import { NoDisk } from './no-disk.mjs';
import { acrossThreads, inOneKernel, inTwoThreads } from './nodes.mjs';

const taskOf = (afterMs) => defineTool({
  name: 'task',
  description: 'Takes its time.',
  input: unchecked(),
  run: async ({ number }) => {
    if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
    return number;
  },
});

async function timed(config, work, steps) {
  const kernel = await createKernel({ log: new NoDisk(), ...config });
  const start = performance.now();
  await work(kernel);
  const ms = performance.now() - start;
  await kernel.stop();
  return { ms, steps };
}

/** Two agents that answer each other. */
function pingPong(rounds) {
  const echo = defineAgent('echo', function* (ctx) {
    for (let round = 0; round < rounds; round++) {
      const { from, body } = yield* ctx.receive({ channel: 'ping' });
      yield* ctx.send(from, body, 'pong');
    }
  });
  const caller = defineAgent('caller', function* (ctx, to) {
    for (let round = 0; round < rounds; round++) {
      yield* ctx.send(to, { round }, 'ping');
      yield* ctx.receive({ channel: 'pong' });
    }
  });
  const work = async (kernel) => {
    const { id } = kernel.spawn(echo, null, { grants: ['send:*'] });
    await kernel.spawn(caller, id, { grants: ['send:*'] }).result();
  };
  return () => timed({ agents: [echo, caller] }, work, rounds * 2);
}

/** One agent that does all tasks, one after the other. */
function alone(tasks, tool) {
  const worker = defineAgent('worker', function* (ctx) {
    let sum = 0;
    for (let number = 0; number < tasks; number++) sum += yield* ctx.tool(tool, { number });
    return sum;
  });
  return () => timed({ agents: [worker], tools: [tool] }, (kernel) => kernel.spawn(worker, null, { grants: ['call:task'] }).result(), tasks);
}

function shared(tasks, tool, { agents, batch }) {
  const swarm = defineSwarm('shared', {
    MAP_REDUCE: mapReduce({
      split: (count) => Array.from({ length: count }, (_, number) => number),
      *work(ctx, number) {
        return yield* ctx.tool(tool, { number });
      },
      merge: (sums) => sums.reduce((one, other) => one + other, 0),
      batch,
    }),
  });
  const work = (kernel) => new SwarmCoordinator(kernel, { swarm, agents, goal: tasks, strategy: 'MAP_REDUCE', grants: ['call:task'] }).execute();
  return () => timed({ agents: [...swarm.agents], tools: [tool] }, work, tasks);
}

export function suitesWith({ takeTurns, spread, ratioOf, perSecond }) {
  const row = (results, { name, contender, beside, of, unit = 'tasks/s' }) => ({
    name, unit, ...spread(results[contender], perSecond), ...(beside === undefined ? {} : { ratio: ratioOf(results, contender, beside, perSecond), of }),
  });

  return {
    swarm: async ({ rounds, scale, onRound }) => {
      const [many, few, busy] = [10_000, 1_000, 500].map((count) => Math.round(count * scale));
      const [instant, slow] = [taskOf(0), taskOf(2)];
      const results = await takeTurns({
        messages: pingPong(many),
        alone: alone(many, instant),
        one: shared(many, instant, { agents: 100, batch: 1 }),
        eight: shared(many, instant, { agents: 100, batch: 8 }),
        thousand: shared(many, instant, { agents: 1_000, batch: 1 }),
        slowAlone: alone(few, slow),
        slowShared: shared(few, slow, { agents: 100, batch: 1 }),
        letters: acrossThreads(few),
        busyOne: inOneKernel(busy),
        busyTwo: inTwoThreads(busy),
      }, rounds, onRound);
      const same = 'one agent that does the same tasks';
      return [
        row(results, { name: 'tasks that take no time, 1 agent, without a disk', contender: 'alone' }),
        row(results, { name: 'message sent and received, 2 agents, without a disk', contender: 'messages', unit: 'messages/s', beside: 'alone', of: 'tool calls of one agent' }),
        row(results, { name: 'the same tasks by map-reduce, 100 agents', contender: 'one', beside: 'alone', of: same }),
        row(results, { name: 'the same, 8 tasks at once', contender: 'eight', beside: 'alone', of: same }),
        row(results, { name: 'the same, 1,000 agents', contender: 'thousand', beside: 'alone', of: same }),
        row(results, { name: 'tasks that take 2 ms, 1 agent', contender: 'slowAlone' }),
        row(results, { name: 'the same tasks by map-reduce, 100 agents', contender: 'slowShared', beside: 'slowAlone', of: same }),
        row(results, { name: 'letter sent and taken, 2 kernels in 2 threads, without a disk', contender: 'letters', unit: 'letters/s', beside: 'messages', of: 'messages in one kernel' }),
        row(results, { name: 'tasks that take a processor about 20 ms, one kernel', contender: 'busyOne' }),
        row(results, { name: 'the same tasks on 2 kernels in 2 threads', contender: 'busyTwo', beside: 'busyOne', of: 'one kernel that does them' }),
      ];
    },
  };
}
