/** Calls that wait for calls, by the hundred: none for ever, and none longer than for its turn. */
import { Worker } from 'node:worker_threads';
import type { Json } from '@omnipaw/kernel';
import type { IsolateJob } from '@omnipaw/plugins';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { HostMessage } from '../../src/isolate/protocol.js';
import { codeOf, jobOf, openPool, valueOf } from './support.js';

// Hundreds of engines, and not all machines have time.
vi.setConfig({ testTimeout: 120_000 });

/** More than there are seats. */
const MANY = 40;
const never = (): Promise<Json> => new Promise(() => {});

test('calls that ask for calls, more at once than there are seats, all end', async () => {
  const pool = openPool({ workers: 1 });
  const run = (widths: readonly number[]): Promise<Json> => valueOf(pool.run(jobOf(
    'async (width, ctx) => (await Promise.all(Array.from({ length: width }, () => ctx.call("deeper")))).reduce((sum, one) => sum + one, 1)',
    { args: widths[0] ?? 0, call: () => run(widths.slice(1)), limits: { maxPendingCalls: MANY } },
  )));
  expect(await run([MANY, 3])).toBe(1 + MANY + 3 * MANY);
});

test('two owners that ask for each other, deeper than there are seats, come to an end', async () => {
  const pool = openPool({ workers: 1 });
  const run = (depth: number): Promise<Json> => valueOf(pool.run(jobOf('async (depth, ctx) => depth === 0 ? 0 : 1 + await ctx.call("other")', { args: depth, owner: `plugin-${depth % 2}`, call: () => run(depth - 1) })));
  expect(await run(MANY)).toBe(MANY);
});

test('a call whose seat was taken away while it waited does nothing twice', async () => {
  const pool = openPool({ workers: 1 });
  const [made, lines]: [string[], string[]] = [[], []];
  let wake!: () => void;
  const awake = new Promise<void>((resolve) => { wake = resolve; });
  const call = async (name: string, args: Json): Promise<Json> => {
    made.push(`${name} ${Number(args)}`);
    // The first answers come when all have asked, so that most have lost their seats by then.
    if (made.length === MANY) wake();
    await awake;
    return name;
  };
  const handler = `async (n, ctx) => {
    const chance = Math.random();
    const said = [];
    for (const name of ['a', 'b', 'c']) { said.push(await ctx.call(name, n)); ctx.log(name + n); }
    return [...said, chance === Math.random()];
  }`;
  const outcomes = Array.from({ length: MANY }, (_, n) => valueOf(pool.run(jobOf(handler, { args: n, seed: `seed ${n}`, call, log: (line) => { lines.push(line); } }))));
  expect(await Promise.all(outcomes)).toEqual(Array(MANY).fill(['a', 'b', 'c', false]));
  expect([made.length, new Set(made).size]).toEqual([3 * MANY, 3 * MANY]);
  expect([lines.length, new Set(lines).size]).toEqual([3 * MANY, 3 * MANY]);
});

test('an owner whose calls all wait for what never comes keeps nobody waiting', async () => {
  const pool = openPool({ workers: 1 });
  for (let n = 0; n < MANY; n++) void pool.run(jobOf('async (args, ctx) => ctx.call("never")', { owner: 'plugin-evil', call: never }));
  expect(await valueOf(pool.run(jobOf('async (n, ctx) => n + await ctx.call("x")', { args: 1, owner: 'plugin-good', call: () => Promise.resolve(1) })))).toBe(2);
});

test('an owner with hundreds of calls that work hard keeps others waiting for a turn, and not for all of them', async () => {
  const pool = openPool({ workers: 1 });
  const ended: string[] = [];
  const work = (owner: string, handler: string): Promise<unknown> => pool.run(jobOf(handler, { owner, call: () => Promise.resolve(1) })).then(() => ended.push(owner));
  const flood = Array.from({ length: 100 }, () => work('plugin-evil', 'async (args, ctx) => { for (let n = 0; n < 2e5; n++); await ctx.call("x"); }'));
  await flood[0];
  const before = ended.length;
  await work('plugin-good', 'async (args, ctx) => ctx.call("x")');
  // Two turns of its own, and before each of them those that the other one had or was about to have.
  expect(ended.length - before).toBeLessThan(10);
  await Promise.all(flood);
});

test('an owner has one turn on a worker and no more, so that another one waits for no second one', async () => {
  const pool = openPool({ workers: 1 });
  await pool.prepare();
  const ended: string[] = [];
  // Where nobody else is, it may have two.
  void pool.run(jobOf('async (args, ctx) => ctx.call("x")', { owner: 'other', call: never }));
  const work = (owner: string): Promise<unknown> => pool.run(jobOf('async () => { for (let n = 0; n < 3e5; n++); }', { owner })).then(() => ended.push(owner));
  await Promise.all([...Array.from({ length: 5 }, () => work('evil')), work('good')]);
  expect(ended.indexOf('good')).toBe(1);
});

