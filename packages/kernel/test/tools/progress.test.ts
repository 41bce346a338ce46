import { defineAgent, defineTool, inspect, OmniError, replay, secret, unchecked, type Json, type MemoryLogStore, type OmniKernel, type ToolContext, type ToolOptions } from '@omnipaw/kernel';
import { assertReplays, crash, VirtualTime } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';
import { attempt, codeOf, runProgram } from './run-program.js';

let time: VirtualTime;
beforeEach(() => { time = new VirtualTime(); });

type Options = Partial<Pick<ToolOptions<never, unknown, undefined>, 'idempotent' | 'timeoutMs' | 'retry' | 'redact'>>;
type Args = { readonly token?: string };

function toolThat(run: (context: ToolContext, args: Args) => unknown, options: Options = {}) {
  return defineTool({ name: 'talk', description: '', input: unchecked<Args>(), ...options, run: (args, context) => run(context, args) });
}

type Talk = ReturnType<typeof toolThat>;

/** Lets one agent call the tool once. */
function called(tool: Talk, { args = {}, ...config }: Partial<Parameters<typeof runProgram>[1]> & { readonly args?: Args } = {}) {
  return runProgram(function* (ctx) {
    return yield* attempt(ctx.tool(tool, args));
  }, { time, tools: [tool], ...config });
}

async function valuesIn(log: MemoryLogStore): Promise<Json[]> {
  return ofKind(await entriesOf(log), 'TOOL_PROGRESS').map(({ data }) => data.value);
}

describe('what a tool says while it is under way', () => {
  test('is on record in order, between the intent and the result, and the program sees nothing of it', async () => {
    const { entries, value, agent } = await called(toolThat(async ({ progress }) => {
      expect(progress('begun')).toBe(true);
      await time.sleep(5);
      expect(progress({ percent: 50 })).toBe(true);
      expect(progress(undefined)).toBe(true);
      return 'done';
    }));
    expect(value).toEqual({ ok: true, value: 'done' });
    expect(kindsOf(entries).slice(3)).toEqual(['TOOL_CALLED', 'TOOL_PROGRESS', 'TOOL_PROGRESS', 'TOOL_PROGRESS', 'TOOL_RESULT', 'AGENT_COMPLETED', 'AGENT_TERMINATED']);
    expect(ofKind(entries, 'TOOL_PROGRESS')[1]).toMatchObject({ agent, data: { tick: 1, call: 0, tool: 'talk', attempt: 1, value: { percent: 50 } } });
    expect(ofKind(entries, 'TOOL_PROGRESS').map(({ data }) => data.value)).toEqual(['begun', { percent: 50 }, null]);
  });

  test('can be said by a tool that answers at once', async () => {
    const { store } = await called(toolThat(({ progress }) => progress(1) && progress(2)));
    expect(await valuesIn(store)).toEqual([1, 2]);
  });

  test('names its attempt', async () => {
    const { entries } = await called(toolThat(({ progress, attempt: number }) => {
      progress(`try ${number}`);
      if (number < 3) throw new OmniError('BUSY', 'Come again.', { failureClass: 'TRANSIENT' });
    }));
    expect(ofKind(entries, 'TOOL_PROGRESS').map(({ data }) => [data.attempt, data.value])).toEqual([[1, 'try 1'], [2, 'try 2'], [3, 'try 3']]);
  });

  test('is recorded of an agent that is suspended, and changes nothing about it', async () => {
    const tool = toolThat(async ({ progress }) => {
      await time.sleep(10);
      return progress('here');
    });
    const agent = defineAgent('agent', function* (ctx) {
      return yield* ctx.tool(tool, {});
    });
    const { kernel, store, until } = await boot({ time, agents: [agent], tools: [tool] });
    const handle = kernel.spawn(agent, null, { id: 'a', grants: ['call:*'] });
    kernel.suspend('a');
    await time.advance(20);
    expect([handle.state, await valuesIn(store)]).toEqual(['RESUMABLE', ['here']]);
    kernel.resume('a');
    expect(await until(handle.result())).toBe(true);
  });

  test('leaves the state of the kernel as it was', async () => {
    const { store, entries, agent } = await called(toolThat(({ progress }) => progress('x')));
    const at = kindsOf(entries).indexOf('TOOL_PROGRESS');
    const [before, after] = await Promise.all([at - 1, at].map(async (seq) => (await inspect(store, { at: seq })).agents.find(({ id }) => id === agent)));
    expect(after).toEqual(before);
  });
});

