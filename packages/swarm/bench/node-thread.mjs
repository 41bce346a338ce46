/** A node in a thread of its own: somebody who answers, and members of the swarm that keeps processors busy. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createKernel, defineAgent, FileLogStore } from '@omnipaw/kernel';
import { deliver, hostSwarm, swarm, swarmNode, unwrap } from '@omnipaw/swarm';
import { threadTransport } from '@omnipaw/swarm/threads';
import { busy, busyWork } from './busy.mjs';
import { NoDisk } from './no-disk.mjs';

const { name, port, directory } = workerData;

const echo = defineAgent('echo', function* (ctx) {
  for (;;) {
    const { from, body } = unwrap(yield* ctx.receive({ channel: 'ping' }));
    yield* deliver(ctx, { to: from, channel: 'pong', body });
  }
});

const extension = swarm();
const node = swarmNode({ node: name, peers: ['a'], transport: threadTransport(port), extension });
const log = directory === undefined ? new NoDisk() : new FileLogStore(join(directory, name));
const kernel = await createKernel({ log, agents: [echo, ...busy.agents], tools: [...node.tools, busyWork], extensions: [extension] });
kernel.spawn(echo, null, { id: 'echo', grants: ['call:swarm.to.a'] });
hostSwarm(kernel, { swarm: busy, grants: ['call:busy'] });
await node.attach(kernel);
parentPort.postMessage('ready');
