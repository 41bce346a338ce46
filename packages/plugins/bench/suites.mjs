/** What plugins cost: a call beside one of a direct tool, and what a hundred of them take. `kit` is what the kernel's benchmarks are made with. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKernel, defineAgent, defineTool, MemoryLogStore, unchecked } from '@omnipaw/kernel';
import { PluginLoader } from '@omnipaw/plugins';

const MANY = 100;

const direct = defineTool({ name: 'direct.echo', description: '', input: unchecked(), idempotent: true, run: ({ n }) => n });

export function suitesWith({ takeTurns, spread, ratioOf }) {
  return {
    /** One call after the other, without a disk: all that is between the tools is the isolate. */
    'plugin-calls': async ({ rounds, scale, onRound }) => {
      const calls = Math.max(20, Math.round(2_000 * scale));
      const results = await takeTurns(
        { direct: (directory) => timeCalls(directory, direct.name, calls), plugin: (directory) => timeCalls(directory, 'echo0.echo', calls) },
        rounds,
        onRound,
      );
      const us = ({ ms }) => (ms / calls) * 1_000;
      return [
        { name: 'a call of a direct tool', unit: 'µs', ...spread(results.direct, us) },
        { name: 'a call of a plugin\'s tool, warm', unit: 'µs', ...spread(results.plugin, us), ratio: ratioOf(results, 'plugin', 'direct', us), of: 'a call of a direct tool' },
        { name: 'the first call of a plugin\'s tool', unit: 'ms', ...spread(results.plugin, ({ firstMs }) => firstMs) },
      ];
    },

    /** Plugins with one tool each, written to the disk before the time is taken. */
    'plugins-loaded': async ({ rounds, scale, onRound }) => {
      const count = Math.max(2, Math.round(MANY * scale));
      const results = await takeTurns({ loaded: (directory) => load(directory, count) }, rounds, onRound);
      return [
        { name: `loading ${count} plugins`, unit: 'ms', ...spread(results.loaded, ({ ms }) => ms) },
        { name: 'memory of a loaded plugin', unit: 'kB', ...spread(results.loaded, ({ bytes }) => bytes / count / 1_000) },
      ];
    },
  };
}

async function timeCalls(directory, tool, calls) {
  writePlugins(directory, 1);
  const plugins = await loadAll(directory);
  const tools = [direct, ...plugins.tools];
  const called = tools.find((one) => one.name === tool);
  const caller = defineAgent('caller', function* (ctx, count) {
    for (let n = 0; n < count; n++) yield* ctx.tool(called, { n });
  });
  const kernel = await createKernel({ log: new MemoryLogStore(), agents: [caller], tools });
  const run = async (count) => {
    const start = performance.now();
    await kernel.spawn(caller, count, { grants: ['call:*'] }).result();
    return performance.now() - start;
  };
  // As a rule there is some time between the boot and the first call: the thread has begun.
  await sleep(300);
  const firstMs = await run(1);
  await run(10);
  const ms = await run(calls);
  await kernel.stop();
  await plugins.close();
  return { ms, firstMs };
}

async function load(directory, count) {
  writePlugins(directory, count);
  const before = memory();
  const start = performance.now();
  const plugins = await loadAll(directory);
  const ms = performance.now() - start;
  const bytes = memory() - before;
  await plugins.close();
  return { ms, bytes };
}

async function loadAll(folder) {
  const plugins = await new PluginLoader({ folder }).load();
  if (plugins.rejected.length > 0) throw plugins.rejected[0].error;
  return plugins;
}

function memory() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function writePlugins(directory, count) {
  for (let n = 0; n < count; n++) {
    const folder = join(directory, `plugin-echo${n}`);
    mkdirSync(folder);
    const manifest = {
      name: `plugin-echo${n}`, version: '1.0.0', description: 'Says what it hears.', license: 'MIT', omnipaw: '>=0.0.0 <0.2.0', permissions: [],
      tools: [{ name: `echo${n}.echo`, description: 'Echoes.', input: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }, handler: 'echo.ts', permissions: [], idempotent: true }],
    };
    writeFileSync(join(folder, 'plugin.manifest.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'echo.ts'), 'export default ({ n }: { readonly n: number }) => n;\n');
  }
}
