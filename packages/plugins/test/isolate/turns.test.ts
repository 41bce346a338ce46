/** Calls that wait for calls, by the hundred: none for ever, and none longer than for its turn. */
import type { Json } from '@omnipaw/kernel';
import { expect, test, vi } from 'vitest';
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

test('an owner has so many calls under way and no more, and that is no matter to others', async () => {
  const pool = openPool({ workers: 1 });
  const open = Array.from({ length: 2_000 }, () => pool.run(jobOf('async (args, ctx) => ctx.call("never")', { owner: 'plugin-evil', call: never })));
  const refused = await pool.run(jobOf('() => 1', { owner: 'plugin-evil' }));
  expect(refused).toMatchObject({ ok: false, error: { code: 'PLUGIN_BUSY', failureClass: 'TRANSIENT', message: expect.stringContaining('"plugin-evil" has 2000 calls under way') as unknown } });
  expect(await valueOf(pool.run(jobOf('() => 1', { owner: 'plugin-good' })))).toBe(1);
  await pool.close();
  expect(new Set(await Promise.all(open.map(codeOf)))).toEqual(new Set(['PLUGIN_ABORTED']));
});
