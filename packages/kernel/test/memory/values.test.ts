import { defineAgent, defineTool, unchecked, type AgentContext, type Json, type Operation } from '@omnipaw/kernel';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, ofKind } from '../support/index.js';
import { attempt, runProgram } from '../tools/run-program.js';

/** Every way in which a program can have a value remembered or sent. */
const places: readonly (readonly [what: string, put: (ctx: AgentContext, value: never) => Operation<unknown>])[] = [
  ['memory', (ctx, value) => ctx.memory.set('key', value)],
  ['scratch', (ctx, value) => ctx.scratch.set('key', value)],
  ['shared memory', (ctx, value) => ctx.shared('team').set('key', value, 0)],
  ['a message', (ctx, value) => ctx.send('main-1', value)],
];

class Money { amount = 1; }
const cyclic: Record<string, unknown> = { list: [] };
(cyclic['list'] as unknown[]).push(cyclic);

const refused: readonly (readonly [what: string, value: unknown, path: string, found: RegExp])[] = [
  ['undefined', undefined, '$', /undefined/],
  ['undefined in an object', { a: { b: undefined } }, '$.a.b', /undefined/],
  ['undefined in a list', [1, [undefined]], '$[1][0]', /undefined/],
  ['a function', { a: [0, 1, 2, { b: () => 1 }] }, '$.a[3].b', /function/],
  ['a method', { toJSON: () => 1 }, '$.toJSON', /function/],
  ['a symbol', { s: Symbol('x') }, '$.s', /symbol/],
  ['a symbol as key', { a: { [Symbol('x')]: 1 } }, '$.a', /symbol as a key/],
  ['a bigint', [1n], '$[0]', /bigint/],
  ['NaN', { n: NaN }, '$.n', /NaN/],
  ['Infinity', [Infinity], '$[0]', /Infinity/],
  ['-Infinity', [-Infinity], '$[0]', /-Infinity/],
  ['-0', { zero: -0 }, '$.zero', /-0/],
  ['a Date', { at: new Date(0) }, '$.at', /Date/],
  ['a Map', { map: new Map() }, '$.map', /Map/],
  ['a Set', [new Set()], '$[0]', /Set/],
  ['an instance', { price: new Money() }, '$.price', /Money/],
  ['an instance without a name', { odd: Object.create(Object.create({ constructor: 7 }) as object) as object }, '$.odd', /unnamed class/],
  ['a regular expression', [/x/], '$[0]', /RegExp/],
  ['an error', { e: new Error('x') }, '$.e', /Error/],
  ['bytes', { b: new Uint8Array(2) }, '$.b', /Uint8Array/],
  ['a boxed number', [Object(1)], '$[0]', /Number/],
  ['a lone surrogate', { text: ['ok', '\ud83d'] }, '$.text[1]', /lone surrogate/],
  ['a lone surrogate in a key', { a: { '\ude00': 1 } }, '$.a', /lone surrogate in a key/],
  ['a hole', { list: Object.assign(new Array<number>(2), { 1: 1 }) }, '$.list', /holes/],
  ['a list with a property', [Object.assign([1], { extra: 2 })], '$[0]', /extra properties/],
  ['a key that needs quotes', { 'two words': { 'a.b': { '"': NaN } } }, '$["two words"]["a.b"]["\\""]', /NaN/],
  ['a key that is a number', { 7: { '': NaN } }, '$["7"][""]', /NaN/],
  ['__proto__ as a key of its own', JSON.parse('{"__proto__":{"a":[]}}') as object, '', /./],
  ['a cycle', { a: cyclic }, '$.a.list[0]', /cycle/],
];

describe.each(places)('%s', (_place, put) => {
  it.each(refused.filter(([, , path]) => path !== ''))('refuses %s, with its place', async (_what, value, path, found) => {
    const { value: outcome, entries } = await runProgram(
      function* (ctx) {
        return yield* attempt(put(ctx, value as never));
      },
      { grants: ['write:**', 'send:*'] },
    );
    expect(outcome).toMatchObject({ ok: false, code: 'SERIALIZATION_ERROR', details: { path, found: expect.stringMatching(found) } });
    expect(outcome).toMatchObject({ message: expect.stringContaining(path) });
    expect(ofKind(entries, 'REFUSED').map(({ data }) => data.error.details)).toEqual([{ path, found: expect.any(String) }]);
  });

  it('takes everything that JSON can say, and gives it back as it was', async () => {
    const value = JSON.parse('{"s":"ä😀\\u0000\\u2028\\"","n":[0,-1,1e300,5e-324,0.1],"b":[true,false,null],"o":{"":{},"__proto__":{"x":1},"constructor":[]}}') as Json;
    const { value: outcome, text } = await runProgram(
      function* (ctx) {
        return yield* attempt(put(ctx, value as never));
      },
      { grants: ['write:**', 'send:*'] },
    );
    expect(outcome).toMatchObject({ ok: true });
    expect(text.includes(JSON.stringify(value)) || _place === 'scratch').toBe(true);
  });
});

