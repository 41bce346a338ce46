/** The benchmarks of the kernel. Each suite answers rows: what was measured, the figure, and its ratio to a bare limit. */
import { join } from 'node:path';
import { createKernel, defineAgent, FileLogReader, verify } from '@omnipaw/kernel';
import { bareCeiling, bareWriteAndSync, hashLines } from './bare.mjs';
import { durableLoop, ForgetfulStore } from './durable-loop.mjs';
import { bytesIn, median, perSecond, ratioOf, spread, takeTurns, withDirectory } from './measure.mjs';
import { checkpointCost, recovery } from './recovery-suites.mjs';
import { replayGrowth, replaySpeed } from './replay-suites.mjs';

async function loop(directory, options) {
  const { ms, syncs, stepMs } = await durableLoop({ directory, ...options });
  const steps = options.agents * options.steps;
  const stored = options.store === 'none' ? {} : { bytesPerStep: bytesIn(join(directory, 'kernel')) / steps };
  return { ms, steps, syncsPerStep: syncs / steps, stepMs, ...stored };
}

function stepRow(name, results, limit) {
  const figure = spread(results.kernel, perSecond);
  const { bytesPerStep, syncsPerStep } = results.kernel.at(-1);
  return {
    name,
    unit: 'steps/s',
    ...figure,
    bare: spread(results.bare, perSecond).median,
    ratio: ratioOf(results, 'kernel', 'bare', perSecond),
    of: limit,
    notes: { bytesPerStep: Math.round(bytesPerStep), syncsPerStep: Number(syncsPerStep.toFixed(3)) },
  };
}

/** One agent: nothing to share a sync with, so the limit is one write and one sync a step. */
async function oneAgent({ rounds, scale, onRound }) {
  const steps = Math.round(5000 * scale);
  let bytesPerStep = 1140;
  const results = await takeTurns(
    {
      kernel: async (directory) => {
        const result = await loop(directory, { agents: 1, steps });
        ({ bytesPerStep } = result);
        return result;
      },
      bare: async (directory) => ({ steps, ...(await bareWriteAndSync({ directory, steps, bytesPerStep: Math.round(bytesPerStep) })) }),
    },
    rounds,
    onRound,
  );
  return [stepRow('durable tool loop, 1 agent', results, 'write + fdatasync of the same bytes, step after step')];
}

/** A hundred agents share syncs, so the limit is JSON, SHA-256 and the disk. */
async function manyAgents({ rounds, scale, onRound }) {
  const [agents, steps] = [100, Math.round(1000 * scale)];
  const results = await takeTurns(
    {
      kernel: (directory) => loop(directory, { agents, steps }),
      bare: async (directory) => ({ steps: agents * steps, ...(await bareCeiling({ directory, agents, steps })) }),
    },
    rounds,
    onRound,
  );
  return [stepRow('durable tool loop, 100 agents', results, 'JSON + SHA-256 chain + group commit of the same bytes')];
}

/** What guards and observers cost, against the same loop without any; no disk, since it would hide the difference. */
async function extensions({ rounds, scale, onRound }) {
  const options = { agents: 100, steps: Math.round(500 * scale), store: 'none' };
  const guard = [{ name: 'idle guard', guard: { review: () => undefined } }];
  const observer = [{
    name: 'idle observer',
    observer: { aroundTick: (info, next) => { next(); }, aroundToolCall: (info, next) => next() },
  }];
  const results = await takeTurns(
    {
      bare: (directory) => loop(directory, options),
      guard: (directory) => loop(directory, { ...options, extensions: guard }),
      observer: (directory) => loop(directory, { ...options, extensions: observer }),
    },
    rounds,
    onRound,
  );
  return [
    { name: 'tool loop without a disk, 100 agents', unit: 'steps/s', ...spread(results.bare, perSecond) },
    ...['guard', 'observer'].map((name) => ({
      name: `the same, with an idle ${name}`,
      unit: 'steps/s',
      ...spread(results[name], perSecond),
      ratio: ratioOf(results, name, 'bare', perSecond),
      of: 'the same without it',
    })),
  ];
}