describe('what is said too late is not recorded, and no error', () => {
  /** Says something before and after the call is over. */
  function late(over: ToolContext[]): Talk {
    return toolThat(async (context) => {
      over.push(context);
      context.progress('in time');
      await time.sleep(100);
      expect(context.progress('too late')).toBe(false);
      // Not even what is no JSON.
      expect(context.progress(() => undefined)).toBe(false);
      return 'over';
    }, { timeoutMs: 50 });
  }

  test('after a timeout', async () => {
    const tool = late([]);
    const { store, entries } = await runProgram(function* (ctx) {
      yield* attempt(ctx.tool(tool, {}));
      yield* ctx.sleep(1_000);
    }, { time, tools: [tool] });
    expect(await valuesIn(store)).toEqual(['in time']);
    expect(ofKind(entries, 'STALE_RESULT')[0]!.data.outcome).toEqual({ ok: true, value: 'over' });
  });

  test('after the result', async () => {
    const contexts: ToolContext[] = [];
    const { store } = await called(toolThat((context) => { contexts.push(context); }));
    expect(contexts[0]!.progress('afterwards')).toBe(false);
    expect(await valuesIn(store)).toEqual([]);
  });

  test('by an attempt, when the next one is under way', async () => {
    const contexts: ToolContext[] = [];
    const { store } = await called(toolThat((context) => {
      contexts.push(context);
      if (context.attempt === 1) throw new OmniError('BUSY', 'Come again.', { failureClass: 'TRANSIENT' });
      return [contexts[0]!.progress('old'), context.progress('new')];
    }));
    expect(await valuesIn(store)).toEqual(['new']);
  });

  test.each(['revoke', 'stop'] as const)('after the end by %s, also by whoever hears the signal', async (how) => {
    const contexts: ToolContext[] = [];
    const heard: boolean[] = [];
    const tool = toolThat((context) => {
      contexts.push(context);
      context.signal.addEventListener('abort', () => heard.push(context.progress('at the signal')));
      return time.sleep(20);
    });
    const agent = defineAgent('agent', function* (ctx) {
      return yield* ctx.tool(tool, {});
    });
    const { kernel, store, until } = await boot({ time, agents: [agent], tools: [tool] });
    const ended = expect(kernel.spawn(agent, null, { id: 'a', grants: ['call:*'] }).result()).rejects.toMatchObject({ code: how === 'stop' ? 'KERNEL_STOPPED' : 'TOKEN_INVALID' });
    await time.advance(1);
    if (how === 'revoke') kernel.revoke('a', 'enough');
    else await until(kernel.stop());
    expect(contexts[0]!.progress('too late')).toBe(false);
    await ended;
    await time.advance(50);
    expect([heard, await valuesIn(store)]).toEqual([[false], []]);
  });
});