describe('the size of a value', () => {
  /** JSON of exactly so many bytes. */
  const sized = (fill: string, bytes: number): string => {
    const each = Buffer.byteLength(JSON.stringify(fill)) - 2;
    const text = fill.repeat(Math.floor((bytes - 2) / each));
    return text + 'x'.repeat(bytes - Buffer.byteLength(JSON.stringify(text)));
  };
  const limit = 1_000;

  it.each(['x', 'é', '€', '😀', '"', '\\', '\n', '\u0001', '\u2028'])('is measured in bytes of its JSON: %j', async (fill) => {
    const fits = sized(fill, limit);
    const big = sized(fill, limit + 1);
    expect(Buffer.byteLength(JSON.stringify(fits))).toBe(limit);
    const { value, entries } = await runProgram(
      function* (ctx) {
        const outcomes = [];
        for (const [, put] of places) outcomes.push((yield* attempt(put(ctx, fits as never))).ok, yield* attempt(put(ctx, big as never)));
        return outcomes.map((outcome) => (typeof outcome === 'boolean' ? outcome : outcome.ok ? 'taken' : [outcome.code, outcome.details]));
      },
      { maxValueBytes: limit, grants: ['write:**', 'send:*'] },
    );
    const tooLarge = ['VALUE_TOO_LARGE', { bytes: limit + 1, maxBytes: limit }];
    expect(value).toEqual([true, tooLarge, true, tooLarge, true, tooLarge, true, tooLarge]);
    expect(ofKind(entries, 'MEMORY_SET')).toHaveLength(1);
  });

  it('counts keys and punctuation', async () => {
    const exact = { é: [1, 2.5, null, true, {}], k: -3 };
    const maxValueBytes = Buffer.byteLength(JSON.stringify(exact));
    for (const [limitBytes, isTaken] of [[maxValueBytes, true], [maxValueBytes - 1, false]] as const) {
      const main = defineAgent('main', function* (ctx) {
        return (yield* attempt(ctx.memory.set('key', exact))).ok;
      });
      const { kernel, until } = await boot({ agents: [main], maxValueBytes: limitBytes });
      expect(await until(kernel.spawn(main, undefined).result())).toBe(isTaken);
    }
  });

  it('bounds arguments, inputs and results as well', async () => {
    const big = 'x'.repeat(limit);
    const tool = defineTool({ name: 'echo', description: '', input: unchecked<{ text: string }>(), run: ({ text }) => text });
    const child = defineAgent('child', function* (_ctx, text: string) {
      return text;
    });
    const main = defineAgent('main', function* (ctx) {
      const outcomes = [yield* attempt(ctx.tool(tool, { text: big })), yield* attempt(ctx.delegate(child, big))];
      return outcomes.map((outcome) => (outcome.ok ? 'taken' : outcome.code));
    });
    const giver = defineAgent('giver', function* () {
      return big;
    });
    const { kernel, until, rejection } = await boot({ agents: [main, child, giver], tools: [tool], maxValueBytes: limit });
    expect(await until(kernel.spawn(main, undefined, { grants: ['call:*', 'delegate:*'] }).result())).toEqual(['VALUE_TOO_LARGE', 'VALUE_TOO_LARGE']);
    expect(await rejection(kernel.spawn(giver, undefined).result())).toMatchObject({ code: 'VALUE_TOO_LARGE' });
    expect(() => kernel.spawn(child, big)).toThrow(expect.objectContaining({ code: 'VALUE_TOO_LARGE' }));
    expect(() => { kernel.send('giver-1', big); }).toThrow(expect.objectContaining({ code: 'VALUE_TOO_LARGE' }));
  });
});