test('a turn that does not end keeps nobody else waiting, and there are threads for it as long as it lasts', async () => {
  const pool = openPool({ workers: 1 });
  const controller = new AbortController();
  // It asks whether to go on, now and then, and would for ten minutes.
  const long = jobOf('async () => { const list = Array.from({ length: 300 }, (_, n) => n); for (;;) list.slice().sort(); }', { owner: 'evil', limits: { cpuMs: 600_000, fuel: 1e9 }, signal: controller.signal });
  // This one is on its thread already, and goes on when that one is at it.
  let answer!: (value: Json) => void;
  let isAsked!: () => void;
  const asked = new Promise<void>((resolve) => { isAsked = resolve; });
  const early = valueOf(pool.run(jobOf('async (args, ctx) => ctx.call("x")', { owner: 'early', call: () => new Promise((resolve) => { answer = resolve; isAsked(); }) })));
  await asked;
  const evil = Array.from({ length: 3 }, () => codeOf(pool.run(long)));
  const ended: string[] = [];
  void Promise.race(evil).then(() => ended.push('evil'));
  // The first of them waits behind it for a while.
  const good = (call: IsolateJob['call']): Promise<Json> => valueOf(pool.run(jobOf('async (args, ctx) => ctx.call("x")', { owner: 'good', call })));
  for (let time = 0; time < 3; time++) expect(await good((name) => Promise.resolve(name))).toBe('x');
  expect(await good(() => valueOf(pool.run(jobOf('() => "of another"', { owner: 'other' }))))).toBe('of another');
  answer('late');
  expect(await early).toBe('late');
  expect(ended).toEqual([]);
  controller.abort();
  expect(await Promise.all(evil)).toEqual(Array(3).fill('PLUGIN_ABORTED'));
});

test('a seat is taken from the one that is started anew soonest, not from one that has worked long', async () => {
  const posted = vi.spyOn(Worker.prototype, 'postMessage');
  onTestFinished(() => { posted.mockRestore(); });
  const pool = openPool({ workers: 1 });
  let resting = 0;
  const call = (): Promise<Json> => (resting++, never());
  // As many as there are seats; the one that has rested longest would do it all again.
  for (const [loops] of [[2e6], ...Array(15).fill([0]) as number[][]]) {
    const before = resting;
    void pool.run(jobOf('async (loops, ctx) => { for (let n = 0; n < loops; n++); await ctx.call("x"); }', { args: loops!, owner: 'same', call }));
    while (resting === before) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(await valueOf(pool.run(jobOf('() => 1', { owner: 'other' })))).toBe(1);
  const slots = posted.mock.calls.flatMap(([message]) => ((message as HostMessage).kind === 'dispose' ? [(message as { readonly slot: number }).slot] : []));
  expect(slots).toHaveLength(1);
  expect(slots[0]).toBeGreaterThan(1);
});

test('a call that the host ends is taken from its worker', async () => {
  const posted = vi.spyOn(Worker.prototype, 'postMessage');
  onTestFinished(() => { posted.mockRestore(); });
  const pool = openPool({ workers: 1 });
  const outcome = pool.run(jobOf('async (args, ctx) => { ctx.log("x"); await ctx.call("x"); }', { call: never, log: () => { throw new Error('not taken'); } }));
  expect(await codeOf(outcome)).toBe('PLUGIN_FAILED');
  expect(posted.mock.calls.map(([message]) => (message as HostMessage).kind)).toEqual(['start', 'dispose']);
});

test('a caller has so many calls of an owner under way and no more, and that is no matter to other callers and owners', async () => {
  const pool = openPool({ workers: 1 });
  const open = Array.from({ length: 2_000 }, () => pool.run(jobOf('async (args, ctx) => ctx.call("never")', { owner: 'plugin-weather', caller: 'evil-1', call: never })));
  const one = (owner: string, caller: string) => pool.run(jobOf('() => 1', { owner, caller }));
  expect(await one('plugin-weather', 'evil-1')).toMatchObject({ ok: false, error: { code: 'PLUGIN_BUSY', failureClass: 'TRANSIENT', message: expect.stringContaining('"plugin-weather" has 2000 calls under way for one caller') as unknown } });
  expect(await Promise.all([one('plugin-weather', 'good-1'), one('plugin-other', 'evil-1')].map(valueOf))).toEqual([1, 1]);
  await pool.close();
  expect(new Set(await Promise.all(open.map(codeOf)))).toEqual(new Set(['PLUGIN_ABORTED']));
});
