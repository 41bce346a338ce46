/**
 * What the compiler catches: the package's type check covers this file, so an error that does not come, or one too many, fails it.
 *
 * The programs here are never run; each `@ts-expect-error` stands for a mistake that must not compile.
 */
import {
  defineAgent, defineTool, unchecked,
  type AgentContext, type AgentDefinition, type AgentHandle, type Child, type Entry, type EntryKind, type Guard, type Json, type Message,
  type OmniKernel, type Operation, type Policy, type Settled, type Tool, type Versioned,
} from '@omnipaw/kernel';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';

const read = defineTool({
  name: 'read',
  description: 'reads a file',
  input: z.object({ path: z.string(), depth: z.number().default(1) }),
  run: async ({ path, depth }, { signal }) => {
    expectTypeOf(path).toEqualTypeOf<string>();
    expectTypeOf(depth).toEqualTypeOf<number>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    return { text: path, depth };
  },
});

const worker = defineAgent('worker', function* (ctx, input: { readonly text: string }) {
  yield* ctx.sleep(1);
  return input.text.length;
});

describe('a tool', () => {
  test('takes what its schema takes, and gives what it gives', () => {
    expectTypeOf(read).toEqualTypeOf<Tool<{ path: string; depth?: number | undefined }, { text: string; depth: number }>>();
    defineAgent('caller', function* (ctx) {
      const { text, ...rest } = yield* ctx.tool(read, { path: 'a' });
      expectTypeOf(text).toEqualTypeOf<string>();
      expectTypeOf(rest).toEqualTypeOf<{ depth: number }>();
      yield* ctx.tool(read, { path: 'a', depth: 2 });
      // @ts-expect-error -- an argument of a wrong type
      yield* ctx.tool(read, { path: 1 });
      // @ts-expect-error -- an argument is missing
      yield* ctx.tool(read, {});
      // @ts-expect-error -- an argument that the tool does not know
      yield* ctx.tool(read, { path: 'a', deep: 2 });
      // @ts-expect-error -- a result that the tool does not give
      return (yield* ctx.tool(read, { path: 'a' })).size as Json;
    });
  });

  test('with an output schema gives what that makes of it', () => {
    const parse = defineTool({
      name: 'parse', description: '', input: unchecked<{ text: string }>(), output: z.object({ value: z.coerce.number() }), run: ({ text }) => ({ value: text }),
    });
    expectTypeOf(parse).toEqualTypeOf<Tool<{ text: string }, { value: number }>>();
  });

  test('may have a schema of valibot or arktype', () => {
    const valibot = v.object({ path: v.string(), depth: v.optional(v.number(), 1) });
    expectTypeOf(defineTool({ name: 'v', description: '', input: valibot, run: ({ path, depth }) => path.length + depth }))
      .toEqualTypeOf<Tool<{ path: string; depth?: number | undefined }, number>>();
    const arktype = type({ path: 'string', depth: 'number = 1' });
    expectTypeOf(defineTool({ name: 'a', description: '', input: arktype, run: ({ path, depth }) => path.length + depth }))
      .toEqualTypeOf<Tool<{ path: string; depth?: number }, number>>();
  });

  test('without a name, a description or a schema is none', () => {
    // @ts-expect-error -- what goes in has to be said
    const nothing = (): unknown => defineTool({ name: 'x', description: '', run: () => 1 });
    // @ts-expect-error -- an interface is no schema
    const wrong = (): unknown => defineTool({ name: 'x', description: '', input: { path: 'string' }, run: () => 1 });
    expectTypeOf(nothing).toEqualTypeOf<() => unknown>();
    expectTypeOf(wrong).toEqualTypeOf<() => unknown>();
  });
});

