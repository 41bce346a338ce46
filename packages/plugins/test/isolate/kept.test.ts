/** What is kept for calls that are under way: not more than there may be, and nobody who keeps little pays for one who keeps much. */
import type { Json } from '@omnipaw/kernel';
import { describe, expect, test, vi } from 'vitest';
import { Invocation } from '../../src/isolate/invocation.js';
import { Accounts, MAX_KEPT_CHARS, MAX_OPEN, type Underway } from '../../src/isolate/underway.js';
import { codeOf, jobOf, openPool, valueOf } from './support.js';

// Megabytes go to and fro, and not all machines have time.
vi.setConfig({ testTimeout: 120_000 });

const MEGABYTE = 1_000_000;

describe('the accounts of owners', () => {
  const call = (owner: string, keptChars: number, caller = 'a'): Underway & { keptChars: number } => ({ owner, caller, keptChars });

  test('have a place for so many calls of an owner for each caller', () => {
    const accounts = new Accounts();
    const calls = Array.from({ length: MAX_OPEN }, () => call('weather', 1));
    for (const one of calls) accounts.add(one);
    expect(accounts.hasPlace(call('weather', 1))).toBe(false);
    expect([call('weather', 1, 'b'), call('other', 1)].map((one) => accounts.hasPlace(one))).toEqual([true, true]);
    accounts.delete(calls[0]!);
    accounts.delete(calls[0]!);
    expect(accounts.hasPlace(call('weather', 1))).toBe(true);
    accounts.add(call('weather', 1));
    expect(accounts.hasPlace(call('weather', 1))).toBe(false);
  });

  test('end those of an owner that keep most, and no more of them than have to', () => {
    const accounts = new Accounts<ReturnType<typeof call>>();
    const [small, large, larger] = [call('evil', 100), call('evil', MAX_KEPT_CHARS / 2), call('evil', MAX_KEPT_CHARS / 2 - 100)];
    for (const one of [small, large, larger, call('good', MAX_KEPT_CHARS)]) accounts.add(one);
    expect(accounts.takeExcess('evil')).toEqual([]);
    larger.keptChars += 200;
    accounts.keep(larger, 200);
    expect(accounts.takeExcess('evil')).toEqual([larger]);
    expect(accounts.takeExcess('evil')).toEqual([]);
    // It is out, so whatever comes for it counts no more.
    accounts.keep(larger, MAX_KEPT_CHARS);
    accounts.delete(larger);
    expect([...accounts.takeExcess('evil'), ...accounts.takeExcess('good')]).toEqual([]);
  });
});

describe('what calls that wait were answered', () => {
  const big = 'x'.repeat(MEGABYTE);

  test('is bounded for all calls of an owner together, and those that keep little go on', async () => {
    const pool = openPool();
    let release!: () => void;
    const gate = new Promise<null>((resolve) => { release = () => { resolve(null); }; });
    const call = (name: string): Promise<Json> => (name === 'get' ? Promise.resolve(big) : gate);
    const read = (times: number, owner: string) => codeOf(pool.run(jobOf('async (times, ctx) => { for (let n = 0; n < times; n++) await ctx.call("get"); await ctx.call("gate"); return times; }', { args: times, owner, caller: `agent-${times}`, call })));
    const others = [read(0, 'plugin-evil'), read(0, 'plugin-evil'), read(5, 'plugin-good')];
    // 24 times 5 MB are nearly twice what there may be. Those that are too many end, and then the others may go on.
    const tooMany = 24 - Math.floor(MAX_KEPT_CHARS / (5 * MEGABYTE));
    let ended = 0;
    const large = Array.from({ length: 24 }, async () => {
      const code = await read(5, 'plugin-evil');
      if (code === 'PLUGIN_LIMIT_EXCEEDED' && ++ended === tooMany) release();
      return code;
    });
    expect((await Promise.all(large)).filter((code) => code !== 'ok 5')).toEqual(Array(tooMany).fill('PLUGIN_LIMIT_EXCEEDED'));
    expect(await Promise.all(others)).toEqual(['ok 0', 'ok 0', 'ok 5']);
  });

  test('counts as what it asks for does, so that one call has so much and no more', async () => {
    const read = (times: number) => openPool().run(jobOf('async (times, ctx) => { for (let n = 0; n < times; n++) await ctx.call("get"); return times; }', { args: times, call: () => Promise.resolve(big), limits: { fuel: 200 } }));
    expect(await valueOf(read(6))).toBe(6);
    expect(await read(7)).toMatchObject({ ok: false, error: { code: 'PLUGIN_LIMIT_EXCEEDED', details: { limit: 'fuel' } } });
  });

  test('and what they ask for as long as it is not answered', () => {
    const chars: number[] = [];
    const never = new Invocation(jobOf('', { call: () => new Promise(() => {}) }), [1, 2, 3, 4], { onSettled: () => {}, onKept: (more) => { chars.push(more); } });
    never.seatAt({ slot: 1, post: () => {} });
    const before = never.keptChars;
    expect(never.hear({ kind: 'call', slot: 1, call: 0, name: 'x', args: JSON.stringify(big) })).toBeUndefined();
    expect(never.keptChars - before).toBeGreaterThan(MEGABYTE);
    expect(chars).toEqual([never.keptChars - before]);
  });
});

test('a call that is run again asks for the same, or its worker has lost track', () => {
  const again = (name: string, args: string): string | undefined => {
    const invocation = new Invocation(jobOf('', { call: () => new Promise(() => {}) }), [1, 2, 3, 4], { onSettled: () => {}, onKept: () => {} });
    invocation.seatAt({ slot: 1, post: () => {} });
    expect(invocation.hear({ kind: 'call', slot: 1, call: 0, name: 'x', args: '{"a":1}' })).toBeUndefined();
    invocation.unseat();
    invocation.seatAt({ slot: 2, post: () => {} });
    return invocation.hear({ kind: 'call', slot: 2, call: 0, name, args });
  };
  expect(again('x', '{"a":1}')).toBeUndefined();
  for (const [name, args] of [['x', '{"a":2}'], ['y', '{"a":1}'], ['x{', '"a":1}']] as const) expect(again(name, args)).toBe('Run again, it made another call 0.');
});

test('a call that is started again and again has three times the time of one run for all of them', async () => {
  const invocation = new Invocation(jobOf('', { limits: { cpuMs: 100 } }), [1, 2, 3, 4], { onSettled: () => {}, onKept: () => {} });
  const rest = (slot: number, ranMs: number): void => { expect(invocation.hear({ kind: 'rest', slot, settled: 0, ranMs })).toBeUndefined(); };
  for (let slot = 1; slot <= 4; slot++) {
    invocation.seatAt({ slot, post: () => {} });
    rest(slot, 50);
    rest(slot, 75);
    expect([invocation.ranMs, invocation.isOver]).toEqual([75, false]);
    invocation.unseat();
  }
  invocation.seatAt({ slot: 5, post: () => {} });
  rest(5, 1);
  expect(await invocation.outcome).toMatchObject({ ok: false, error: { code: 'PLUGIN_LIMIT_EXCEEDED', details: { limit: 'cpuMs', used: 301, allowed: 300 } } });
});
