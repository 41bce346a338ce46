import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createKernel, FileLogReader, FileLogStore, verify } from '@omnipaw/kernel';
import { swarm, SwarmCoordinator, swarmNode } from '@omnipaw/swarm';
import { ThreadBroker, threadTransport } from '@omnipaw/swarm/threads';
import { assertReplays } from '@omnipaw/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundle } from '../../../../testing/bundle.js';
import { PIECES, squares, toolsIn } from '../fixtures/squares.js';
import type { ThreadData } from '../fixtures/squares-thread.js';

const NODES = ['a', 'b', 'c'];

let directory: string;
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'omnipaw-threads-')); });
afterEach(() => { rmSync(directory, { recursive: true, force: true }); });

const logOf = (name: string): string => join(directory, name);
const peersOf = (name: string): readonly string[] => NODES.filter((other) => other !== name);

/** A kernel in this thread, that starts swarms whose members are elsewhere. */
async function bootHere(broker: ThreadBroker, name: string) {
  const extension = swarm();
  const node = swarmNode({ node: name, peers: peersOf(name), transport: threadTransport(broker.connect(name)), extension });
  const kernel = await createKernel({ log: new FileLogStore(logOf(name)), agents: [...squares.agents], tools: [...node.tools], extensions: [extension] });
  await node.attach(kernel);
  return { kernel, node };
}

async function thread(broker: ThreadBroker, { name, stopAfter = Infinity }: { readonly name: string; readonly stopAfter?: number }): Promise<Worker> {
  const port = broker.connect(name);
  const workerData: ThreadData = { name, peers: peersOf(name), port, log: logOf(name), effects: logOf('effects'), stopAfter };
  return new Worker(await bundle(new URL('../fixtures/squares-thread.ts', import.meta.url)), { workerData, transferList: [port] });
}

async function stop(worker: Worker): Promise<void> {
  worker.postMessage('stop');
  expect(await once(worker, 'exit')).toEqual([0]);
}

async function assertSound(name: string, tools: readonly string[]): Promise<void> {
  const extension = swarm();
  const node = swarmNode({ node: name, peers: peersOf(name), transport: threadTransport(new ThreadBroker().connect(name)), extension });
  const log = new FileLogReader(logOf(name));
  expect(await verify(log)).toMatchObject({ integrity: 'INTACT' });
  await assertReplays(log, { agents: [...squares.agents], tools: [...node.tools, ...(tools.length === 0 ? [] : toolsIn(''))], extensions: [extension] });
}

const ALL = Array.from({ length: PIECES }, (_, index) => index ** 2);

test('kernels in threads share the work of a swarm, each with a log of its own', { timeout: 120_000 }, async () => {
  const broker = new ThreadBroker();
  const { kernel, node } = await bootHere(broker, 'a');
  const workers = [await thread(broker, { name: 'b' }), await thread(broker, { name: 'c' })];
  const { result, account } = await new SwarmCoordinator(kernel, { swarm: squares, agents: 4, nodes: ['b', 'c'], goal: PIECES, strategy: 'MAP_REDUCE', grants: ['call:square'] }).execute();
  await Promise.all(workers.map(stop));
  await kernel.stop();
  await node.close();
  expect(result).toEqual(ALL);
  expect(account.tasks.done).toBe(account.tasks.total);
  expect(readFileSync(logOf('effects'), 'utf8').trim().split('\n')).toHaveLength(PIECES);
  await assertSound('a', []);
  await assertSound('b', ['square']);
  await assertSound('c', ['square']);
});

test.runIf(process.platform === 'linux')('a thread that is ended in the middle loses nothing: another one goes on with its log', { timeout: 120_000 }, async () => {
  const broker = new ThreadBroker();
  const { kernel, node } = await bootHere(broker, 'a');
  appendFileSync(logOf('effects'), '');
  const other = await thread(broker, { name: 'c' });
  const doomed = await thread(broker, { name: 'b', stopAfter: 6 });
  const running = new SwarmCoordinator(kernel, { swarm: squares, agents: 4, nodes: ['b', 'c'], goal: PIECES, strategy: 'MAP_REDUCE', grants: ['call:square'] }).execute();
  expect(await once(doomed, 'message')).toEqual(['half']);
  await doomed.terminate();
  const next = await thread(broker, { name: 'b' });

  const { result, account } = await running;
  await Promise.all([stop(next), stop(other)]);
  await kernel.stop();
  await node.close();
  expect(result).toEqual(ALL);
  // Whoever was there before goes on there: nobody had to be replaced.
  expect(account).toMatchObject({ restarts: 0, tasks: { failedAttempts: 0 } });
  const effects = readFileSync(logOf('effects'), 'utf8').trim().split('\n');
  expect(new Set(effects).size).toBe(PIECES);
  // Only what was under way when the thread ended was done again, under the same key.
  expect(effects.length - PIECES).toBeLessThanOrEqual(2);
  await assertSound('a', []);
  await assertSound('b', ['square']);
});