/** Whether a step costs more the longer its agent has run: the median of 100 steps around two places. */
async function growth({ scale, rounds, onRound }) {
  const steps = Math.round(10_000 * scale);
  const around = (stepMs, step) => median(stepMs.slice(step - 100, step));
  const results = await takeTurns(
    {
      durable: (directory) => loop(directory, { agents: 1, steps, timed: true }),
      memory: (directory) => loop(directory, { agents: 1, steps, timed: true, store: 'none' }),
    },
    Math.min(rounds, 3),
    onRound,
  );
  return ['durable', 'memory'].map((name) => ({
    name: `cost of step ${steps} against step 200, one agent, ${name === 'durable' ? 'on disk' : 'without a disk'}`,
    unit: 'ms',
    ...spread(results[name], ({ stepMs }) => around(stepMs, steps)),
    ratio: spread(results[name], ({ stepMs }) => around(stepMs, steps) / around(stepMs, 200)),
    of: 'the steps up to step 200 of the same run',
  }));
}

/** Whether memory grows over a million steps: the heap after a collection, a quarter of the way and at the end. */
async function memory({ scale, onRound }) {
  const [agents, steps] = [100, Math.round(10_000 * scale)];
  const heaps = [];
  const sample = () => {
    globalThis.gc();
    heaps.push(process.memoryUsage().heapUsed / 2 ** 20);
  };
  const quarter = Math.round(steps / 4);
  await withDirectory((directory) =>
    loop(directory, { agents, steps, onStep: (step) => { if (step > 0 && (step % quarter === 0 || step === steps - 1)) sample(); } }),
  );
  onRound(1, 1);
  const [first, last] = [heaps[0], heaps.at(-1)];
  return [{
    name: `heap after ${agents * steps} steps, 100 agents`,
    unit: 'MiB',
    median: last,
    min: Math.min(...heaps),
    max: Math.max(...heaps),
    ratio: { median: last / first, min: last / first, max: last / first },
    of: `the heap after ${agents * quarter} steps`,
  }];
}

/** What an agent costs that only waits. */
async function idleAgents({ scale, onRound }) {
  const count = Math.round(100_000 * scale);
  const waiter = defineAgent('waiter', function* (ctx) {
    yield* ctx.receive();
  });
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  const kernel = await createKernel({ log: new ForgetfulStore(), agents: [waiter] });
  const start = performance.now();
  for (let index = 0; index < count; index++) kernel.spawn(waiter, null);
  const ms = performance.now() - start;
  await kernel.flush();
  globalThis.gc();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  await kernel.stop();
  onRound(1, 1);
  return [
    { name: `idle agent, ${count} of them`, unit: 'bytes', median: bytes, min: bytes, max: bytes },
    { name: 'spawn', unit: 'agents/s', median: (count / ms) * 1000, min: (count / ms) * 1000, max: (count / ms) * 1000 },
  ];
}

/** Verification, against hashing the same lines and nothing else. */
async function verification({ rounds, scale, onRound }) {
  const steps = Math.round(1000 * scale);
  return withDirectory(async (directory) => {
    await durableLoop({ directory, agents: 100, steps });
    const log = join(directory, 'kernel');
    const results = await takeTurns(
      {
        kernel: async () => {
          const start = performance.now();
          const { entries, integrity } = await verify(new FileLogReader(log));
          if (integrity !== 'INTACT') throw new Error(`The log is ${integrity}.`);
          return { steps: entries, ms: performance.now() - start };
        },
        bare: async () => {
          const start = performance.now();
          return { steps: await hashLines(log), ms: performance.now() - start };
        },
      },
      rounds,
      onRound,
    );
    return [{
      name: 'verify',
      unit: 'entries/s',
      ...spread(results.kernel, perSecond),
      bare: spread(results.bare, perSecond).median,
      ratio: ratioOf(results, 'kernel', 'bare', perSecond),
      of: 'splitting lines + SHA-256 of each',
    }];
  });
}

export const suites = {
  'one-agent': oneAgent,
  'many-agents': manyAgents,
  extensions,
  growth,
  memory,
  'idle-agents': idleAgents,
  verify: verification,
  replay: replaySpeed,
  'replay-growth': replayGrowth,
  recovery,
  'checkpoint-cost': checkpointCost,
};
