import { defineAgent, defineTool, unchecked, type OmniError } from '@omnipaw/kernel';
import { scriptedTool, VirtualTime } from '@omnipaw/testing';
import { quota, type RateLimit } from '@omnipaw/quota';
import { describe, expect, it } from 'vitest';
import { boot, finish, ofKind, rejection } from './support.js';

const echo = scriptedTool<object, string>({ name: 'echo', script: () => ({ value: 'yes' }) });
const other = scriptedTool<object, string>({ name: 'other', script: () => ({ value: 'no' }) });
const tools = [echo, other];
const grants = ['call:*'];
const delayed: RateLimit = { per: 'kernel', calls: 2, everyMs: 1_000, over: 'delay' };

const caller = defineAgent('caller', function* (ctx, calls: number) {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    yield* ctx.tool(echo, {});
    times.push(ctx.now() - ctx.agent.createdAt);
  }
  return times;
});

describe('a rate that delays', () => {
  it('lets calls wait, and their program does not notice', async () => {
    const booted = await boot({ agents: [caller], tools, rates: [delayed] });
    expect(await booted.time.until(booted.kernel.spawn(caller, 6, { grants }).result())).toEqual([0, 0, 500, 1_000, 1_500, 2_000]);
    const entries = await finish(booted);
    expect(ofKind(entries, 'DELAY_STARTED')).toHaveLength(4);
    expect(ofKind(entries, 'DELAY_STARTED')[0]?.data).toMatchObject({ by: 'quota', instruction: { op: 'CALL_TOOL', tool: 'echo', args: {} } });
  });

  it('lets each wait once, in the order in which they came', async () => {
    const together = defineAgent('caller', function* (ctx, calls: number) {
      yield* ctx.all(Array.from({ length: calls }, () => ctx.tool(echo, {})));
      return ctx.now() - ctx.agent.createdAt;
    });
    const booted = await boot({ agents: [together], tools, rates: [delayed] });
    const handles = [4, 2, 2].map((calls) => booted.kernel.spawn(together, calls, { grants }));
    expect(await booted.time.until(Promise.all(handles.map((handle) => handle.result())))).toEqual([1_000, 2_000, 3_000]);
    const entries = await finish(booted);
    expect(ofKind(entries, 'DELAY_STARTED')).toHaveLength(6);
    expect(ofKind(entries, 'DELAY_ENDED')).toHaveLength(6);
    // Never more than two in a second, but for the two that were there from the start.
    const times = ofKind(entries, 'TOOL_CALLED').map(({ time }) => time);
    for (const from of times) expect(times.filter((at) => at > from && at <= from + 1_000).length).toBeLessThanOrEqual(2);
  });

  it.each<readonly [per: RateLimit['per'], ms: readonly number[]]>([['kernel', [500, 1_000]], ['agent', [0, 0]], ['tool', [500, 1_000]]])('per %s is shared by whom it says', async (per, ms) => {
    const booted = await boot({ agents: [caller], tools, rates: [{ ...delayed, per }] });
    const handles = [2, 2].map((calls) => booted.kernel.spawn(caller, calls, { grants }));
    const results = await booted.time.until(Promise.all(handles.map((handle) => handle.result())));
    expect(results.map((times) => times.at(-1))).toEqual(ms);
    await finish(booted);
  });

  it('is for the tools that its pattern matches', async () => {
    const both = defineAgent('both', function* (ctx) {
      for (let i = 0; i < 4; i++) {
        yield* ctx.tool(other, {});
        yield* ctx.tool(echo, {});
      }
      return ctx.now() - ctx.agent.createdAt;
    });
    const booted = await boot({ agents: [both], tools, rates: [{ ...delayed, tool: 'ech*' }] });
    expect(await booted.time.until(booted.kernel.spawn(both, null, { grants }).result())).toBe(1_000);
    await finish(booted);
  });

  it('in tokens takes what a call reserves, and gives back what it has not used', async () => {
    const time = new VirtualTime();
    const model = defineTool({
      name: 'model', description: '', input: unchecked<{ tokens: number }>(), reserve: ({ tokens }) => ({ tokens }),
      run: async ({ tokens }, context) => { context.spend({ tokens: tokens / 2 }); return tokens; },
    });
    const main = defineAgent('main', function* (ctx) {
      const times: number[] = [];
      for (let i = 0; i < 4; i++) {
        yield* ctx.tool(model, { tokens: 100 });
        times.push(ctx.now() - ctx.agent.createdAt);
      }
      return times;
    });
    const booted = await boot({ agents: [main], tools: [model], time, rates: [{ per: 'agent', tokens: 100, everyMs: 1_000, over: 'delay' }] });
    expect(await time.until(booted.kernel.spawn(main, null, { grants }).result())).toEqual([0, 500, 1_000, 1_500]);
    await finish(booted);
  });

  it('gives back the turn of an agent that ends while it waits', async () => {
    const booted = await boot({ agents: [caller], tools, rates: [{ ...delayed, calls: 1 }] });
    const handles = [2, 2].map((calls) => booted.kernel.spawn(caller, calls, { grants }));
    await booted.time.settle();
    booted.kernel.revoke('caller-1', 'enough');
    await rejection(booted.time, handles[0]!.result());
    expect((await booted.time.until(handles[1]!.result())).at(-1)).toBe(2_000);
    await finish(booted);
  });

  it('holds a call that was approved, and makes it once its turn has come', async () => {
    const booted = await boot({ agents: [caller], tools, rates: [{ ...delayed, calls: 1 }], policies: [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: 'echo' }] });
    const handle = booted.kernel.spawn(caller, 2, { grants });
    for (let i = 0; i < 2; i++) {
      await booted.time.settle();
      booted.kernel.decide(booted.kernel.approvals()[0]!.id, { approved: true });
    }
    expect(await booted.time.until(handle.result())).toEqual([0, 1_000]);
    expect(ofKind(await finish(booted), 'TOOL_CALLED').map(({ data }) => data.permission.by)).toEqual([expect.stringMatching(/^approval/), expect.stringMatching(/^approval/)]);
  });

  it('lets no call wait for which nothing is left', async () => {
    const pair = defineAgent('pair', function* (ctx) {
      yield* ctx.all([ctx.tool(echo, {}), ctx.tool(echo, {}), ctx.tool(echo, {})]);
    });
    const booted = await boot({ agents: [pair], tools, rates: [{ ...delayed, calls: 1 }] });
    const error = await rejection(booted.time, booted.kernel.spawn(pair, null, { grants, quota: { maxToolCalls: 2 } }).result());
    expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { used: 2 } });
    expect(booted.limits.ledger.of('pair-1')?.limits).toEqual([{ resource: 'maxToolCalls', hard: 2, used: 1 }]);
    const entries = await finish(booted);
    expect([ofKind(entries, 'TOOL_CALLED').length, ofKind(entries, 'DELAY_STARTED').length]).toEqual([1, 1]);
  });

  it('keeps nobody waiting behind calls that are never made', async () => {
    const greedy = defineAgent('greedy', function* (ctx) {
      yield* ctx.all(Array.from({ length: 100 }, () => ctx.tool(echo, {})));
    });
    const booted = await boot({ agents: [greedy, caller], tools, rates: [{ ...delayed, calls: 1 }] });
    await rejection(booted.time, booted.kernel.spawn(greedy, null, { grants, quota: { maxToolCalls: 2 } }).result());
    expect(await booted.time.until(booted.kernel.spawn(caller, 1, { grants }).result())).toEqual([1_000]);
    await finish(booted);
  });

  it('holds the tokens of a call that waits', async () => {
    const model = defineTool({ name: 'model', description: '', input: unchecked<object>(), reserve: () => ({ tokens: 40 }), run: (_, context) => { context.spend({ tokens: 10 }); return 1; } });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.all([ctx.tool(model, {}), ctx.tool(model, {})]);
      yield* ctx.sleep(2_000);
      yield* ctx.tool(model, {});
    });
    const booted = await boot({ agents: [main], tools: [model], rates: [{ ...delayed, calls: 1 }] });
    const handle = booted.kernel.spawn(main, null, { grants, quota: { maxTokens: 100 } });
    await booted.time.advance(500);
    expect(booted.limits.ledger.of('main-1')?.own).toMatchObject({ toolCalls: 2, tokens: 50 });
    await booted.time.until(handle.result());
    expect(booted.limits.ledger.of('main-1')?.own).toMatchObject({ toolCalls: 3, tokens: 30 });
    await finish(booted);
  });
});