describe('an agent', () => {
  test('is inferred from its program, the context without annotation', () => {
    expectTypeOf(worker).toEqualTypeOf<AgentDefinition<{ readonly text: string }, number>>();
    defineAgent('plain', function* (ctx) {
      expectTypeOf(ctx).toEqualTypeOf<AgentContext>();
      expectTypeOf(ctx.now()).toEqualTypeOf<number>();
      expectTypeOf(ctx.agent.parent).toEqualTypeOf<string | null>();
      return yield* ctx.memory.get('x');
    });
  });

  test('is spawned and delegated to with its input, and gives its result', () => {
    const outside = (kernel: OmniKernel): void => {
      expectTypeOf(kernel.spawn(worker, { text: 'a' })).toEqualTypeOf<AgentHandle<number>>();
      // @ts-expect-error -- an input of a wrong type
      kernel.spawn(worker, { text: 1 });
      // @ts-expect-error -- an input is missing
      kernel.spawn(worker, {});
      // @ts-expect-error -- a grant of an action that there is not
      kernel.spawn(worker, { text: 'a' }, { grants: [{ action: 'sudo', resource: '*' }] });
    };
    expectTypeOf(outside).toBeFunction();
    defineAgent('parent', function* (ctx) {
      expectTypeOf(yield* ctx.delegate(worker, { text: 'a' })).toEqualTypeOf<number>();
      const child = yield* ctx.start(worker, { text: 'a' }, { quota: { maxTicks: 5 } });
      expectTypeOf(child).toEqualTypeOf<Child<number>>();
      expectTypeOf(yield* ctx.join(child)).toEqualTypeOf<number>();
      // @ts-expect-error -- an input of a wrong type
      yield* ctx.delegate(worker, 'a');
      // @ts-expect-error -- an input of a wrong type
      yield* ctx.start(worker, { text: 5 });
      // @ts-expect-error -- a quota that is no number
      yield* ctx.start(worker, { text: 'a' }, { quota: { maxTicks: 'many' } });
      // @ts-expect-error -- an agent's id is no child
      yield* ctx.join('worker-1');
      // @ts-expect-error -- the result is a number
      const wrong: string = yield* ctx.join(child);
      return wrong;
    });
  });

  test('that is asynchronous or yields something else is none', () => {
    // @ts-expect-error -- an async function has no ticks
    const asynchronous = (): unknown => defineAgent('a', async () => 1);
    // @ts-expect-error -- a number is no instruction
    const counting = (): unknown => defineAgent('b', function* () { yield 1; });
    expectTypeOf(asynchronous).toBeFunction();
    expectTypeOf(counting).toBeFunction();
  });

  test('that forgets yield* gets an operation, and no result', () => {
    defineAgent('forgetful', function* (ctx) {
      const result = ctx.tool(read, { path: 'a' });
      expectTypeOf(result).toEqualTypeOf<Operation<{ text: string; depth: number }>>();
      // @ts-expect-error -- nothing has happened yet
      return (result.text) as Json;
    });
  });
});

describe('memory', () => {
  interface Notes { files: number; names: readonly string[] }

  test('has the keys and the types that its program says', () => {
    defineAgent('typed', function* (ctx: AgentContext<Notes>) {
      yield* ctx.memory.set('files', 1);
      expectTypeOf(yield* ctx.memory.get('files')).toEqualTypeOf<number | undefined>();
      expectTypeOf(yield* ctx.memory.get('names')).toEqualTypeOf<readonly string[] | undefined>();
      // @ts-expect-error -- a value of a wrong type
      yield* ctx.memory.set('files', 'one');
      // @ts-expect-error -- a value of another key's type
      yield* ctx.memory.set('names', 1);
      // @ts-expect-error -- a key that there is not
      yield* ctx.memory.get('file');
      // @ts-expect-error -- a key that there is not
      yield* ctx.memory.delete('file');
    });
  });

  test('takes any JSON otherwise, and only that', () => {
    defineAgent('untyped', function* (ctx) {
      yield* ctx.memory.set('any', { list: [1, 'a', null] });
      expectTypeOf(yield* ctx.memory.get('any')).toEqualTypeOf<Json | undefined>();
      // @ts-expect-error -- a Date is no JSON
      yield* ctx.memory.set('at', new Date(0));
      // @ts-expect-error -- undefined is no JSON
      yield* ctx.memory.set('nothing', undefined);
      // @ts-expect-error -- a function is no JSON
      yield* ctx.scratch.set('run', () => 1);
    });
  });

  test('that is shared has the type that its reader says, interfaces included', () => {
    interface Plan { readonly steps: readonly string[] }
    defineAgent('reader', function* (ctx) {
      const plan = yield* ctx.shared('team').get<Plan>('plan');
      expectTypeOf(plan).toEqualTypeOf<Versioned<Plan>>();
      expectTypeOf(plan.value?.steps).toEqualTypeOf<readonly string[] | undefined>();
      expectTypeOf(yield* ctx.shared('team').set('plan', { steps: [] }, plan.version)).toEqualTypeOf<number>();
      // @ts-expect-error -- a write names the version that it has seen
      yield* ctx.shared('team').set('plan', { steps: [] });
      // @ts-expect-error -- a value may not be there
      return plan.value.steps;
    });
  });
});

