import { defineAgent, defineTool, MemoryLogStore, OmniError, unchecked, type AbortSignalLike, type ToolContext } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';
import { attempt, runProgram } from './run-program.js';

function transient(text = 'busy'): OmniError {
  return new OmniError('SERVICE_BUSY', text, { failureClass: 'TRANSIENT' });
}

function whenAborted(signal: AbortSignalLike): Promise<unknown> {
  return new Promise((resolve) => { signal.addEventListener('abort', () => { resolve(signal.reason); }); });
}

describe('a tool that hangs', () => {
  it('is timed out to the millisecond, told so by its signal, and what it still returns is stale', async () => {
    const time = new VirtualTime();
    const seen: unknown[] = [];
    const tool = defineTool({
      name: 'slow', description: 'answers too late', input: unchecked<object>(), timeoutMs: 250,
      run: async (_args, { signal }) => {
        const startedAt = time.now;
        const reason = await whenAborted(signal);
        seen.push(time.now - startedAt, signal.aborted, (reason as OmniError).code);
        await time.sleep(100);
        return 'too late';
      },
    });
    const { value, entries } = await runProgram(
      function* (ctx) {
        const outcome = yield* attempt(ctx.tool(tool, {}));
        yield* ctx.sleep(1_000);
        return outcome;
      },
      { time, tools: [tool] },
    );
    expect(value).toMatchObject({ ok: false, code: 'TOOL_TIMEOUT', failureClass: 'TRANSIENT', details: { tool: 'slow', timeoutMs: 250 } });
    expect(seen).toEqual([250, true, 'TOOL_TIMEOUT']);
    const [stale] = ofKind(entries, 'STALE_RESULT');
    expect(stale!.data).toEqual({ tick: 1, call: 0, tool: 'slow', outcome: { ok: true, value: 'too late' } });
    expect(stale!.time - ofKind(entries, 'TOOL_CALLED')[0]!.time).toBe(350);
  });

  it('and then fails leaves a stale error', async () => {
    const tool = defineTool({
      name: 'slow', description: '', input: unchecked<object>(), timeoutMs: 10,
      run: async (_args, { signal }) => { throw await whenAborted(signal); },
    });
    const { value, entries } = await runProgram(
      function* (ctx) {
        const outcome = yield* attempt(ctx.tool(tool, {}));
        yield* ctx.sleep(1);
        return outcome;
      },
      { tools: [tool] },
    );
    expect(value).toMatchObject({ ok: false, code: 'TOOL_TIMEOUT' });
    expect(ofKind(entries, 'STALE_RESULT').map(({ data }) => data.outcome.ok)).toEqual([false]);
    expect(ofKind(entries, 'TOOL_RESULT')).toHaveLength(1);
  });

  it('is not called again unless it is idempotent, since nobody knows what it did', async () => {
    let calls = 0;
    const tool = defineTool({ name: 'pay', description: '', input: unchecked<object>(), timeoutMs: 10, run: () => (calls++, new Promise(() => {})) });
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, {}));
      },
      { tools: [tool] },
    );
    expect(value).toMatchObject({ code: 'TOOL_TIMEOUT' });
    expect(calls).toBe(1);
    expect(kindsOf(entries)).not.toContain('TOOL_RETRIED');
  });

  it('is called again if it is idempotent, with its own time for each attempt', async () => {
    const time = new VirtualTime();
    const startedAt: number[] = [];
    const tool = defineTool({
      name: 'fetch', description: '', input: unchecked<object>(), timeoutMs: 50, idempotent: true, retry: { limit: 2, backoffMs: 100 },
      run: (_args, { attempt: number }) => {
        startedAt.push(time.now);
        return number < 3 ? new Promise(() => {}) : 'at last';
      },
    });
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* ctx.tool(tool, {});
      },
      { time, tools: [tool] },
    );
    expect(value).toBe('at last');
    expect(startedAt.map((at) => at - startedAt[0]!)).toEqual([0, 150, 400]);
    expect(ofKind(entries, 'TOOL_RETRIED').map(({ data }) => data.error.code)).toEqual(['TOOL_TIMEOUT', 'TOOL_TIMEOUT']);
  });

  it('is called again if it is idempotent and heeds its signal, too', async () => {
    let calls = 0;
    const tool = defineTool({
      name: 'fetch', description: '', input: unchecked<object>(), timeoutMs: 50, idempotent: true,
      run: async (_args, { signal }) => {
        if (++calls === 2) return 'second try';
        await whenAborted(signal);
        throw new Error('This operation was aborted');
      },
    });
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, {}));
      },
      { tools: [tool] },
    );
    expect(value).toEqual({ ok: true, value: 'second try' });
    expect(ofKind(entries, 'STALE_RESULT').map(({ data }) => data.outcome.ok)).toEqual([false]);
  });

  it('gives way to the next attempt: what the earlier one returns meanwhile is stale', async () => {
    const time = new VirtualTime();
    const tool = defineTool({
      name: 'fetch', description: '', input: unchecked<object>(), timeoutMs: 50, idempotent: true, retry: { limit: 1, backoffMs: 100 },
      run: async (_args, { attempt: number }) => {
        await time.sleep(number === 1 ? 180 : 40);
        return `attempt ${String(number)}`;
      },
    });
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* ctx.tool(tool, {});
      },
      { time, tools: [tool] },
    );
    expect(value).toBe('attempt 2');
    expect(ofKind(entries, 'STALE_RESULT').map(({ data }) => data.outcome)).toEqual([{ ok: true, value: 'attempt 1' }]);
  });
});

