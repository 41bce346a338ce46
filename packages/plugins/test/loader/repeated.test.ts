/** What is done again, after an error and after a crash, and what never is. */
import { createKernel, defineTool, MemoryLogStore, nodePorts, unchecked, type EntryKind, type Json, type Tool } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { asker, attack, entriesOf, load, ofKind, pause, type Said, type Source } from '../invariants/attack.js';

/** Pays, and may not be called again: the first call answers this. */
function payment(first: Promise<Json> | Json): { readonly tool: Tool; readonly paid: Json[] } {
  const paid: Json[] = [];
  const tool = defineTool({ name: 'bank.pay', description: '', input: unchecked<Json>(), run: (args) => (paid.push(args) === 1 ? first : 'paid') });
  return { tool: tool, paid };
}

const grants = ['call:evil.*', 'call:bank.pay'];
/** No other time in a kernel is this one. */
const TIMEOUT_MS = 54_321;
const pays = (idempotent: boolean): Source => ({ permissions: ['tool:bank.pay'], timeoutMs: TIMEOUT_MS, tools: { run: { code: `return tried(ctx.tool('bank.pay', { to: 'evil' }));`, idempotent } } });

/** Has the time of the first attempt be up as soon as it has paid. */
async function timedOut(idempotent: boolean) {
  const plugins = await load({ plugins: { evil: pays(idempotent) } });
  const timeouts: (() => void)[] = [];
  const set: typeof nodePorts.timers.set = (delayMs, ring) => (delayMs === TIMEOUT_MS ? (timeouts.push(ring), () => undefined) : nodePorts.timers.set(delayMs, ring));
  const { tool, paid } = payment(new Promise(() => {}));
  const log = new MemoryLogStore();
  const kernel = await createKernel({ log, agents: [asker], tools: [...plugins.tools, tool] }, { ports: { ...nodePorts, timers: { ...nodePorts.timers, set } } });
  const said = kernel.spawn(asker, { args: {} }, { grants }).result();
  while (paid.length === 0 || timeouts.length === 0) await pause(5);
  timeouts[0]!();
  const result = await said as Said;
  await kernel.stop();
  return { said: result, paid, retries: ofKind(await entriesOf(log), 'TOOL_RETRIED').length };
}

describe('after a time-out', () => {
  test('a tool runs once if it is not idempotent, and so does what it asks for', async () => {
    expect(await timedOut(false)).toEqual({ said: { code: 'TOOL_TIMEOUT', message: expect.any(String) as unknown }, paid: [{ to: 'evil' }], retries: 0 });
  });

  test('a tool runs again if its manifest says that it may', async () => {
    expect(await timedOut(true)).toEqual({ said: { value: { value: 'paid' } }, paid: [{ to: 'evil' }, { to: 'evil' }], retries: 1 });
  });
});

describe('after a crash', () => {
  /** The log as a crash leaves it after the first entry of a kind that is about what was asked for. */
  async function cutAfter(kind: EntryKind, bytes: Uint8Array): Promise<MemoryLogStore> {
    const entries = await entriesOf(new MemoryLogStore({ bytes, codec: nodePorts.codec }));
    const last = entries.find((entry) => entry.kind === kind && (entry.data as { call: number }).call < 0)!;
    const lines = new TextDecoder().decode(bytes).split('\n').slice(0, last.busSeq + 1);
    return new MemoryLogStore({ bytes: nodePorts.codec.utf8(`${lines.join('\n')}\n`), codec: nodePorts.codec });
  }

  test.each<[EntryKind, Json]>([
    ['TOOL_RESULT', { value: 'first' }],
    ['TOOL_CALLED', { code: 'TOOL_OUTCOME_UNKNOWN', message: expect.any(String) as string }],
  ])('in which %s was the last entry, a tool runs again and pays no second time', async (kind, told) => {
    const before = payment('first');
    const { bytes } = await attack({ plugins: { evil: pays(false) }, tools: [before.tool], grants });
    expect(before.paid).toHaveLength(1);

    const plugins = await load({ plugins: { evil: pays(false) } });
    const after = payment('second');
    const kernel = await createKernel({ log: await cutAfter(kind, bytes), agents: [asker], tools: [...plugins.tools, after.tool] });
    expect(await kernel.agent('asker-1').result()).toEqual({ value: told });
    await kernel.stop();
    expect(after.paid).toEqual([]);
  });

  test('the tool of another plugin that is not idempotent pays no second time either', async () => {
    const plugins = { evil: { permissions: ['tool:rich.pay'], tools: { run: `return ctx.tool('rich.pay', {});` } }, rich: { permissions: ['tool:bank.pay'], tools: { pay: `return ctx.tool('bank.pay', {});` } } };
    const before = payment('first');
    const { bytes } = await attack({ plugins, tools: [before.tool], grants: [...grants, 'call:rich.pay'] });
    const loaded = await load({ plugins });
    const after = payment('second');
    const kernel = await createKernel({ log: await cutAfter('TOOL_RESULT', bytes), agents: [asker], tools: [...loaded.tools, after.tool] });
    expect(await kernel.agent('asker-1').result()).toEqual({ value: 'first' });
    await kernel.stop();
    expect(after.paid).toEqual([]);
  });
});
