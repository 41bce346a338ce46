/** Plugins that call themselves and each other until there is no room, in a kernel in which others have something to do. */
import { describe, expect, test } from 'vitest';
import { asker, attack, ofKind, pause, witness } from '../invariants/attack.js';

const WIDE = `return Promise.all(Array.from({ length: 32 }, () => ctx.tool('evil.run', {})));`;

describe('a plugin', () => {
  test('that asks for itself 32 times at once, at each depth, is told that it is too much', { timeout: 180_000 }, async () => {
    const { said } = await attack({ plugins: { evil: { tools: { run: WIDE }, timeoutMs: 600_000 } } });
    expect(said).toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(/2000 calls under way/) as unknown });
  });

  test('that asks for itself 32 times at once, and those for something, gets what it asked for', async () => {
    const { said } = await attack({ plugins: { evil: { permissions: ['memory'], tools: { run: `return (await Promise.all(Array.from({ length: 32 }, (_, n) => ctx.tool('evil.some', { n })))).length;`, some: `await Promise.all([1, 2, 3].map((n) => ctx.tool('evil.one', { n }))); return 1;`, one: `await ctx.memory.get('k'); return 1;` } } } });
    expect(said.value).toBe(32);
  });

  test('that asks for another one that asks for it comes to an end', async () => {
    const ask = (other: string) => ({ permissions: [`tool:${other}.run`], tools: { run: `const deeper = await tried(ctx.tool('${other}.run', {})); return deeper.code === undefined ? { deep: deeper.value.deep + 1, code: deeper.value.code } : { deep: 0, code: deeper.code };` } });
    const { said } = await attack({ plugins: { evil: ask('other'), other: ask('evil') }, grants: ['call:evil.run', 'call:other.run'] });
    expect(said.value).toEqual({ deep: 8, code: 'INVALID_INSTRUCTION' });
  });

  test('that waits in a hundred calls for what never comes keeps neither another plugin nor a tool of the machine waiting', async () => {
    const never = witness('never.ends', () => new Promise(() => {}));
    const plain = witness('plain.tool');
    const { said, entries } = await attack({
      plugins: { evil: { permissions: ['tool:never.ends'], timeoutMs: 600_000, tools: { run: `return Promise.all(Array.from({ length: 32 }, () => ctx.tool('evil.wait', {})));`, wait: `return ctx.tool('never.ends', {});` } }, good: { permissions: ['tool:plain.tool'], tools: { run: `return ctx.tool('plain.tool', {});` } } },
      tools: [never.tool, plain.tool],
      act: async (kernel) => {
        const may = { grants: ['call:**'] };
        const floods = [1, 2, 3].map(() => kernel.spawn(asker, { args: {} }, may));
        const ended = floods.map((flood) => flood.result().catch(() => undefined));
        while (never.ran.length < 96) await pause(10);
        const said = [await kernel.spawn(asker, { args: {}, tool: 'good.run' }, may).result(), await kernel.spawn(asker, { args: {}, tool: 'plain.tool' }, may).result()];
        for (const flood of floods) kernel.revoke(flood.id, 'enough');
        await Promise.all(ended);
        return said;
      },
    });
    expect(said).toEqual([{ value: 'done' }, { value: 'done' }]);
    expect(ofKind(entries, 'TOOL_RESULT').filter(({ data }) => data.tool === 'never.ends')).toEqual([]);
  });
});
