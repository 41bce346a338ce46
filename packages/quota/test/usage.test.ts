import { defineAgent, defineTool, OmniError, unchecked, type ToolContext, type Usage } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { describe, expect, it } from 'vitest';
import { boot, finish, ofKind, rejection } from './support.js';

interface Ask {
  readonly tokens: number;
  readonly cost?: number;
}

/** A model that reserves what it is asked for, and does as the test says. */
function model(run: (args: Ask, context: ToolContext) => unknown, more: { readonly timeoutMs?: number; readonly idempotent?: boolean } = {}) {
  return defineTool({
    name: 'model', description: 'Answers.', input: unchecked<Ask>(), ...more, retry: { limit: 1, backoffMs: 10 },
    reserve: ({ tokens, cost }) => ({ tokens, ...(cost === undefined ? {} : { cost }) }),
    run: async (args, context) => { return run(args, context) as string; },
  });
}

const grants = ['call:*'];

describe('tokens and cost', () => {
  it('are reserved before the call and settled by what the tool says', async () => {
    const time = new VirtualTime();
    const tool = model(async (_, context) => {
      await time.sleep(100);
      context.spend({ tokens: 30 });
      context.spend({ tokens: 12, cost: 7 });
      return 'yes';
    });
    const main = defineAgent('main', function* (ctx) {
      return yield* ctx.tool(tool, { tokens: 100, cost: 50 });
    });
    const booted = await boot({ agents: [main], tools: [tool], time });
    const handle = booted.kernel.spawn(main, null, { grants, quota: { maxTokens: 100, maxCost: 50 } });
    await time.advance(50);
    expect(booted.limits.ledger.of('main-1')).toMatchObject({ own: { tokens: 100, cost: 50 } });
    await time.until(handle.result());
    expect(booted.limits.ledger.of('main-1')).toMatchObject({ own: { tokens: 42, cost: 7 }, limits: [{ used: 42 }, { used: 7 }] });
    const entries = await finish(booted);
    expect(ofKind(entries, 'TOOL_CALLED')[0]?.data.reserved).toEqual({ tokens: 100, cost: 50 });
    expect(ofKind(entries, 'TOOL_RESULT')[0]?.data.usage).toEqual({ tokens: 42, cost: 7 });
  });

  it('are refused before the money is spent, by what calls at the same time may still spend', async () => {
    let runs = 0;
    const tool = model((_, context) => {
      runs++;
      context.spend({ tokens: 1 });
      return 'yes';
    });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.all([1, 2, 3, 4].map(() => ctx.tool(tool, { tokens: 30 })));
    });
    const booted = await boot({ agents: [main], tools: [tool] });
    const error = await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota: { maxTokens: 100 } }).result());
    expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxTokens', used: 90, asked: 30, limit: 100 } });
    expect(runs).toBeLessThanOrEqual(3);
    expect(ofKind(await finish(booted), 'TOOL_CALLED')).toHaveLength(3);
  });

  it.each<readonly [what: string, run: (args: Ask, context: ToolContext) => unknown, used: Usage]>([
    ['says nothing', () => 'yes', { tokens: 100, cost: 50 }],
    ['says one thing of two', (_, context) => { context.spend({ tokens: 5 }); return 'yes'; }, { tokens: 5, cost: 50 }],
    ['fails and says nothing', () => { throw new Error('broken'); }, { tokens: 100, cost: 50 }],
    ['says it without its context', (_, { spend }) => { spend({ tokens: 5 }); spend({ tokens: 1, cost: 2 }); return 'yes'; }, { tokens: 6, cost: 2 }],
    ['fails for nothing, and says so', (_, context) => { context.spend({ tokens: 0, cost: 0 }); throw new Error('refused'); }, { tokens: 0, cost: 0 }],
    ['fails once, and says each time', (_, context) => {
      context.spend({ tokens: 10, cost: 1 });
      if (context.attempt === 1) throw new OmniError('BUSY', 'later', { failureClass: 'TRANSIENT' });
      return 'yes';
    }, { tokens: 20, cost: 2 }],
    ['fails once without a word', (_, context) => {
      if (context.attempt === 1) throw new OmniError('BUSY', 'later', { failureClass: 'TRANSIENT' });
      context.spend({ tokens: 10, cost: 1 });
      return 'yes';
    }, { tokens: 100, cost: 50 }],
    ['never ends', (_, context) => { context.spend({ tokens: 10 }); return new Promise(() => undefined); }, { tokens: 100, cost: 50 }],
    ['uses more than it reserved', (_, context) => { context.spend({ tokens: 130, cost: 60 }); return 'yes'; }, { tokens: 130, cost: 60 }],
  ])('of a tool that %s are what is on the safe side', async (_what, run, used) => {
    const tool = model(run, { timeoutMs: 1_000 });
    const main = defineAgent('main', function* (ctx) {
      try {
        return yield* ctx.tool(tool, { tokens: 100, cost: 50 });
      } catch (error) {
        return (error as OmniError).code;
      }
    });
    const booted = await boot({ agents: [main], tools: [tool] });
    await booted.time.until(booted.kernel.spawn(main, null, { grants, quota: { maxTokens: 100, maxCost: 50 } }).result());
    expect(booted.limits.ledger.of('main-1')?.own).toMatchObject(used);
    await finish(booted);
  });

  it('that a tool spends without a reservation count, and once they are over the limit, no call is left', async () => {
    const tool = defineTool({ name: 'model', description: '', input: unchecked<object>(), run: (_, context) => { context.spend({ tokens: 60, cost: 1 }); return 1; } });
    const main = defineAgent('main', function* (ctx) {
      for (;;) yield* ctx.tool(tool, {});
    });
    const booted = await boot({ agents: [main], tools: [tool] });
    const error = await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota: { maxTokens: { hard: 100, soft: 50 }, maxCost: 100 } }).result());
    expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxTokens', used: 120, asked: 0, limit: 100 } });
    expect(booted.limits.ledger.of('main-1')?.own).toMatchObject({ toolCalls: 2, tokens: 120, cost: 2 });
    expect(ofKind(await finish(booted), 'QUOTA_WARNED')).toHaveLength(1);
  });

  it.each<readonly [what: string, tokens: number, more: Parameters<typeof model>[1], inBetween: number]>([
    ['whose time was up', 101, { idempotent: false }, 100],
    ['that was tried again after its time was up', 102, { idempotent: true }, 100],
  ])('that are spent by a call %s count on top of what it reserved', async (_what, tokens, more, inBetween) => {
    const time = new VirtualTime();
    const tool = model(async (_, { attempt, spend }) => {
      spend({ tokens: 1 });
      if (attempt > 1) return 'yes';
      await time.sleep(5_000);
      spend({ tokens: 100 });
      return 'late';
    }, { ...more, timeoutMs: 1_000 });
    const patient = defineAgent('main', function* (ctx) {
      yield* ctx.allSettled([ctx.tool(tool, { tokens: 100 })]);
      yield* ctx.sleep(10_000);
    });
    const booted = await boot({ agents: [patient], tools: [tool], time });
    const handle = booted.kernel.spawn(patient, null, { grants, quota: { maxTokens: 100 } });
    await time.advance(3_000);
    expect(booted.limits.ledger.of('main-1')?.own.tokens).toBe(inBetween);
    await time.until(handle.result());
    const entries = await finish(booted);
    expect(ofKind(entries, 'STALE_RESULT').map(({ data }) => data.usage)).toEqual([{ tokens: 100 }]);
    expect(booted.limits.ledger.of('main-1')?.own.tokens).toBe(tokens);
  });

  it('that a tool spends whose agent has ended count for those above', async () => {
    const time = new VirtualTime();
    const tool = model(async (_, { spend }) => {
      await time.sleep(100);
      spend({ tokens: 5_000 });
      return 'late';
    });
    const child = defineAgent('child', function* (ctx) {
      yield* ctx.tool(tool, { tokens: 10 });
    });
    const main = defineAgent('main', function* (ctx) {
      const started = yield* ctx.start(child, null, { grants, expiresInMs: 50, quota: { maxTokens: 20 } });
      yield* ctx.allSettled([ctx.join(started)]);
      yield* ctx.sleep(500);
      yield* ctx.tool(tool, { tokens: 10 });
    });
    const booted = await boot({ agents: [main, child], tools: [tool], time });
    const error = await rejection(time, booted.kernel.spawn(main, null, { grants: ['call:*', 'delegate:*'], quota: { maxTokens: 100 } }).result());
    expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxTokens', used: 5_000, limit: 100 } });
    await finish(booted);
  });

  it('that are said after the result are an error of the tool', async () => {
    let said: unknown;
    const tool = model((_, { spend }) => {
      said = Promise.resolve().then(() => Promise.resolve()).then(() => Promise.resolve()).then(() => { spend({ tokens: 1 }); }).catch((error: unknown) => error);
      return 'yes';
    });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.tool(tool, { tokens: 10 });
      yield* ctx.sleep(10);
    });
    const booted = await boot({ agents: [main], tools: [tool] });
    await booted.time.until(booted.kernel.spawn(main, null, { grants }).result());
    expect(await said).toEqual(new TypeError('Tool "model" said what it used after its result. Say it before.'));
    await finish(booted);
  });

  it.each<readonly [what: string, usage: unknown, message: string]>([
    ['of another name', { token: 5 }, '"token"'],
    ['that are promised', Promise.resolve({ tokens: 5 }), 'does not say at once'],
    ['that are nothing at all', undefined, 'does not say at once'],
    ['that are a bare number', 5, 'does not say at once'],
  ])('%s are an error of the tool', async (_what, usage, message) => {
    for (const isReserved of [true, false]) {
      const tool = defineTool({
        name: 'model', description: '', input: unchecked<object>(),
        reserve: () => (isReserved ? usage as Usage : {}),
        run: (_, context) => { context.spend(usage as Usage); return 1; },
      });
      const main = defineAgent('main', function* (ctx) { return yield* ctx.tool(tool, {}); });
      const booted = await boot({ agents: [main], tools: [tool] });
      const error = await rejection(booted.time, booted.kernel.spawn(main, null, { grants }).result());
      expect(error.message).toContain(message);
      await finish(booted);
    }
  });

  it('that add up to more than can be counted are an error of the tool', async () => {
    const tool = model((_, { spend }) => { spend({ tokens: Number.MAX_SAFE_INTEGER }); spend({ tokens: 1 }); return 'yes'; });
    const main = defineAgent('main', function* (ctx) { return yield* ctx.tool(tool, { tokens: 1 }); });
    const booted = await boot({ agents: [main], tools: [tool] });
    const error = await rejection(booted.time, booted.kernel.spawn(main, null, { grants }).result());
    expect(error.message).toContain(`tokens ${String(2 ** 53)}`);
    await finish(booted);
  });

  it.each([
    ['reserves', -1], ['reserves', 0.5], ['reserves', Number.NaN], ['spends', -1], ['spends', 0.5], ['spends', '5'],
  ])('that are no amounts are an error of the tool that %s %s', async (what, amount) => {
    const tokens = amount as number;
    const tool = model((_, context) => { context.spend({ tokens: what === 'spends' ? tokens : 1 }); return 'yes'; });
    const main = defineAgent('main', function* (ctx) {
      return yield* ctx.tool(tool, { tokens: what === 'reserves' ? tokens : 1 });
    });
    const booted = await boot({ agents: [main], tools: [tool] });
    const error = await rejection(booted.time, booted.kernel.spawn(main, null, { grants }).result());
    if (!Number.isNaN(amount)) expect(error.message).toContain(`tokens ${String(amount)}`);
    await finish(booted);
  });

  it('of an agent that ends in the middle are those that it reserved', async () => {
    const time = new VirtualTime();
    const tool = model(async () => { await time.sleep(1_000); return 'yes'; });
    const child = defineAgent('child', function* (ctx) {
      yield* ctx.tool(tool, { tokens: 40 });
    });
    const main = defineAgent('main', function* (ctx) {
      const started = yield* ctx.start(child, null, { grants: ['call:*'], quota: { maxTokens: 60 } });
      yield* ctx.sleep(100);
      return started.agent;
    });
    const booted = await boot({ agents: [main, child], tools: [tool], time });
    await time.until(booted.kernel.spawn(main, null, { grants: ['call:*', 'delegate:*'], quota: { maxTokens: 100 } }).result());
    await time.advance(2_000);
    expect(booted.limits.ledger.all().map(({ own, limits }) => [own.tokens, limits[0]?.used])).toEqual([[0, 40], [40, 40]]);
    await finish(booted);
  });
});
