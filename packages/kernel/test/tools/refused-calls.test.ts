import { createKernel, defineAgent, defineTool, MemoryLogStore, unchecked, type Instruction, type StandardSchema } from '@omnipaw/kernel';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { boot, entriesOf, kindsOf, ofKind, rejectionOf } from '../support/index.js';
import { attempt, runProgram } from './run-program.js';

function echo(name = 'echo') {
  return defineTool({ name, description: 'gives back what it got', input: z.object({ text: z.string() }), run: ({ text }) => text });
}

describe('a call that is refused', () => {
  it('without a grant is PERMISSION_DENIED, and names what is missing', async () => {
    const tool = echo();
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, { text: 'x' }));
      },
      { tools: [tool], grants: ['call:other', 'read:echo'] },
    );
    expect(value).toMatchObject({ ok: false, code: 'PERMISSION_DENIED', failureClass: 'POLICY_VIOLATION' });
    expect(value).toMatchObject({ message: expect.stringContaining('call:echo') });
    expect(ofKind(entries, 'REFUSED')[0]!.data).toMatchObject({
      tick: 1, call: 0, op: 'CALL_TOOL',
      error: { code: 'PERMISSION_DENIED', details: { action: 'call', resource: 'echo', permission: { decision: 'DENY', by: 'default' } } },
    });
    expect(kindsOf(entries)).not.toContain('TOOL_CALLED');
  });

  it('of a tool that nobody registered is TOOL_NOT_REGISTERED', async () => {
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(echo('ghost'), { text: 'x' }));
      },
      { tools: [echo()] },
    );
    expect(value).toMatchObject({ ok: false, code: 'TOOL_NOT_REGISTERED', details: { tool: 'ghost' } });
    expect(ofKind(entries, 'REFUSED').map(({ data }) => data.error.code)).toEqual(['TOOL_NOT_REGISTERED']);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('of a tool named %s finds nothing by accident', async (name) => {
    const { value } = await runProgram(function* () {
      try {
        yield { op: 'CALL_TOOL', tool: name, args: {} } satisfies Instruction;
        return 'called';
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    });
    expect(value).toBe('TOOL_NOT_REGISTERED');
  });

  it('with arguments that do not fit is TOOL_INPUT_INVALID, with the place, before anything runs', async () => {
    let calls = 0;
    const tool = defineTool({
      name: 'count', description: 'counts', input: z.object({ files: z.array(z.object({ size: z.number() })) }), run: () => calls++,
    });
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, { files: [{ size: 1 }, { size: 'two' as never }] }));
      },
      { tools: [tool] },
    );
    expect(value).toMatchObject({ ok: false, code: 'TOOL_INPUT_INVALID', details: { issues: expect.stringContaining('files.1.size') } });
    expect(calls).toBe(0);
    expect(kindsOf(entries)).not.toContain('TOOL_CALLED');
  });

  it.each<readonly [what: string, args: unknown, code: string]>([
    ['undefined inside', { text: undefined }, 'SERIALIZATION_ERROR'],
    ['a function', { text: () => 1 }, 'SERIALIZATION_ERROR'],
    ['a lone surrogate', { text: '\ud800' }, 'SERIALIZATION_ERROR'],
    ['a getter that throws', { get text(): string { throw new Error('no'); } }, 'INVALID_INSTRUCTION'],
    ['a book', { text: 'x'.repeat(1024 * 1024) }, 'VALUE_TOO_LARGE'],
  ])('with %s in its arguments does not reach the tool', async (_what, args, code) => {
    const tool = echo();
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, args as never));
      },
      { tools: [tool] },
    );
    expect(value).toMatchObject({ ok: false, code });
    expect(ofKind(entries, 'REFUSED').map(({ data }) => data.error.code)).toEqual([code]);
  });

  it('leaves the program running, and the next call works', async () => {
    const tool = echo();
    const { value } = await runProgram(
      function* (ctx) {
        for (let round = 0; round < 5; round++) yield* attempt(ctx.tool(echo('ghost'), { text: '' }));
        return yield* ctx.tool(tool, { text: 'still here' });
      },
      { tools: [tool] },
    );
    expect(value).toBe('still here');
  });

  it('and that nobody catches faults the agent with the code of the refusal', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.tool(echo('ghost'), { text: '' });
    });
    const { kernel, rejection } = await boot({ agents: [main] });
    const error = await rejection(kernel.spawn(main, undefined, { grants: ['call:*'] }).result());
    expect(error).toMatchObject({ code: 'TOOL_NOT_REGISTERED' });
    expect(kernel.agent('main-1').state).toBe('FAULTED');
  });
});