describe('a rate that refuses', () => {
  it('is an error that the program can catch, and says when to try again', async () => {
    const patient = defineAgent('patient', function* (ctx) {
      yield* ctx.tool(echo, {});
      try {
        yield* ctx.tool(echo, {});
      } catch (error) {
        const { code, failureClass, details } = error as OmniError;
        yield* ctx.sleep((details!['retryAt'] as number) - ctx.now());
        yield* ctx.tool(echo, {});
        return { code, failureClass, afterMs: ctx.now() - ctx.agent.createdAt };
      }
      return null;
    });
    const booted = await boot({ agents: [patient], tools, rates: [{ ...delayed, calls: 1, over: 'refuse' }] });
    expect(await booted.time.until(booted.kernel.spawn(patient, null, { grants }).result())).toEqual({ code: 'RATE_LIMITED', failureClass: 'TRANSIENT', afterMs: 1_000 });
    await finish(booted);
  });

  it('refuses for good what never comes at once', async () => {
    const model = defineTool({ name: 'model', description: '', input: unchecked<object>(), reserve: () => ({ tokens: 500 }), run: () => 1 });
    const main = defineAgent('main', function* (ctx) { return yield* ctx.tool(model, {}); });
    const booted = await boot({ agents: [main], tools: [model], rates: [{ per: 'tool', tokens: 100, everyMs: 1_000, over: 'delay' }] });
    const error = await rejection(booted.time, booted.kernel.spawn(main, null, { grants }).result());
    expect(error).toMatchObject({ code: 'RATE_LIMITED', details: { tool: 'model' } });
    expect(error.details).not.toHaveProperty('retryAt');
    await finish(booted);
  });

  it('lets as many come at once as its burst says', async () => {
    const booted = await boot({ agents: [caller], tools, rates: [{ ...delayed, calls: 1, burst: 4 }] });
    expect(await booted.time.until(booted.kernel.spawn(caller, 6, { grants }).result())).toEqual([0, 0, 0, 0, 1_000, 2_000]);
    await finish(booted);
  });
});