describe('a call that fails with a TRANSIENT error', () => {
  async function failing(times: number, retry?: { limit: number; backoffMs: number }) {
    const time = new VirtualTime();
    const seen: { attempt: number; key: string; at: number }[] = [];
    const tool = defineTool({
      name: 'busy', description: '', input: unchecked<object>(), ...(retry === undefined ? {} : { retry }),
      run: (_args, context: ToolContext) => {
        seen.push({ attempt: context.attempt, key: context.idempotencyKey, at: time.now });
        if (seen.length <= times) throw transient();
        return 'done';
      },
    });
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, {}));
      },
      { time, tools: [tool] },
    );
    const waits = seen.slice(1).map(({ at }, index) => at - seen[index]!.at);
    return { value, entries, seen, waits };
  }

  it('is tried three times more, after 200, 400 and 800 ms', async () => {
    const { value, entries, waits } = await failing(99);
    expect(value).toMatchObject({ ok: false, code: 'SERVICE_BUSY', failureClass: 'TRANSIENT' });
    expect(waits).toEqual([200, 400, 800]);
    expect(ofKind(entries, 'TOOL_RETRIED').map(({ data, time }) => [data.attempt, data.deadline - time])).toEqual([[1, 200], [2, 400], [3, 800]]);
    expect(ofKind(entries, 'TOOL_RESULT')).toHaveLength(1);
  });

  it('succeeds as soon as an attempt does', async () => {
    const { value, seen } = await failing(2);
    expect(value).toEqual({ ok: true, value: 'done' });
    expect(seen.map((one) => one.attempt)).toEqual([1, 2, 3]);
  });

  it('has one idempotency key over all attempts', async () => {
    const { seen } = await failing(3);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
  });

  it('is not tried again when the limit is 0', async () => {
    const { value, entries } = await failing(99, { limit: 0, backoffMs: 10 });
    expect(value).toMatchObject({ ok: false });
    expect(kindsOf(entries)).not.toContain('TOOL_RETRIED');
  });

  it('waits a minute at most', async () => {
    const { waits } = await failing(99, { limit: 8, backoffMs: 10_000 });
    expect(waits).toEqual([10_000, 20_000, 40_000, ...new Array<number>(5).fill(60_000)]);
  });

  it('is one call for the limit on a grant', async () => {
    const tool = defineTool({ name: 'busy', description: '', input: unchecked<object>(), run: (_args, { attempt: number }) => {
      if (number < 3) throw transient();
      return 'done';
    } });
    const { value } = await runProgram(
      function* (ctx) {
        return [yield* attempt(ctx.tool(tool, {})), yield* attempt(ctx.tool(tool, {}))] as const;
      },
      { tools: [tool], grants: [{ action: 'call', resource: 'busy', limit: 1 }] },
    );
    expect(value).toMatchObject([{ ok: true, value: 'done' }, { ok: false, code: 'PERMISSION_DENIED' }]);
  });

  it('through a thenable that fails twice is tried again once', async () => {
    const time = new VirtualTime();
    let calls = 0;
    const failsTwice = { then(_: unknown, reject: (error: unknown) => void) { reject(transient()); reject(transient()); } };
    const tool = defineTool({
      name: 'busy', description: '', input: unchecked<object>(),
      run: () => (++calls > 1 ? time.sleep(5).then(() => 'done') : (failsTwice as never)),
    });
    const { value, entries } = await runProgram(
      function* (ctx) {
        const result = yield* attempt(ctx.tool(tool, {}));
        yield* ctx.sleep(10_000);
        return result;
      },
      { time, tools: [tool] },
    );
    expect(value).toEqual({ ok: true, value: 'done' });
    expect(ofKind(entries, 'TOOL_RETRIED')).toHaveLength(1);
    expect(calls).toBe(2);
  });

  it.each(['PERMANENT', 'POLICY_VIOLATION'] as const)('is tried again, but one with a %s error is not', async (failureClass) => {
    let calls = 0;
    const tool = defineTool({ name: 'bad', description: '', input: unchecked<object>(), idempotent: true, run: () => {
      calls++;
      throw new OmniError('NO', 'no', { failureClass });
    } });
    await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, {}));
      },
      { tools: [tool] },
    );
    expect(calls).toBe(1);
  });

  it('is not tried again once its agent has been revoked, or the kernel stopped', async () => {
    for (const end of ['revoke', 'stop'] as const) {
      let calls = 0;
      const tool = defineTool({ name: 'busy', description: '', input: unchecked<object>(), run: () => {
        calls++;
        throw transient();
      } });
      const main = defineAgent('main', function* (ctx) {
        return yield* ctx.tool(tool, {});
      });
      const { kernel, rejection, time } = await boot({ agents: [main], tools: [tool] });
      const handle = kernel.spawn(main, undefined, { grants: ['call:busy'] });
      const ended = handle.result().catch(() => undefined);
      await time.advance(100);
      if (end === 'revoke') kernel.revoke(handle.id, 'enough');
      else await time.until(kernel.stop());
      await time.advance(100_000);
      expect(calls).toBe(1);
      if (end === 'revoke') expect(await rejection(handle.result())).toMatchObject({ code: 'TOKEN_INVALID' });
      await ended;
      expect(time.timerCount).toBe(0);
    }
  });
});

