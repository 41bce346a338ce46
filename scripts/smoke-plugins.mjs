/**
 * Whether plugins work on the Node that runs this, from the packages as they are built: `node scripts/smoke-plugins.mjs`.
 *
 * Loads plugin-weather, calls it once, verifies the log and replays it, with the plugin and without; and takes a new plugin through all
 * commands of the author's kit.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel, defineAgent, defineTool, MemoryLogStore, replay, unchecked, verify } from '@omnipaw/kernel';
import { PluginLoader } from '@omnipaw/plugins';
import { ROOT } from './processes.mjs';

const CLI = join(ROOT, 'packages/cli/dist/bin.js');

await callsAndReplays();
goesThroughTheKit();
console.log(`Plugins work on Node ${process.versions.node}.`);

async function callsAndReplays() {
  const plugins = await new PluginLoader({ folder: join(ROOT, 'plugins'), grants: { 'plugin-weather': [{ name: 'network', hosts: ['*.open-meteo.com'] }] }, fetchTool: scripted }).load();
  assert.deepEqual(plugins.rejected, []);
  const agent = defineAgent('asker', function* (ctx) {
    return yield* ctx.tool({ name: 'weather.get_forecast' }, { city: 'Rome', days: 1 });
  });
  const log = new MemoryLogStore();
  const kernel = await createKernel({ log, agents: [agent], tools: plugins.tools });
  const result = await kernel.spawn(agent, null, { grants: ['call:weather.*'] }).result();
  const { head } = kernel;
  await kernel.stop();
  await plugins.close();
  assert.deepEqual(result, { place: 'Rome, Italy', timezone: 'Europe/Rome', days: [{ date: '2026-11-26', highC: 14.2, lowC: 6.1, rainPercent: 0, weather: 'clear' }] });
  assert.equal((await verify(log, { pin: head })).completeness, 'COMPLETE');
  for (const tools of [plugins.tools, []]) assert.equal((await replay(log, { agents: [agent], tools })).replay, 'REPRODUCED');
}

/** Answers as Open-Meteo does. */
function scripted(name) {
  const bodies = {
    '/v1/search': { results: [{ name: 'Rome', country: 'Italy', latitude: 41.89193, longitude: 12.51133 }] },
    '/v1/forecast': { timezone: 'Europe/Rome', daily: { time: ['2026-11-26'], temperature_2m_max: [14.2], temperature_2m_min: [6.1], precipitation_probability_max: [0], weather_code: [0] } },
  };
  return defineTool({
    ...{ name, description: 'Fetches by a script.', idempotent: true, input: unchecked() },
    run: ({ url }) => ({ status: 200, url, headers: {}, body: JSON.stringify(bodies[new URL(url).pathname]), encoding: 'utf8' }),
  });
}

function goesThroughTheKit() {
  const cwd = mkdtempSync(join(tmpdir(), 'omnipaw-smoke-'));
  try {
    for (const args of [['new', 'greet'], ['validate', 'plugin-greet'], ['test', 'plugin-greet'], ['pack', 'plugin-greet'], ['sign', 'plugin-greet-0.1.0', '--key', 'omnipaw.key'], ['validate', 'plugin-greet-0.1.0']]) {
      if (args[0] === 'sign') omnipaw(cwd, ['keygen']);
      omnipaw(cwd, ['plugins', ...args]);
    }
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

function omnipaw(cwd, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { cwd, encoding: 'utf8', timeout: 120_000 });
  assert.equal(status, 0, `omnipaw ${args.join(' ')}:\n${stdout}${stderr}`);
}
