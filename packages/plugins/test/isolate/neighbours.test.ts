import type { Json } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { codeOf, jobOf, openPool, valueOf } from './support.js';

/** One call of the engine that takes far longer than it may, and that nothing can interrupt. */
const STUCK = 'async () => { let x = 3n ** 300_000n; for (let i = 0; i < 50; i++) x = BigInt((x % 10n ** 100_000n).toString()) * 3n ** 300_000n; }';
const stuck = jobOf(STUCK, { limits: { cpuMs: 150 } });

/** Calls that are answered when the test says so, in the order that it says. */
class Answers {
  readonly made: string[] = [];
  readonly #open = new Map<string, (value: Json) => void>();

  readonly call = (name: string, args: Json): Promise<Json> => {
    this.made.push(`${name} ${JSON.stringify(args)}`);
    return new Promise((resolve) => this.#open.set(name, resolve));
  };

  give(name: string, value: Json): void {
    this.#open.get(name)!(value);
  }

  async untilMade(count: number): Promise<void> {
    while (this.made.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a worker that is stuck', () => {
  test('is ended, and only the call that did it fails', { timeout: 30_000 }, async () => {
    const pool = openPool({ workers: 1 });
    const answers = new Answers();
    const lines: string[] = [];
    const handler = `async (args, ctx) => {
      const order = [];
      const note = (name) => ctx.call(name, { chance: Math.random() }).then((value) => { order.push(name, value); ctx.log(name); });
      const [a, b] = [note('a'), note('b')];
      await Promise.race([a, b]);
      await Promise.all([a, b, note('c')]);
      return [...order, crypto.randomUUID()];
    }`;
    const waiting = pool.run(jobOf(handler, { call: answers.call, log: (text) => { lines.push(text); } }));
    await answers.untilMade(2);
    answers.give('b', 1);
    await answers.untilMade(3);

    expect(await codeOf(pool.run(stuck))).toBe('PLUGIN_LIMIT_EXCEEDED');
    // The call that was not answered yet is still under way, and is not made again.
    answers.give('c', 2);
    expect(await codeOf(pool.run(stuck))).toBe('PLUGIN_LIMIT_EXCEEDED');
    answers.give('a', 3);
    const result = await valueOf(waiting);

    expect(result).toEqual(['b', 1, 'c', 2, 'a', 3, expect.any(String)]);
    expect(answers.made.map((made) => made.slice(0, 1))).toEqual(['a', 'b', 'c']);
    expect(lines).toEqual(['b', 'c', 'a']);

    const undisturbed = new Answers();
    const again = pool.run(jobOf(handler, { call: undisturbed.call }));
    await undisturbed.untilMade(2);
    undisturbed.give('b', 1);
    await undisturbed.untilMade(3);
    undisturbed.give('c', 2);
    undisturbed.give('a', 3);
    expect(await valueOf(again)).toEqual(result);
    expect(undisturbed.made).toEqual(answers.made);
  });

  test('never makes an innocent call fail, however often', { timeout: 30_000 }, async () => {
    const pool = openPool({ workers: 1 });
    const answers = new Answers();
    const waiting = Array.from({ length: 5 }, (_, n) => pool.run(jobOf('async (n, ctx) => n + await ctx.call("gate" + n)', { args: n, call: answers.call })));
    await answers.untilMade(5);
    for (let time = 0; time < 5; time++) expect(await codeOf(pool.run(stuck))).toBe('PLUGIN_LIMIT_EXCEEDED');
    for (let n = 0; n < 5; n++) answers.give(`gate${n}`, 10);
    expect(await Promise.all(waiting.map(valueOf))).toEqual([10, 11, 12, 13, 14]);
    expect(answers.made).toHaveLength(5);
  });

  test('is ended as all others are, and sooner each time that the same code does it', { timeout: 60_000 }, async () => {
    const pool = openPool();
    const guilty = jobOf('async () => { for (let n = 0; n < 3_000; n++) (3n ** 600_000n).toString(); }', { limits: { cpuMs: 600_000, fuel: 1e9 } });
    const allowed: unknown[] = [];
    for (let time = 0; time < 3; time++) {
      const both = [pool.run(guilty), pool.run(guilty)];
      const innocent = pool.run(jobOf('async () => 1'));
      for (const outcome of await Promise.all(both)) allowed.push(outcome.ok ? outcome.value : outcome.error.details?.['allowed']);
      expect(await valueOf(innocent)).toBe(1);
    }
    // Which of the two began first is not for us to say.
    expect(Math.max(...(allowed.slice(0, 2) as number[]))).toBe(2_000);
    expect(allowed.slice(2)).toEqual([500, 500, 500, 500]);
  });

  test('makes no other call fail when its own calls are given up, however often', { timeout: 120_000 }, async () => {
    const pool = openPool({ workers: 1 });
    let isOver = false;
    const flood = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const controller = new AbortController();
        const given = pool.run({ ...stuck, owner: 'plugin-evil', limits: { ...stuck.limits, cpuMs: 60_000, fuel: 1e9 }, signal: controller.signal });
        setTimeout(() => { controller.abort(); }, 50);
        await given;
      }
    });
    for (let time = 0; time < 4; time++) expect(await valueOf(pool.run(jobOf('async () => 1', { owner: 'plugin-good' })))).toBe(1);
    isOver = true;
    await Promise.all(flood);
  });

  test('is ended, too, when its call was given up', { timeout: 30_000 }, async () => {
    const pool = openPool({ workers: 1 });
    const controller = new AbortController();
    const given = pool.run({ ...stuck, limits: { ...stuck.limits, cpuMs: 60_000, fuel: 1e9 }, signal: controller.signal });
    setTimeout(() => { controller.abort(); }, 100);
    expect(await codeOf(given)).toBe('PLUGIN_ABORTED');
    expect(await valueOf(pool.run(jobOf('() => 1')))).toBe(1);
  });
});

test('calls that are given up run no more, however many there were', { timeout: 60_000 }, async () => {
  const pool = openPool({ workers: 1 });
  // It asks whether to go on, now and then, and would for ten minutes.
  const long = jobOf('async () => { const list = Array.from({ length: 300 }, (_, n) => n); for (;;) list.slice().sort(); }', { owner: 'plugin-evil', limits: { cpuMs: 600_000, fuel: 1e9 } });
  for (let time = 0; time < 10; time++) {
    const controller = new AbortController();
    const both = [0, 1].map(() => pool.run({ ...long, signal: controller.signal }));
    setTimeout(() => { controller.abort(); }, 20);
    expect(await Promise.all(both.map(codeOf))).toEqual(['PLUGIN_ABORTED', 'PLUGIN_ABORTED']);
  }
  expect(await valueOf(pool.run(jobOf('async () => 1', { owner: 'plugin-good' })))).toBe(1);
});

test('a thousand calls, one after the other and many at once, leave no memory behind', { timeout: 60_000 }, async () => {
  const pool = openPool();
  const job = jobOf('async (n, ctx) => { const kept = new Uint8Array(1e6).fill(1); return kept.length + await ctx.call("x", n); }', { call: () => Promise.resolve(1) });
  const some = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 20) expect(await Promise.all(Array.from({ length: 20 }, () => valueOf(pool.run(job))))).toEqual(Array.from({ length: 20 }, () => 1_000_001));
  };
  await some(200);
  const before = process.memoryUsage().rss;
  await some(1000);
  expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(150);
});
