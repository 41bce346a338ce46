/**
 * Nobody gets out: every attempt goes the way of a plugin, through the bundler and the isolate, with canaries in its reach that are not to sing.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Json } from '@omnipaw/kernel';
import { createIsolatePool, type Bundle, type IsolateOutcome } from '@omnipaw/plugins';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleOf, folderOf } from '../bundle/support.js';
import { jobOf, valueOf } from '../isolate/support.js';
import { attemptsIn, pluginOf, type Attempt } from './attempts.js';
import { Canaries, scriptedCall } from './canaries.js';

const LIMITS = { fuel: 300, cpuMs: 3_000, maxCalls: 500, maxPendingCalls: 100 };
const pool = createIsolatePool({ workers: 1 });
let canaries: Canaries;

beforeAll(async () => {
  canaries = await Canaries.plant();
});
afterAll(async () => {
  await pool.close();
  await canaries.remove();
});

function run(bundle: Bundle, call = scriptedCall): Promise<IsolateOutcome> {
  return pool.run({ ...jobOf('', { args: canaries.args, call, limits: LIMITS }), ...bundle });
}

const innocent = jobOf('async () => "still here"');

const attempts = [...attemptsIn('given'), ...attemptsIn('own')];

/** Attempts that may end by an error of their own, and what it says: of any other, an error would mean that it was never made. */
const OWN_ENDS: Readonly<Record<string, RegExp>> = {
  B08: /"nan" is NaN, which is not JSON/, B10: /lone surrogate/, C05: /waits for something that never comes/, C09: /RangeError: BigInt is too large/,
  O01: /threw something without a message/, O04: /Error: inspected/, O28: /threw __proto__: /,
};

describe.each(attempts.map((attempt) => [attempt.name, attempt.title, attempt] as const))('%s: %s', (_name, _title, attempt) => {
  test(`is ${attempt.expect}`, { timeout: 60_000 }, async () => {
    const outcome = await run(await bundleOf(pluginOf(attempt)));
    const told = outcome.ok ? outcome.value : { message: outcome.error.message, details: outcome.error.details };

    expect(canaries.reached(told)).toEqual([]);
    expect(told).not.toMatchObject({ escaped: true });
    if (attempt.expect.startsWith('killed')) expect(outcome).toMatchObject({ ok: false });
    if (attempt.expect === 'denied') expect(told).toMatchObject({ escaped: false });
    if (attempt.expect === 'virtual') expect(await run(await bundleOf(pluginOf(attempt)))).toEqual(outcome);
    if (!outcome.ok && outcome.error.code !== 'PLUGIN_LIMIT_EXCEEDED') expect(outcome.error.message).toMatch(OWN_ENDS[attempt.name.slice(0, 3)] ?? /^no error$/);
    expect(JSON.stringify(told)).not.toMatch(/node:internal|node_modules|file:\/\/\/work|\/src\/isolate/);
    // Neither the host nor the pool has taken harm.
    expect(await valueOf(pool.run(innocent))).toBe('still here');
  });
});

describe('the canaries do sing', () => {
  /** Those that need nothing but a host without an isolate, and that do no harm to it. All others are after what V8 or the bridge may have wrong, and has not. */
  const bare = [...attemptsIn('given'), ...attemptsIn('own')].filter(({ name }) => /^(A01|A02|A03|A04|A06|A07|A09|A10|A11|A12|A13|A14|A16|B15|C21|O01|O03|O04|O06|O08|O09|O10|O11)/.test(name));

  test.each(bare.map((attempt) => [attempt.name, attempt] as const))('for the attempt %s without an isolate', async (_name, attempt: Attempt) => {
    const { code } = await bundleOf(pluginOf(attempt));
    const file = join(folderOf({}), 'bare.cjs');
    writeFileSync(file, `const args = ${JSON.stringify(canaries.args)};\n${code}\nplugin.default(args, { call: async () => null, log() {} }).then((told) => process.stdout.write(JSON.stringify(told), () => process.exit(0)));`);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 30_000 });
    // Some of them print before they are done.
    expect(JSON.parse(stdout.split('\n').at(-1)!)).toMatchObject({ escaped: true });
    canaries.reached(null);
  });

  test('for a plugin that was granted what it asks for', async () => {
    const handler = `async (args, ctx) => ({
      file: await ctx.call('read', args.secretFile),
      env: await ctx.call('env', args.envKey),
      page: await ctx.call('fetch', args.canaryUrl),
      wrote: await ctx.call('write', args.sentinel),
    })`;
    const granted = async (name: string, what: Json): Promise<Json> => {
      const text = what as string;
      if (name === 'read') return readFileSync(text, 'utf8');
      if (name === 'env') return process.env[text] ?? null;
      if (name === 'fetch') return (await fetch(text)).text();
      writeFileSync(text, 'x');
      return true;
    };
    const told = await valueOf(pool.run(jobOf(handler, { args: canaries.args, call: granted })));
    expect(told).toEqual({ file: 'FILE-CANARY', env: 'ENV-CANARY', page: 'CANARY-HIT', wrote: true });
    expect(canaries.reached(told)).toEqual([expect.stringMatching(/secret/), expect.stringMatching(/server/), 'the sentinel']);
  });
});

test('a call that has ended calls nobody any more', async () => {
  const late = attemptsIn('own').find(({ name }) => name.startsWith('O07'))!;
  const called: string[] = [];
  const outcome = await run(await bundleOf(pluginOf(late)), (name) => Promise.resolve(called.push(name)));
  const before = called.length;
  for (let turn = 0; turn < 5; turn++) await valueOf(pool.run(innocent));
  expect(called.length).toBe(before);
  expect(outcome.ok ? 'ok' : outcome.error.code).toBe('ok');
});

test('memory comes back after all of it', { timeout: 60_000 }, async () => {
  const bombs = await Promise.all(attemptsIn('given').filter(({ name }) => /^C1[1-5]/.test(name)).map((attempt) => bundleOf(pluginOf(attempt))));
  const explode = async (): Promise<void> => {
    for (const bomb of bombs) expect(await run(bomb)).toMatchObject({ ok: false });
  };
  await explode();
  const before = process.memoryUsage().rss;
  for (let round = 0; round < 10; round++) await explode();
  expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(150);
});

test('the host has its memory back after the whole list', { timeout: 240_000 }, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const bundles = await Promise.all(attempts.map((attempt) => bundleOf(pluginOf(attempt))));
  const own = createIsolatePool({ workers: 2 });
  const all = async (): Promise<void> => {
    await Promise.all(bundles.map((bundle) => own.run({ ...jobOf('', { args: canaries.args, call: scriptedCall, limits: LIMITS }), ...bundle })));
    collect();
  };
  await all();
  const before = process.memoryUsage();
  await all();
  const after = process.memoryUsage();
  expect((after.heapUsed - before.heapUsed) / 1e6).toBeLessThan(20);
  expect((after.arrayBuffers - before.arrayBuffers) / 1e6).toBeLessThan(20);
  expect((after.rss - before.rss) / 1e6).toBeLessThan(150);
  expect(await valueOf(own.run(innocent))).toBe('still here');
  await own.close();
  canaries.reached(null);
});
