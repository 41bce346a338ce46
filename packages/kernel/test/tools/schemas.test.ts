import { defineTool, type StandardSchema } from '@omnipaw/kernel';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ofKind } from '../support/index.js';
import { attempt, runProgram } from './run-program.js';

/** The same schema in three libraries: a default, a transformation, a nested list. */
const schemas: Readonly<Record<string, StandardSchema>> = {
  zod: z.object({ path: z.string().min(1).transform((path) => path.toUpperCase()), depth: z.number().int().default(3), tags: z.array(z.string()).optional() }),
  valibot: v.object({
    path: v.pipe(v.string(), v.minLength(1), v.transform((path) => path.toUpperCase())),
    depth: v.optional(v.pipe(v.number(), v.integer()), 3),
    tags: v.optional(v.array(v.string())),
  }),
  arktype: type({ path: type('string >= 1').pipe((path) => path.toUpperCase()), depth: 'number.integer = 3', 'tags?': 'string[]' }),
};

describe.each(Object.entries(schemas))('a schema of %s', (_library, input) => {
  async function call(args: unknown) {
    const seen: unknown[] = [];
    const tool = defineTool({ name: 'list', description: '', input, run: (given) => { seen.push(given); } });
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, args));
      },
      { tools: [tool] },
    );
    return { value, seen, entries };
  }

  it('gives the tool what it makes of the arguments, and the log has them as they came', async () => {
    const { value, seen, entries } = await call({ path: 'src', tags: ['a'] });
    expect(value).toEqual({ ok: true, value: null });
    expect(seen).toEqual([{ path: 'SRC', depth: 3, tags: ['a'] }]);
    expect(ofKind(entries, 'TOOL_CALLED')[0]!.data.args).toEqual({ path: 'src', tags: ['a'] });
  });

  it.each<readonly [args: unknown, place: string]>([
    [{ path: 5 }, 'path'],
    [{ path: '' }, 'path'],
    [{ path: 'x', depth: 1.5 }, 'depth'],
    [{ path: 'x', tags: ['a', 1] }, 'tags.1'],
    [{}, 'path'],
    ['text', ''],
    [null, ''],
  ])('refuses %j, and says where', async (args, place) => {
    const { value, seen } = await call(args);
    expect(value).toMatchObject({ ok: false, code: 'TOOL_INPUT_INVALID', details: { tool: 'list', issues: expect.stringContaining(place) } });
    expect(seen).toEqual([]);
  });

  it('checks results, too', async () => {
    const good = defineTool({ name: 'good', description: '', input: schemas['zod']!, output: input, run: () => ({ path: 'x' }) });
    const bad = defineTool({ name: 'bad', description: '', input: schemas['zod']!, output: input, run: async () => ({ path: 7 }) });
    const { value, entries } = await runProgram(
      function* (ctx) {
        return [yield* attempt(ctx.tool(good, { path: 'x' })), yield* attempt(ctx.tool(bad, { path: 'x' }))] as const;
      },
      { tools: [good, bad] },
    );
    expect(value).toMatchObject([{ ok: true, value: { path: 'X', depth: 3 } }, { ok: false, code: 'TOOL_OUTPUT_INVALID' }]);
    expect(ofKind(entries, 'TOOL_RESULT').map(({ data }) => data.result.ok)).toEqual([true, false]);
  });
});

describe('what a schema makes of arguments and results', () => {
  it('may be anything for the tool: coercion to a Date stays outside of the log', async () => {
    const tool = defineTool({ name: 'at', description: '', input: z.object({ at: z.coerce.date() }), run: ({ at }) => at.getUTCFullYear() });
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* ctx.tool(tool, { at: '2031-05-01' });
      },
      { tools: [tool] },
    );
    expect(value).toBe(2031);
    expect(ofKind(entries, 'TOOL_CALLED')[0]!.data.args).toEqual({ at: '2031-05-01' });
  });

  it('must be JSON again for a result', async () => {
    const tool = defineTool({ name: 'at', description: '', input: z.object({}), output: z.object({ at: z.coerce.date() }), run: () => ({ at: '2031-05-01' }) as never });
    const { value } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, {}));
      },
      { tools: [tool] },
    );
    expect(value).toMatchObject({ ok: false, code: 'SERIALIZATION_ERROR', details: { path: '$.at' } });
  });

  it('may take its time for a result', async () => {
    const output = z.string().refine(async (text) => text.length > 3, 'too short');
    const tool = defineTool({ name: 'slow', description: '', input: z.object({ text: z.string() }), output, run: ({ text }) => text });
    const { value } = await runProgram(
      function* (ctx) {
        return [yield* attempt(ctx.tool(tool, { text: 'long enough' })), yield* attempt(ctx.tool(tool, { text: 'no' }))] as const;
      },
      { tools: [tool] },
    );
    expect(value).toMatchObject([{ ok: true, value: 'long enough' }, { ok: false, code: 'TOOL_OUTPUT_INVALID' }]);
  });

  it('may not take its time for arguments', async () => {
    const input = z.object({ text: z.string().refine(async () => true) });
    const tool = defineTool({ name: 'slow', description: '', input, run: ({ text }) => text });
    const { value } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, { text: 'x' }));
      },
      { tools: [tool] },
    );
    expect(value).toMatchObject({ ok: false, code: 'TOOL_INPUT_INVALID', message: expect.stringContaining('asynchronous') });
  });

  it('is the same for no arguments at all as for empty ones', async () => {
    const tool = defineTool({ name: 'ping', description: '', input: z.object({}), run: (args) => args });
    const { value } = await runProgram(
      function* (ctx) {
        return yield* ctx.tool(tool, undefined as never);
      },
      { tools: [tool] },
    );
    expect(value).toEqual({});
  });
});