describe('an idempotency key', () => {
  it('is different for each call, tick, agent and log', async () => {
    const keys: string[] = [];
    const tool = defineTool({ name: 'note', description: '', input: unchecked<object>(), run: (_args, { idempotencyKey }) => { keys.push(idempotencyKey); } });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.all([ctx.tool(tool, {}), ctx.tool(tool, {})]);
      yield* ctx.tool(tool, {});
    });
    for (const seed of ['one', 'two']) {
      const { kernel, until } = await boot({ time: new VirtualTime({ seed }), agents: [main], tools: [tool] });
      const handles = [1, 2].map(() => kernel.spawn(main, undefined, { grants: ['call:*'] }));
      for (const handle of handles) await until(handle.result());
    }
    expect(keys).toHaveLength(12);
    expect(new Set(keys).size).toBe(12);
  });

  it('is a function of the log, the agent, the tick and the call', async () => {
    const keys: string[] = [];
    const tool = defineTool({ name: 'note', description: '', input: unchecked<object>(), run: (_args, { idempotencyKey }) => { keys.push(idempotencyKey); } });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.sleep(1);
      yield* ctx.tool(tool, {});
    });
    for (const log of [new MemoryLogStore(), new MemoryLogStore()]) {
      const { kernel, until } = await boot({ log, agents: [main], tools: [tool] });
      await until(kernel.spawn(main, undefined, { grants: ['call:*'] }).result());
    }
    expect(keys[0]).toBe(keys[1]);
  });
});

describe('what a tool is told of its call', () => {
  it('is its agent, its name and its attempt, and no way to change anything', async () => {
    const tool = defineTool({
      name: 'who', description: '', input: unchecked<object>(),
      run: (_args, context) => {
        for (const key of ['agent', 'tool', 'idempotencyKey', 'attempt', 'signal']) {
          try {
            (context as unknown as Record<string, unknown>)[key] = 'forged';
          } catch { /* read only */ }
        }
        const { agent, tool: name, attempt: number, signal } = context;
        return { agent, name, number, isAborted: signal.aborted };
      },
    });
    const { value, store } = await runProgram(
      function* (ctx) {
        return yield* ctx.tool(tool, {});
      },
      { tools: [tool] },
    );
    expect(value).toEqual({ agent: 'main-1', name: 'who', number: 1, isAborted: false });
    expect(ofKind(await entriesOf(store), 'TOOL_RESULT')).toHaveLength(1);
  });
});