describe('a message', () => {
  interface Order { readonly item: string; readonly count: number }

  test('has the body that its receiver says, interfaces included', () => {
    defineAgent('receiver', function* (ctx) {
      const message = yield* ctx.receive<Order>({ channel: 'orders', timeoutMs: 5 });
      expectTypeOf(message).toEqualTypeOf<Message<Order>>();
      expectTypeOf(message.body.count).toEqualTypeOf<number>();
      expectTypeOf(message.from).toEqualTypeOf<string | null>();
      // @ts-expect-error -- a field that the body does not have
      yield* ctx.memory.set('price', message.body.price as Json);
      // @ts-expect-error -- a field of another type
      const item: number = message.body.item;
      // @ts-expect-error -- a filter that there is not
      yield* ctx.receive({ subject: 'x' });
      return item;
    });
  });

  test('has any JSON as its body otherwise', () => {
    defineAgent('receiver', function* (ctx) {
      expectTypeOf((yield* ctx.receive()).body).toEqualTypeOf<Json>();
    });
  });
});

describe('several at once', () => {
  test('give a tuple, each part with its own type', () => {
    defineAgent('parallel', function* (ctx) {
      const results = yield* ctx.all([ctx.tool(read, { path: 'a' }), ctx.delegate(worker, { text: 'a' }), ctx.sleep(1), ctx.start(worker, { text: 'b' })]);
      expectTypeOf(results[0]).toEqualTypeOf<{ text: string; depth: number }>();
      expectTypeOf(results[1]).toEqualTypeOf<number>();
      expectTypeOf(results[2]).toBeVoid();
      expectTypeOf(results[3]).toEqualTypeOf<Child<number>>();
      expectTypeOf(results).toHaveProperty('length').toEqualTypeOf<4>();
      const settled = yield* ctx.allSettled([ctx.delegate(worker, { text: 'a' }), ctx.memory.get('x')]);
      expectTypeOf(settled).toEqualTypeOf<[Settled<number>, Settled<Json | undefined>]>();
      // @ts-expect-error -- it is a string
      const wrong: number = results[0].text;
      // @ts-expect-error -- there is no fifth
      const none: unknown = results[4];
      return [wrong, none] as Json[];
    });
  });

  test('of one kind give a list', () => {
    defineAgent('list', function* (ctx) {
      const paths: readonly string[] = ['a', 'b'];
      const texts = yield* ctx.all(paths.map((path) => ctx.tool(read, { path })));
      expectTypeOf(texts).toEqualTypeOf<{ text: string; depth: number }[]>();
      // @ts-expect-error -- numbers are no operations
      yield* ctx.all([1, 2]);
    });
  });
});

describe('what an extension sees', () => {
  test('is an entry, told apart by its kind', () => {
    const look = (entry: Entry): void => {
      if (entry.kind === 'TOOL_CALLED') {
        expectTypeOf(entry.data.tool).toEqualTypeOf<string>();
        expectTypeOf(entry.data.args).toEqualTypeOf<Json>();
        // @ts-expect-error -- entries are not to be changed
        entry.data.tool = 'other';
      }
      // @ts-expect-error -- a kind that there is not
      if (entry.kind === 'TOOL_CALLD') throw new Error('never');
    };
    expectTypeOf(look).toBeFunction();
    expectTypeOf<'AGENT_SPAWNED' | 'MEMORY_SET' | 'TOKEN_REVOKED' | 'APPROVAL_REQUESTED' | 'LOG_OPENED'>().toExtend<EntryKind>();
  });

  test('is answered with a verdict or nothing, at once', () => {
    const guard: Guard = { review: (proposal) => (proposal.kind === 'MEMORY_SET' ? { verdict: 'warn', record: { kind: 'NOTED', data: {} } } : undefined) };
    // @ts-expect-error -- a guard does not wait
    const slow: Guard = { review: async () => undefined };
    // @ts-expect-error -- a refusal needs its error
    const silent: Guard = { review: () => ({ verdict: 'refuse' }) };
    // @ts-expect-error -- a policy has an effect
    const policy: Policy = { name: 'p', action: 'call', resource: '*' };
    expectTypeOf([guard, slow, silent]).toEqualTypeOf<Guard[]>();
    expectTypeOf(policy).toEqualTypeOf<Policy>();
  });
});
