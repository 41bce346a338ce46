import { defineAgent, defineTool, unchecked } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind, rejectionOf } from '../support/index.js';
import { attempt, codeOf, runProgram } from './run-program.js';

interface Work { readonly name: string; readonly ms: number; readonly fails?: boolean }

/** A tool that works for some time, and counts how often it is at work at once. */
function worker(time: VirtualTime) {
  const seen = { now: 0, most: 0, started: [] as string[] };
  const tool = defineTool({
    name: 'work', description: 'takes its time', input: unchecked<Work>(), timeoutMs: 1_000_000,
    run: async ({ name, ms, fails = false }) => {
      seen.started.push(name);
      seen.most = Math.max(seen.most, ++seen.now);
      await time.sleep(ms);
      seen.now--;
      if (fails) throw new Error(`${name} failed`);
      return name;
    },
  });
  return { tool, seen };
}

describe('several calls at once', () => {
  it('are in flight together, and their results come in the order of the calls', async () => {
    const time = new VirtualTime();
    const { tool, seen } = worker(time);
    const { value, entries } = await runProgram(
      function* (ctx) {
        const before = ctx.now();
        const results = yield* ctx.all([
          ctx.tool(tool, { name: 'slow', ms: 300 }), ctx.tool(tool, { name: 'fast', ms: 100 }), ctx.tool(tool, { name: 'medium', ms: 200 }),
        ]);
        return { results, took: ctx.now() - before };
      },
      { time, tools: [tool] },
    );
    expect(value).toEqual({ results: ['slow', 'fast', 'medium'], took: 300 });
    expect(seen.most).toBe(3);
    // The log has them in the order of arrival, and that order is the schedule.
    expect(ofKind(entries, 'TOOL_RESULT').map(({ data }) => data.call)).toEqual([1, 2, 0]);
    expect(ofKind(entries, 'TOOL_RESULT').map(({ data }) => data.transition?.to)).toEqual([undefined, undefined, 'ACTIVE']);
  });

  it('all end before the first error by position is thrown', async () => {
    const time = new VirtualTime();
    const { tool, seen } = worker(time);
    const { value } = await runProgram(
      function* (ctx) {
        const outcome = yield* attempt(ctx.all([
          ctx.tool(tool, { name: 'good', ms: 300 }), ctx.tool(tool, { name: 'second', ms: 200, fails: true }), ctx.tool(tool, { name: 'third', ms: 1, fails: true }),
        ]));
        return { outcome, inFlight: seen.now };
      },
      { time, tools: [tool] },
    );
    expect(value).toMatchObject({ outcome: { ok: false, message: expect.stringContaining('second failed') }, inFlight: 0 });
  });

  it('give failures as values to one who asks for all settled', async () => {
    const time = new VirtualTime();
    const { tool } = worker(time);
    const ghost = defineTool({ name: 'ghost', description: '', input: unchecked<object>(), run: () => 1 });
    const { value } = await runProgram(
      function* (ctx) {
        const settled = yield* ctx.allSettled([
          ctx.tool(tool, { name: 'good', ms: 2 }), ctx.tool(tool, { name: 'bad', ms: 1, fails: true }), ctx.tool(ghost, {}), ctx.memory.set('key', 1),
        ]);
        return settled.map((one) => (one.status === 'fulfilled' ? ['fulfilled', one.value ?? null] : ['rejected', codeOf(one.reason)]));
      },
      { time, tools: [tool] },
    );
    expect(value).toEqual([['fulfilled', 'good'], ['rejected', 'TOOL_FAILED'], ['rejected', 'TOOL_NOT_REGISTERED'], ['fulfilled', null]]);
  });

  it('may be none, or none that waits, and then the tick goes on', async () => {
    const { value, entries } = await runProgram(function* (ctx) {
      const nothing = yield* ctx.all([]);
      const [, read] = yield* ctx.all([ctx.memory.set('a', 1), ctx.memory.get('a')]);
      return { nothing, read: read ?? null };
    });
    expect(value).toEqual({ nothing: [], read: 1 });
    expect(ofKind(entries, 'AGENT_COMPLETED')[0]!.data.tick).toBe(1);
  });

  it('can wait for different things', async () => {
    const time = new VirtualTime();
    const { tool } = worker(time);
    const { value } = await runProgram(
      function* (ctx) {
        const results = yield* ctx.all([
          ctx.sleep(50), ctx.tool(tool, { name: 'tool', ms: 10 }), ctx.receive({ channel: 'self' }), ctx.send('main-1', 'hello', 'self'),
        ]);
        return { tool: results[1], message: results[2].body };
      },
      { time, tools: [tool], grants: ['call:*', 'send:*'] },
    );
    expect(value).toEqual({ tool: 'tool', message: 'hello' });
  });
});