it('a rate in tokens does not hold up a call that uses none', async () => {
  const model = defineTool({ name: 'model', description: '', input: unchecked<object>(), reserve: () => ({ tokens: 100 }), run: (_, context) => { context.spend({ tokens: 100 }); return null; } });
  const greedy = defineAgent('greedy', function* (ctx) {
    yield* ctx.all([ctx.tool(model, {}), ctx.tool(model, {}), ctx.tool(model, {})]);
  });
  const booted = await boot({ agents: [greedy, caller], tools: [model, echo], rates: [{ per: 'kernel', tokens: 100, everyMs: 60_000, over: 'delay' }] });
  booted.kernel.spawn(greedy, null, { grants });
  expect(await booted.time.until(booted.kernel.spawn(caller, 1, { grants }).result())).toEqual([0]);
  await finish(booted);
});

it.each<readonly [what: string, rate: object]>([
  ['with an option that there is none of', { ...delayed, tols: 'echo' }],
  ['that is none', [5]],
  ['per nobody', { ...delayed, per: 'room' }],
  ['of nothing', { per: 'kernel', everyMs: 1, over: 'delay' }],
  ['of two things', { ...delayed, tokens: 5 }],
  ['of none at all', { ...delayed, calls: 0 }],
  ['in no time', { ...delayed, everyMs: 0 }],
  ['with no consequence', { ...delayed, over: 'wait' }],
  ['for no pattern', { ...delayed, tool: '' }],
  ['that can not be counted', { ...delayed, calls: 2 ** 40, everyMs: 2 ** 20 }],
])('a rate %s is a TypeError', (_what, rate) => {
  expect(() => quota({ rates: [rate as RateLimit] })).toThrow(TypeError);
});