describe('what can not be recorded', () => {
  test.each<[what: string, value: unknown, code: string]>([
    ['what is no JSON', { at: () => undefined }, 'SERIALIZATION_ERROR'],
    ['what is larger than a value may be', 'x'.repeat(2_000), 'VALUE_TOO_LARGE'],
  ])('is refused: %s', async (_what, value, code) => {
    const { value: outcome, store } = await called(toolThat(({ progress }) => progress(value)), { maxValueBytes: 1_000 });
    expect(outcome).toMatchObject({ ok: false, code });
    expect(await valuesIn(store)).toEqual([]);
  });

  test('is what goes beyond the size of a value in all, however small each part is', async () => {
    const { value, entries, text } = await called(toolThat(({ progress }) => {
      const said = Array.from({ length: 100 }, (_, number) => progress(number));
      return said.filter(Boolean).length + (progress('small') ? 1_000 : 0);
    }), { maxValueBytes: 10_000 });
    const { length } = ofKind(entries, 'TOOL_PROGRESS');
    expect(value).toEqual({ ok: true, value: length });
    expect(length).toBeGreaterThan(20);
    expect(text.split('\n').filter((line) => line.includes('TOOL_PROGRESS')).join('\n').length).toBeLessThan(15_000);
  });

  test('is what comes from the middle of an entry or a tick', async () => {
    const contexts: ToolContext[] = [];
    const tool = toolThat((context) => {
      contexts.push(context);
      return time.sleep(10);
    });
    const codes: string[] = [];
    const say = (): void => {
      try { contexts[0]?.progress('from within'); } catch (error) { codes.push(codeOf(error)); }
    };
    const agent = defineAgent('agent', function* (ctx) {
      return yield* ctx.tool(tool, {});
    });
    const meddler = defineAgent('meddler', function* (ctx) {
      say();
      yield* ctx.sleep(1);
    });
    const { kernel, store, until } = await boot({ time, agents: [agent, meddler], tools: [tool] });
    const handle = kernel.spawn(agent, null, { grants: ['call:*'] });
    await time.advance(1);
    kernel.spawn(meddler, null);
    expect(codes).toEqual(['KERNEL_BUSY']);
    kernel.subscribe(({ kind }) => { if (kind === 'TIMER_FIRED') say(); });
    await until(handle.result());
    expect(codes).toEqual(['KERNEL_BUSY', 'KERNEL_BUSY']);
    await until(kernel.stop());
    await assertReplays(store, { agents: [agent, meddler], tools: [tool] });
  });
});

describe('progress is redacted as results are', () => {
  test('by name, by the tool, and by the kernel', async () => {
    const { text, store } = await called(
      toolThat(({ progress, hasSecrets }, { token }) => {
        expect(hasSecrets).toBe(true);
        progress({ said: `Bearer ${token}`, [token!]: 1, card: 4711, name: 'Zoë' });
      }, { redact: (value) => ({ ...(value as object), card: 'gone' }) }),
      {
        args: { token: secret('KEY') }, grants: ['call:*', 'read:secret:**'], secrets: () => 'hunter2',
        redact: (value, tool) => (value === null ? value : { ...(value as object), name: tool }),
      },
    );
    expect(text).not.toContain('hunter2');
    expect(await valuesIn(store)).toEqual([{ said: 'Bearer [secret KEY]', '[secret KEY]': 1, card: 'gone', name: 'talk' }]);
  });

  test('and a redaction that throws fails the call instead of letting it through', async () => {
    const { value, store } = await called(toolThat(({ progress }) => progress('x')), { redact: () => { throw new Error('not mine'); } });
    expect(value).toMatchObject({ ok: false, code: 'TOOL_FAILED' });
    expect(await valuesIn(store)).toEqual([]);
  });

  test('a call without secrets says so', async () => {
    expect((await called(toolThat(({ hasSecrets }) => hasSecrets))).value).toEqual({ ok: true, value: false });
  });
});