describe('a malformed instruction', () => {
  const odd: readonly (readonly [what: string, instruction: unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['a string', 'CALL_TOOL'],
    ['an object without op', { tool: 'echo' }],
    ['an unknown op', { op: 'FORMAT_DISK' }],
    ['an op from the prototype', { op: 'constructor' }],
    ['a call without a tool', { op: 'CALL_TOOL', args: {} }],
    ['a call of a number', { op: 'CALL_TOOL', tool: 7, args: {} }],
    ['a call of an empty name', { op: 'CALL_TOOL', tool: '', args: {} }],
    ['a sleep of NaN', { op: 'SLEEP', ms: NaN }],
    ['a sleep into the past', { op: 'SLEEP', ms: -1 }],
    ['a symbol', Symbol('x')],
    ['a function', () => 1],
    ['an all of nothing at all', { op: 'ALL' }],
    ['an all in an all', { op: 'ALL', of: [{ op: 'ALL', of: [] }] }],
    ['a return in an all', { op: 'ALL', of: [{ op: 'RETURN' }] }],
  ];

  it.each(odd)('%s is INVALID_INSTRUCTION, recorded, and the program goes on', async (_what, instruction) => {
    const { value, entries } = await runProgram(function* () {
      try {
        yield instruction as Instruction;
        return 'carried out';
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    });
    expect(value).toBe('INVALID_INSTRUCTION');
    expect(ofKind(entries, 'REFUSED').map(({ data }) => data.error.code)).toEqual(['INVALID_INSTRUCTION']);
  });

  it('parts of an all that are no instructions fail one by one', async () => {
    const tool = echo();
    const { value } = await runProgram(
      function* () {
        return (yield { op: 'ALL', of: [null, { op: 'CALL_TOOL', tool: 'echo', args: { text: 'x' } }, { op: 'NOPE' }] } as never) as unknown;
      },
      { tools: [tool] },
    );
    expect(value).toMatchObject([
      { ok: false, error: { code: 'INVALID_INSTRUCTION' } }, { ok: true, value: 'x' }, { ok: false, error: { code: 'INVALID_INSTRUCTION' } },
    ]);
  });

  it('an instruction that throws when it is read harms its own agent only', async () => {
    const trap = { get op(): never { throw new Error('gotcha'); } };
    const bad = defineAgent('bad', function* () {
      yield trap;
    });
    const good = defineAgent('good', function* (ctx) {
      yield* ctx.sleep(1);
      return 'fine';
    });
    const { kernel, rejection, until } = await boot({ agents: [bad, good] });
    expect(await rejection(kernel.spawn(bad, undefined).result())).toMatchObject({ message: expect.stringContaining('gotcha') });
    expect(await until(kernel.spawn(good, undefined).result())).toBe('fine');
  });
});

describe('a tool that can not be registered', () => {
  it.each(['', ' ', 'a b', 'a/b', 'a*', '-a', 'ä', 'a\n', 'x'.repeat(129), 5, null, ['x']])('is one named %j', (name) => {
    expect(() => defineTool({ name: name as string, description: '', input: unchecked(), run: () => 1 })).toThrow(TypeError);
  });

  it('is one without a usable timeout, retry policy or run function', () => {
    const options = { name: 'x', description: '', input: unchecked<object>(), run: () => 1 };
    for (const timeoutMs of [0, -1, NaN]) expect(() => defineTool({ ...options, timeoutMs })).toThrow(TypeError);
    for (const limit of [-1, NaN, 1.5]) expect(() => defineTool({ ...options, retry: { limit, backoffMs: 1 } })).toThrow(TypeError);
    for (const backoffMs of [-1, NaN, Infinity]) expect(() => defineTool({ ...options, retry: { limit: 1, backoffMs } })).toThrow(TypeError);
    expect(() => defineTool({ ...options, run: undefined as never })).toThrow(TypeError);
  });

  it('is a second one of the same name', async () => {
    const booting = createKernel({ log: new MemoryLogStore(), tools: [echo(), echo()] });
    expect(await rejectionOf(booting)).toMatchObject({ code: 'ALREADY_REGISTERED' });
  });
});

describe('a schema that misbehaves', () => {
  function schema(validate: (value: unknown) => unknown): StandardSchema<object> {
    return { '~standard': { version: 1, vendor: 'attacker', validate: validate as never } };
  }

  async function callWith(input: StandardSchema<object>) {
    let calls = 0;
    const tool = defineTool({ name: 'tool', description: '', input, run: () => { calls++; } });
    const { value, store } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, {}));
      },
      { tools: [tool] },
    );
    return { value, calls, entries: await entriesOf(store) };
  }

  it('because it is asynchronous is refused, and its rejection harms nobody', async () => {
    for (const validate of [async () => ({ value: 1 }), () => Promise.reject(new Error('later'))]) {
      const { value, calls } = await callWith(schema(validate));
      expect(value).toMatchObject({ ok: false, code: 'TOOL_INPUT_INVALID', message: expect.stringContaining('asynchronous') });
      expect(calls).toBe(0);
    }
  });

  it('because it answers with a promise of another library is refused as well', async () => {
    const { value, calls } = await callWith(schema(() => ({ then(resolve: (result: unknown) => void) { resolve({ value: 1 }); } })));
    expect(value).toMatchObject({ ok: false, code: 'TOOL_INPUT_INVALID' });
    expect(calls).toBe(0);
  });

  it.each<readonly [what: string, validate: (value: unknown) => unknown]>([
    ['throws', () => { throw new Error('no'); }],
    ['answers nothing', () => undefined],
    ['answers null', () => null],
  ])('because it %s lets no call through', async (_what, validate) => {
    const { value, calls } = await callWith(schema(validate));
    expect(value).toMatchObject({ ok: false });
    expect(calls).toBe(0);
  });

  it('can not change the arguments', async () => {
    const { value, entries } = await callWith(schema((args) => {
      try {
        (args as { injected: boolean }).injected = true;
      } catch { /* frozen */ }
      return { value: args };
    }));
    expect(value).toMatchObject({ ok: true });
    expect(ofKind(entries, 'TOOL_CALLED')[0]!.data.args).toEqual({});
  });
});
