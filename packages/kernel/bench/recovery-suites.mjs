/** How long it takes to open a log whose agents have not ended, from its beginning and from a checkpoint; and what checkpoints cost. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers';
import { createKernel, defineAgent, defineTool, FileLogReader, FileLogStore, unchecked } from '@omnipaw/kernel';
import { durableLoop } from './durable-loop.mjs';
import { perSecond, ratioOf, spread, takeTurns, withDirectory } from './measure.mjs';
import { argsOf, resultOf } from './workload.mjs';

const noop = defineTool({
  name: 'noop',
  description: 'Answers at once.',
  input: unchecked(),
  idempotent: true,
  run: async (args) => resultOf(args.options.offset),
});

function* work(ctx, number, steps) {
  for (let step = 0; step < steps; step++) yield* ctx.tool(noop, argsOf(number, step));
}

const endless = defineAgent('endless', function* (ctx, number) {
  yield* work(ctx, number, Infinity);
});
const continuing = defineAgent('continuing', function* (ctx, number) {
  yield* work(ctx, number, 1000);
  yield* ctx.continueAsNew(number);
});
const idle = defineAgent('idle', function* (ctx) {
  yield* ctx.receive();
});
const shortLived = defineAgent('short-lived', function* (ctx, number) {
  yield* work(ctx, number, 100);
});

const cast = { agents: [endless, continuing, idle, shortLived], tools: [noop] };
const grants = ['call:noop'];

/** How a log came to be in which ten agents have not ended; `fill` begins what writes it. */
const shapes = [
  { name: 'ten that continue as new every 1,000 steps', curve: 'continuing', fill: (kernel) => { spawnTen(kernel, continuing); } },
  { name: 'ten that wait, beside many of 100 steps that ended', curve: 'waiting', fill: (kernel) => { spawnTen(kernel, idle); spawnOneAfterAnother(kernel); } },
  { name: 'ten that never continue as new', curve: 'endless', fill: (kernel) => { spawnTen(kernel, endless); } },
];

function spawnTen(kernel, agent) {
  for (let number = 1; number <= 10; number++) kernel.spawn(agent, number, { grants });
}

/** Ten at a time, until the kernel is stopped. */
function spawnOneAfterAnother(kernel) {
  const next = (number) => kernel.spawn(shortLived, number, { grants }).result().then(() => next(number + 10)).catch(() => undefined);
  for (let number = 1; number <= 10; number++) void next(number);
}

async function writeLog({ directory, entries, fill }) {
  const kernel = await createKernel({ log: new FileLogStore(directory), ...cast, durability: 'relaxed' });
  fill(kernel);
  await new Promise((resolve) => {
    const stopListening = kernel.subscribe(({ busSeq }) => {
      if (busSeq < entries) return;
      stopListening();
      setImmediate(resolve);
    });
  });
  await kernel.stop();
  return kernel.entryCount;
}

/** Opens as a log file does, counts what is read, and forgets what is written: the log stays as it is for the next round. */
class CountingStore {
  bytesRead = 0;
  #store;

  constructor(directory) {
    this.#store = new FileLogStore(directory);
    this.checkpoints = {
      load: async () => {
        const bytes = await this.#store.checkpoints.load();
        this.bytesRead += bytes?.length ?? 0;
        return bytes;
      },
      save: () => Promise.resolve(),
    };
  }

  open(known) {
    return countingReads(this, () => this.#store.open(known));
  }

  async *read(from) {
    for await (const chunk of this.#store.read(from)) {
      this.bytesRead += chunk.bytes.length;
      yield chunk;
    }
  }

  append() {
    return Promise.resolve();
  }

  close() {
    return this.#store.close();
  }
}

/** The store reads by itself while it opens. */
async function countingReads(counter, work) {
  const { read } = FileLogReader.prototype;
  FileLogReader.prototype.read = async function* (from) {
    for await (const chunk of read.call(this, from)) {
      counter.bytesRead += chunk.bytes.length;
      yield chunk;
    }
  };
  try {
    return await work();
  } finally {
    FileLogReader.prototype.read = read;
  }
}

async function open(directory, checkpoints) {
  globalThis.gc();
  const log = new CountingStore(directory);
  const start = performance.now();
  const kernel = await createKernel({ log, ...cast, checkpoints, onProblem: (problem) => { throw problem; } });
  const ms = performance.now() - start;
  await kernel.stop();
  return { ms, bytesRead: log.bytesRead };
}

/** Opening logs of three lengths, each from its last checkpoint and from its beginning. */
export async function recovery({ rounds, scale, onRound }) {
  const rows = [];
  for (const { name, curve, fill } of shapes) {
    const sizes = [10_000, 100_000, 1_000_000].map((size) => Math.round(size * scale));
    await withDirectory(async (directory) => {
      const contenders = {};
      for (const entries of sizes) {
        const place = join(directory, String(entries));
        mkdirSync(place);
        await writeLog({ directory: place, entries, fill });
        contenders[`${entries} checkpoint`] = () => open(place, {});
        contenders[`${entries} beginning`] = () => open(place, false);
      }
      const results = await takeTurns(contenders, Math.min(rounds, 3), onRound);
      for (const entries of sizes) {
        for (const from of ['checkpoint', 'beginning']) rows.push(openingRow({ name, curve, entries, from, results, checkpoint: join(directory, String(entries), 'checkpoint') }));
      }
    });
  }
  return rows;
}

function openingRow({ name, curve, entries, from, results, checkpoint }) {
  const key = `${entries} ${from}`;
  const ms = (result) => result.ms;
  const megabytes = (bytes) => Number((bytes / 1e6).toFixed(2));
  return {
    name: `opening ${entries.toLocaleString('en-US')} entries from the ${from}: ${name}`,
    unit: 'ms',
    ...spread(results[key], ms),
    ...(from === 'beginning' ? {} : { ratio: ratioOf(results, key, `${entries} beginning`, ms), of: 'opening it from its beginning' }),
    notes: {
      megabytesRead: megabytes(results[key].at(-1).bytesRead),
      ...(from === 'beginning' || !existsSync(checkpoint) ? {} : { megabytesOfCheckpoint: megabytes(statSync(checkpoint).size) }),
    },
    point: { curve: `${curve}, from the ${from}`, entries, ms: spread(results[key], ms).median },
  };
}

/** The loop of many agents with checkpoints and without: what they take from the processor while it runs. */
export async function checkpointCost({ rounds, scale, onRound }) {
  const [agents, steps] = [100, Math.round(2000 * scale)];
  const loop = (checkpoints) => async (directory) => {
    const { ms } = await durableLoop({ directory, agents, steps, checkpoints });
    return { steps: agents * steps, ms };
  };
  const results = await takeTurns({ with: loop({}), without: loop(false) }, rounds, onRound);
  return [{
    name: 'durable tool loop, 100 agents, with checkpoints',
    unit: 'steps/s',
    ...spread(results.with, perSecond),
    ratio: ratioOf(results, 'with', 'without', perSecond),
    of: 'the same without checkpoints',
  }];
}