describe('a log with progress in it', () => {
  /** Says what it does, waits, says so again, and answers. */
  function cast(idempotent: boolean) {
    const tool = toolThat(async ({ progress }) => {
      progress('first');
      await time.sleep(10);
      progress('second');
      await time.sleep(10);
      return 'done';
    }, { idempotent });
    const agent = defineAgent('agent', function* (ctx) {
      return yield* attempt(ctx.all([ctx.tool(tool, {}), ctx.sleep(5)]));
    });
    return { agents: [agent], tools: [tool], start: (kernel: OmniKernel) => kernel.spawn(agent, null, { id: 'a', grants: ['call:*'] }).result() };
  }

  const isSecond = (entry: { readonly kind: string; readonly data: object }): boolean => entry.kind === 'TOOL_PROGRESS' && (entry.data as { readonly value: Json }).value === 'second';

  test.each([
    ['after the first', { after: 'TOOL_PROGRESS' }, ['first', 'first', 'second']],
    ['within the second', { within: isSecond }, ['first', 'first', 'second']],
    ['after the second', { after: isSecond }, ['first', 'second', 'first', 'second']],
  ] as const)('is taken up where a crash came %s: the call is made again', async (_where, at, values) => {
    const { start, ...config } = cast(true);
    const { log, isCrashed } = await crash({ at, time, ...config }, start);
    expect(isCrashed).toBe(true);
    const { kernel, until } = await boot({ ...config, log, time });
    expect(await until(kernel.agent('a').result())).toMatchObject({ ok: true, value: ['done', null] });
    await until(kernel.stop());
    expect(await valuesIn(log)).toEqual(values);
    await assertReplays(log, config);
  });

  test('is taken up, and the outcome of the call is unknown if it may not be repeated', async () => {
    const { start, ...config } = cast(false);
    const { log } = await crash({ at: { after: isSecond }, time, ...config }, start);
    const { kernel, until } = await boot({ ...config, log, time });
    expect(await until(kernel.agent('a').result())).toMatchObject({ ok: false, code: 'TOOL_OUTCOME_UNKNOWN' });
    await until(kernel.stop());
    expect(await replay(log, config)).toMatchObject({ replay: 'REPRODUCED' });
  });
});

describe('what a tool says is never on record', () => {
  test('with the secret that it has, when an attempt before comes by another one later', async () => {
    let asked = 0;
    const tool = toolThat(async ({ progress }, { token }) => {
      await time.sleep(50);
      progress(`using ${token}`);
      return 'ok';
    }, { idempotent: true, timeoutMs: 100, retry: { limit: 2, backoffMs: 10 } });
    const secrets = async (): Promise<string> => {
      if (++asked > 1) return 'token-two';
      await time.sleep(130);
      return 'token-one';
    };
    const { store } = await called(tool, { args: { token: secret('KEY') }, secrets, grants: ['call:*', 'read:**'] });
    const values = await valuesIn(store);
    expect(values).toHaveLength(1);
    expect(JSON.stringify(values)).not.toContain('token-');
  });

  test('in the middle of what an operator orders', async () => {
    const told: unknown[] = [];
    let context: ToolContext | undefined;
    const slow = defineTool({ name: 'slow', description: '', input: unchecked<object>(), run: async (_args, given) => {
      context = given;
      await time.sleep(10_000);
    } });
    const validate = (value: unknown): { readonly value: object } => {
      if (context !== undefined) {
        try {
          told.push(context.progress('from a schema'));
        } catch (error) {
          told.push(codeOf(error));
        }
      }
      return { value: value as object };
    };
    const gated = defineTool({ name: 'gated', description: '', input: { '~standard': { version: 1, vendor: 'x', validate } }, run: () => 'ok' });
    const waiter = defineAgent('waiter', function* (ctx) { yield* ctx.tool(slow, {}); });
    const asker = defineAgent('asker', function* (ctx) { return yield* ctx.tool(gated, {}); });
    const config = { agents: [waiter, asker], tools: [slow, gated], policies: [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: 'gated' }] as const };
    const { kernel, until, store } = await boot({ time, ...config });
    const asking = kernel.spawn(asker, null, { grants: ['call:*'] });
    kernel.spawn(waiter, null, { grants: ['call:*'] }).result().catch(() => undefined);
    await time.advance(5);
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    expect(await until(asking.result())).toBe('ok');
    await until(kernel.stop());
    expect(told).toContain('KERNEL_BUSY');
    expect(told).not.toContain(true);
    expect(await replay(store, config)).toMatchObject({ replay: 'REPRODUCED' });
  });
});
