/** What a dashboard takes from the kernel that it shows; `kit` is what the kernel's benchmarks are made with. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createKernel, defineAgent, defineTool, FileLogStore, unchecked } from '@omnipaw/kernel';
import { DashboardServer, KernelSource } from '@omnipaw/dashboard';

const CLIENTS = fileURLToPath(new URL('clients.mjs', import.meta.url));
const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url));

const noop = defineTool({ name: 'noop', description: 'Answers at once.', input: unchecked(), run: async ({ padding }) => padding });
/** A step is a call with its result: two entries of about 450 bytes. With a pace, as many steps a second and no more. */
const worker = defineAgent('worker', function* (ctx, { steps, everyMs, burst }) {
  const begun = ctx.now();
  for (let step = 0; step < steps; step++) {
    yield* ctx.tool(noop, { step, padding: 'x'.repeat(100) });
    if (everyMs === undefined || (step + 1) % burst !== 0) continue;
    const ahead = begun + ((step + 1) / burst) * everyMs - ctx.now();
    if (ahead > 0) yield* ctx.sleep(ahead);
  }
});

/** How long it takes until all agents have done their steps. */
async function work(directory, { agents, input, watch }) {
  const log = new FileLogStore(join(directory, 'kernel'));
  const kernel = await createKernel({ log, agents: [worker], tools: [noop], checkpoints: false });
  const unwatch = await watch({ kernel, log, directory: join(directory, 'kernel') });
  const before = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: agents }, () => kernel.spawn(worker, input, { grants: ['call:noop'] }).result()));
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const entries = kernel.entryCount;
  await unwatch(kernel);
  await kernel.stop();
  return { ms, steps: entries, cpuMs: (user + system) / 1_000 };
}

async function clientsOf(url, count) {
  if (count === 0) return async () => undefined;
  const child = spawn(process.execPath, [CLIENTS, url, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return async (total) => {
    // They get to take what is on the way.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    child.kill('SIGTERM');
    const { value } = await lines.next();
    const least = Math.min(...JSON.parse(value));
    if (least < total - 100) console.error(`A client has got ${least} of ${total} entries.`);
  };
}

const nobody = async () => async () => undefined;

const here = (count) => async ({ kernel, log }) => {
  const server = new DashboardServer(new KernelSource({ kernel, log }), { port: 0 });
  await server.listen();
  const done = await clientsOf(server.url, count);
  return async ({ entryCount }) => {
    await done(entryCount);
    await server.close();
  };
};

/** In a process of its own, over the directory. */
const elsewhere = (count) => async ({ directory }) => {
  const child = spawn(process.execPath, [SERVER, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await once(createInterface({ input: child.stdout }), 'line');
  const done = await clientsOf(url, count);
  return async ({ entryCount }) => {
    await done(entryCount);
    child.kill('SIGTERM');
  };
};

export function suitesWith({ takeTurns, spread, ratioOf, perSecond }) {
  async function compare({ rounds, onRound }, { agents, input, of, contenders }) {
    const run = (watch) => (directory) => work(directory, { agents, input, watch });
    const results = await takeTurns({ bare: run(nobody), ...Object.fromEntries(Object.entries(contenders).map(([name, watch]) => [name, run(watch)])) }, rounds, onRound);
    const cpu = ({ cpuMs, ms }) => (100 * cpuMs) / ms;
    return [
      { name: of, unit: 'entries/s', ...spread(results.bare, perSecond), notes: { 'processor, % of one': spread(results.bare, cpu).median.toFixed(1) } },
      ...Object.keys(contenders).map((name) => ({
        name: `the same, ${name}`, unit: 'entries/s', ...spread(results[name], perSecond), ratio: ratioOf(results, name, 'bare', perSecond), of: 'the same with nobody watching',
        notes: { 'processor, % of one': spread(results[name], cpu).median.toFixed(1) },
      })),
    ];
  }

  return {
    dashboard: async ({ rounds, scale, onRound }) => {
      const steps = Math.round(500 * scale) * 5;
      // 50 agents, five steps every 100 ms: 5,000 entries a second.
      const paced = { agents: 50, input: { steps: Math.round(100 * scale) * 5, everyMs: 100, burst: 5 }, of: '5,000 entries a second, 50 agents' };
      const contenders = { 'with a dashboard and nobody connected': here(0), 'with a dashboard and 50 clients': here(50), 'with one in another process and 50 clients': elsewhere(50) };
      return [
        ...(await compare({ rounds, onRound }, { ...paced, contenders })),
        ...(await compare({ rounds, onRound }, { agents: 50, input: { steps }, of: 'as many entries as go, 50 agents', contenders })),
      ];
    },
  };
}