describe('the limit on tools that run at once', () => {
  it.each([1, 3, 7])('of %i is kept, and nobody is forgotten', async (maxConcurrentToolCalls) => {
    const time = new VirtualTime();
    const { tool, seen } = worker(time);
    const agent = defineAgent('agent', function* (ctx, number: number) {
      const calls = [1, 2, 3, 4].map((call) => ctx.tool(tool, { name: `${String(number)}/${String(call)}`, ms: (number * call) % 5, fails: call === 3 }));
      return (yield* ctx.allSettled(calls)).map(({ status }) => status);
    });
    const { kernel, until } = await boot({ time, agents: [agent], tools: [tool], maxConcurrentToolCalls });
    const handles = Array.from({ length: 10 }, (_, number) => kernel.spawn(agent, number, { grants: ['call:*'] }));
    for (const handle of handles) expect(await until(handle.result())).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(seen.most).toBe(maxConcurrentToolCalls);
    expect(new Set(seen.started).size).toBe(40);
  });

  it('starts calls in the order in which they were made', async () => {
    const time = new VirtualTime();
    const { tool, seen } = worker(time);
    await runProgram(
      function* (ctx) {
        yield* ctx.all(['a', 'b', 'c', 'd'].map((name) => ctx.tool(tool, { name, ms: 5 })));
      },
      { time, tools: [tool], maxConcurrentToolCalls: 2 },
    );
    expect(seen.started).toEqual(['a', 'b', 'c', 'd']);
  });

  it('gives the place of a tool that hangs to the next one when its time is up', async () => {
    const time = new VirtualTime();
    const hanging = defineTool({ name: 'hang', description: '', input: unchecked<object>(), timeoutMs: 100, run: () => new Promise(() => {}) });
    const quick = defineTool({ name: 'quick', description: '', input: unchecked<object>(), run: () => 'quick' });
    const { value } = await runProgram(
      function* (ctx) {
        const [first, second] = yield* ctx.allSettled([ctx.tool(hanging, {}), ctx.tool(quick, {})]);
        return [first.status, second.status, ctx.now() - ctx.agent.createdAt];
      },
      { time, tools: [hanging, quick], maxConcurrentToolCalls: 1 },
    );
    expect(value).toEqual(['rejected', 'fulfilled', 100]);
  });

  it('never starts a waiting call of an agent that ends meanwhile', async () => {
    const time = new VirtualTime();
    const { tool, seen } = worker(time);
    const agent = defineAgent('agent', function* (ctx) {
      yield* ctx.all(['first', 'second', 'third'].map((name) => ctx.tool(tool, { name, ms: 1_000 })));
    });
    const { kernel } = await boot({ time, agents: [agent], tools: [tool], maxConcurrentToolCalls: 1 });
    const handle = kernel.spawn(agent, undefined, { grants: ['call:*'] });
    await time.advance(10);
    kernel.revoke(handle.id, 'enough');
    expect(kernel.agent(handle.id).state).toBe('TERMINATED');
    await time.advance(10_000);
    expect(seen.started).toEqual(['first']);
  });

  it('passes the place on over calls that nobody wants any more', async () => {
    const time = new VirtualTime();
    const { tool, seen } = worker(time);
    const agent = defineAgent('agent', function* (ctx, name: string) {
      return yield* ctx.tool(tool, { name, ms: 100 });
    });
    const { kernel, until, store } = await boot({ time, agents: [agent], tools: [tool], maxConcurrentToolCalls: 1 });
    const [first, second, third] = ['first', 'second', 'third'].map((name) => kernel.spawn(agent, name, { grants: ['call:*'] }));
    await time.advance(10);
    kernel.revoke(second!.id, 'enough');
    expect(await until(first!.result())).toBe('first');
    expect(await until(third!.result())).toBe('third');
    expect(seen.started).toEqual(['first', 'third']);
    expect(kindsOf(await entriesOf(store))).not.toContain('STALE_RESULT');
  });
});

describe('the end of an agent or of the kernel', () => {
  function listener(time: VirtualTime) {
    const reasons: string[] = [];
    const tool = defineTool({
      name: 'listen', description: 'ends when it is told to', input: unchecked<object>(),
      run: (_args, { signal }) => new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          reasons.push((signal.reason as { code: string }).code);
          void time.sleep(5).then(() => { resolve('late'); });
        });
      }),
    });
    const agent = defineAgent('agent', function* (ctx) {
      yield* ctx.all([ctx.tool(tool, {}), ctx.tool(tool, {})]);
    });
    return { reasons, tool, agent };
  }

  it('tells running tools to stop when a token is revoked; what they return is stale', async () => {
    const time = new VirtualTime();
    const { reasons, tool, agent } = listener(time);
    const { kernel, store, until } = await boot({ time, agents: [agent], tools: [tool] });
    const { id } = kernel.spawn(agent, undefined, { grants: ['call:*'] });
    await time.advance(1);
    kernel.revoke(id, 'enough');
    await time.settle();
    expect(reasons).toEqual(['TOOL_ABORTED', 'TOOL_ABORTED']);
    await time.advance(10);
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'STALE_RESULT').map(({ data }) => data.outcome)).toEqual([{ ok: true, value: 'late' }, { ok: true, value: 'late' }]);
  });

  it('tells running tools to stop when the kernel stops, and takes no result any more', async () => {
    const time = new VirtualTime();
    const { reasons, tool, agent } = listener(time);
    const { kernel, store, until } = await boot({ time, agents: [agent], tools: [tool] });
    const handle = kernel.spawn(agent, undefined, { grants: ['call:*'] });
    const ended = rejectionOf(handle.result());
    await time.advance(1);
    await until(kernel.stop());
    expect(await ended).toMatchObject({ code: 'KERNEL_STOPPED' });
    expect(reasons).toEqual(['KERNEL_STOPPED', 'KERNEL_STOPPED']);
    await time.advance(10);
    expect(kindsOf(await entriesOf(store)).at(-1)).toBe('TOOL_CALLED');
    expect(time.timerCount).toBe(0);
  });

  it('leaves a suspended agent its tools and keeps their results for it', async () => {
    const time = new VirtualTime();
    const { tool } = worker(time);
    const agent = defineAgent('agent', function* (ctx) {
      return yield* ctx.tool(tool, { name: 'kept', ms: 10 });
    });
    const { kernel, until } = await boot({ time, agents: [agent], tools: [tool] });
    const handle = kernel.spawn(agent, undefined, { grants: ['call:*'] });
    await time.advance(1);
    kernel.suspend(handle.id);
    await time.advance(100);
    expect(handle.state).toBe('RESUMABLE');
    kernel.resume(handle.id);
    expect(await until(handle.result())).toBe('kept');
  });
});