describe('a value that somebody got', () => {
  /** Tries to change a value in every way there is; tells which ways worked. */
  function vandalise(value: unknown): readonly string[] {
    const done: string[] = [];
    const ways: Record<string, (target: Record<string, unknown> & unknown[]) => void> = {
      assign: (target) => { target['injected'] = true; },
      define: (target) => { Object.defineProperty(target, 'injected', { value: true }); },
      delete: (target) => { for (const key of Object.keys(target)) Reflect.deleteProperty(target, key); },
      push: (target) => { target.push('injected'); },
      prototype: (target) => { Object.setPrototypeOf(target, { injected: true }); },
    };
    const visit = (target: unknown): void => {
      if (typeof target !== 'object' || target === null) return;
      const before = JSON.stringify(target);
      for (const [way, act] of Object.entries(ways)) {
        try {
          act(target as never);
        } catch { /* frozen */ }
        if (JSON.stringify(target) !== before || (target as { injected?: unknown }).injected !== undefined) done.push(way);
      }
      for (const child of Object.values(target)) visit(child);
    };
    visit(value);
    return done;
  }

  const original = { list: [{ deep: [1, 2] }], text: 'x' };

  it('can not be changed by the program, wherever it got it', async () => {
    const tool = defineTool({ name: 'echo', description: '', input: unchecked<object>(), run: (args) => args });
    const child = defineAgent('child', function* (_ctx, input: object) {
      const done = vandalise(input);
      return { input, done };
    });
    const { value } = await runProgram(
      function* (ctx) {
        yield* ctx.memory.set('key', original);
        yield* ctx.scratch.set('key', original);
        yield* ctx.shared('team').set('key', original, 0);
        yield* ctx.send('main-1', original);
        const got: Record<string, unknown> = {
          memory: yield* ctx.memory.get('key'),
          scratch: yield* ctx.scratch.get('key'),
          shared: yield* ctx.shared('team').get('key'),
          message: yield* ctx.receive(),
          tool: yield* ctx.tool(tool, original),
          child: yield* ctx.delegate(child, original),
          settled: yield* ctx.allSettled([ctx.tool(tool, original), ctx.shared('team').get('key')]),
          agent: ctx.agent,
        };
        const done = Object.entries(got).map(([from, one]) => [from, ...(from === 'settled' ? (one as { value: unknown }[]).flatMap(({ value: inner }) => vandalise(inner)) : vandalise(one))]);
        return {
          done, child: got['child'] as Json,
          now: [yield* ctx.memory.get('key'), yield* ctx.scratch.get('key'), (yield* ctx.shared('team').get('key')).value] as Json,
        };
      },
      { tools: [tool], agents: [child], grants: ['**'].flatMap((all) => ['read', 'write', 'send', 'call', 'delegate'].map((action) => `${action}:${all}`)) },
    );
    expect(value.done.filter(([, ...ways]) => ways.length > 0)).toEqual([]);
    expect(value.child).toEqual({ input: original, done: [] });
    expect(value.now).toEqual([original, original, original]);
  });

  it('is the value that was given, not what its giver makes of it later', async () => {
    const { value } = await runProgram(
      function* (ctx) {
        const mine = { list: [1] };
        yield* ctx.memory.set('key', mine);
        yield* ctx.scratch.set('key', mine);
        yield* ctx.shared('team').set('key', mine, 0);
        yield* ctx.send('main-1', mine);
        mine.list.push(2);
        return [yield* ctx.memory.get('key'), yield* ctx.scratch.get('key'), (yield* ctx.shared('team').get('key')).value, (yield* ctx.receive()).body] as Json;
      },
      { grants: ['read:**', 'write:**', 'send:**'] },
    );
    expect(value).toEqual(new Array(4).fill({ list: [1] }));
  });

  it('can not be changed by a tool, a subscriber or whoever takes a snapshot', async () => {
    const done: string[] = [];
    const tool = defineTool({ name: 'echo', description: '', input: unchecked<object>(), run: (args) => {
      done.push(...vandalise(args));
      return original;
    } });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.scratch.set('key', original);
      yield* ctx.memory.set('key', original);
      const result = yield* ctx.tool(tool, original);
      return [result, yield* ctx.scratch.get('key'), yield* ctx.memory.get('key')] as Json;
    });
    const { kernel, until, store } = await boot({ agents: [main], tools: [tool] });
    kernel.subscribe((entry) => { done.push(...vandalise(entry)); });
    const handle = kernel.spawn(main, undefined, { grants: ['call:*'], metadata: { team: ['a'] } });
    done.push(...vandalise(kernel.snapshot()), ...vandalise(kernel.agentSnapshot(handle.id)));
    expect(await until(handle.result())).toEqual([original, original, original]);
    done.push(...vandalise(kernel.snapshot()), ...vandalise(kernel.agentSnapshot(handle.id)), ...vandalise(await handle.result()));
    expect(await handle.result()).toEqual([original, original, original]);
    expect(done).toEqual([]);
    expect(ofKind(await entriesOf(store), 'TOOL_RESULT')[0]!.data.result).toEqual({ ok: true, value: original });
  });

  it('is as frozen when the log is opened again', async () => {
    const writer = defineAgent('writer', function* (ctx) {
      yield* ctx.shared('team').set('plan', original, 0);
    });
    const vandal = defineAgent('vandal', function* (ctx) {
      const { value } = yield* ctx.shared('team').get('plan');
      const done = vandalise(value);
      return { done, now: (yield* ctx.shared('team').get('plan')).value ?? null };
    });
    const first = await boot({ agents: [writer] });
    await first.until(first.kernel.spawn(writer, undefined, { grants: ['write:**'] }).result());
    await first.until(first.kernel.stop());
    const { kernel, until } = await boot({ log: first.store, agents: [vandal] });
    expect(vandalise(kernel.snapshot())).toEqual([]);
    expect(await until(kernel.spawn(vandal, undefined, { grants: ['read:**'] }).result())).toEqual({ done: [], now: original });
  });
});
