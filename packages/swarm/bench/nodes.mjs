/** Kernels in threads: what a letter costs, and what two of them do in the time of one. */
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createKernel, defineAgent, FileLogStore } from '@omnipaw/kernel';
import { deliver, swarm, SwarmCoordinator, swarmNode, unwrap } from '@omnipaw/swarm';
import { ThreadBroker, threadTransport } from '@omnipaw/swarm/threads';
import { busy, busyWork } from './busy.mjs';
import { NoDisk } from './no-disk.mjs';

/** Runs some work beside other nodes, and times it alone. */
async function timed({ nodes, directory, agents }, work, steps) {
  const broker = new ThreadBroker();
  const extension = swarm();
  const node = swarmNode({ node: 'a', peers: nodes, transport: threadTransport(broker.connect('a')), extension });
  const log = directory === undefined ? new NoDisk() : new FileLogStore(join(directory, 'a'));
  const kernel = await createKernel({ log, agents, tools: [...node.tools, busyWork], extensions: [extension] });
  await node.attach(kernel);
  const threads = await Promise.all(nodes.map((name) => startThread(broker, { name, directory })));
  const start = performance.now();
  await work(kernel);
  const ms = performance.now() - start;
  await Promise.all(threads.map((thread) => thread.terminate()));
  await kernel.stop();
  await node.close();
  return { ms, steps };
}

async function startThread(broker, { name, directory }) {
  const port = broker.connect(name);
  const thread = new Worker(new URL('node-thread.mjs', import.meta.url), { workerData: { name, port, directory }, transferList: [port] });
  await once(thread, 'message');
  return thread;
}

/** An agent that writes to another one in another thread, and waits for its answer. */
export function acrossThreads(rounds) {
  const caller = defineAgent('caller', function* (ctx) {
    for (let round = 0; round < rounds; round++) {
      yield* deliver(ctx, { to: 'b/echo', channel: 'ping', body: { round } });
      unwrap(yield* ctx.receive({ channel: 'pong' }));
    }
  });
  return () => timed({ nodes: ['b'], agents: [caller] }, (kernel) => kernel.spawn(caller, null, { grants: ['call:swarm.to.b'] }).result(), rounds * 2);
}

const run = (kernel, tasks, nodes) =>
  new SwarmCoordinator(kernel, { swarm: busy, agents: 8, nodes, goal: tasks, strategy: 'MAP_REDUCE', grants: ['call:busy'] }).execute();

export function inOneKernel(tasks) {
  return (directory) => timed({ nodes: [], directory, agents: [...busy.agents] }, (kernel) => run(kernel, tasks, []), tasks);
}

export function inTwoThreads(tasks) {
  return (directory) => timed({ nodes: ['b', 'c'], directory, agents: [...busy.agents] }, (kernel) => run(kernel, tasks, ['b', 'c']), tasks);
}
