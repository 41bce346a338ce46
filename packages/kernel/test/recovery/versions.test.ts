import { defineAgent, replay, type AgentContext, type AgentDefinition, type Instruction, type MemoryLogStore } from '@omnipaw/kernel';
import { crash, scriptedTool, VirtualTime } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { boot, entriesOf, ofKind } from '../support/index.js';

let time: VirtualTime;
beforeEach(() => { time = new VirtualTime(); });

const note = scriptedTool<{ text: string }, string>({ name: 'note', idempotent: true, script: ({ args: { text } }) => ({ value: text }) });
const grants = ['call:note'];

type Asking = Generator<Instruction, number>;

/** A program that notes something twice, with a pause between; `between` is how it goes on from there. */
function writer(between: (ctx: AgentContext) => Asking): AgentDefinition<string> {
  return defineAgent<string, unknown>('writer', function* (ctx, name) {
    yield* ctx.tool(note, { text: `${name} begins` });
    yield* ctx.sleep(1_000);
    const version = yield* between(ctx);
    const texts = [`${name} ends`, `${name} is done`, `${name} has ended`];
    return [version, yield* ctx.tool(note, { text: texts[version] ?? 'nothing' })];
  });
}

/** Before anybody thought of a change. */
 
const first = writer(function* () { return 0; });
const second = writer(function* (ctx) { return yield* ctx.version('wording', 0, 1); });
const third = writer(function* (ctx) { return yield* ctx.version('wording', 0, 2); });
const last = writer(function* (ctx) { return yield* ctx.version('wording', 1, 2); });

/** Spawns an agent and lets the process die when it waits; `after` is who it was. */
async function dieAsleep(agent: AgentDefinition<string>, name: string, log?: MemoryLogStore): Promise<MemoryLogStore> {
  const at = { after: ({ kind, agent: who }: { readonly kind: string; readonly agent: string | null }) => kind === 'SLEEP_STARTED' && who === name };
  const died = await crash({ at, time, agents: [agent], tools: [note], ...(log === undefined ? {} : { log }) }, (kernel) => kernel.spawn(agent, name, { id: name, grants }).result());
  expect(died.isCrashed).toBe(true);
  return died.log;
}

async function resultsWith(agent: AgentDefinition<string>, log: MemoryLogStore, names: readonly string[]): Promise<unknown[]> {
  const { kernel, until } = await boot({ log, time, agents: [agent], tools: [note] });
  const results = await until(Promise.all(names.map((name) => kernel.agent(name).result())));
  await until(kernel.stop());
  return results;
}

describe('a version', () => {
  test('is the old one for who passed the place before there was a choice, and the new one for who comes later', async () => {
    const { kernel, store, until } = await boot({ time, agents: [first], tools: [note] });
    expect(await until(kernel.spawn(first, 'early', { id: 'early', grants }).result())).toEqual([0, 'early ends']);
    await until(kernel.stop());
    const next = await boot({ log: store, time, agents: [second], tools: [note] });
    expect(await until(next.kernel.spawn(second, 'late', { id: 'late', grants }).result())).toEqual([1, 'late is done']);
    await until(next.kernel.stop());
    expect(ofKind(await entriesOf(store), 'VERSION_CHOSEN').map(({ agent, data }) => [agent, data.change, data.version])).toEqual([['late', 'wording', 1]]);
    expect(await replay(store, { agents: [second], tools: [note] })).toMatchObject({ replay: 'REPRODUCED' });
    expect(await replay(store, { agents: [first], tools: [note] })).toMatchObject({ replay: 'DIVERGED', divergence: { agent: 'late', expected: { kind: 'VERSION_CHOSEN', instruction: { op: 'VERSION', change: 'wording', version: 1 } } } });
  });

  test('is the newest for who had not come to the place when the process died', async () => {
    const log = await dieAsleep(first, 'sleeper');
    expect(await resultsWith(second, log, ['sleeper'])).toEqual([[1, 'sleeper is done']]);
    expect(await replay(log, { agents: [third], tools: [note] })).toMatchObject({ replay: 'REPRODUCED' });
  });

  test('stays what it was through later deaths and later programs', async () => {
    const asked = defineAgent<string, unknown>('writer', function* (ctx, name) {
      const version = yield* ctx.version('wording', 0, 1);
      yield* ctx.tool(note, { text: `${name} ${version}` });
      yield* ctx.sleep(1_000);
      return [version, yield* ctx.version('wording', 0, 1)];
    });
    const askedLater = defineAgent<string, unknown>('writer', function* (ctx, name) {
      const version = yield* ctx.version('wording', 0, 7);
      yield* ctx.tool(note, { text: `${name} ${version}` });
      yield* ctx.sleep(1_000);
      return [version, yield* ctx.version('wording', 0, 7)];
    });
    const log = await dieAsleep(asked, 'one');
    const both = await dieAsleep(askedLater, 'two', log);
    expect(await resultsWith(askedLater, both, ['one', 'two'])).toEqual([[1, 1], [7, 7]]);
    expect(ofKind(await entriesOf(both), 'VERSION_CHOSEN').map(({ agent, data }) => [agent, data.version])).toEqual([['one', 1], ['two', 7]]);
    expect(await replay(both, { agents: [askedLater], tools: [note] })).toMatchObject({ replay: 'REPRODUCED' });
  });

  test('is the old one for an agent that is under way behind the place, each time that it asks, also after it was taken up', async () => {
    const before = defineAgent<string, unknown>('writer', function* (ctx, name) {
      yield* ctx.tool(note, { text: name });
      yield* ctx.sleep(1_000);
      return 'never comes here';
    });
    const now = defineAgent<string, unknown>('writer', function* (ctx, name) {
      const versions = [yield* ctx.version('wording', 0, 1)];
      yield* ctx.tool(note, { text: name });
      versions.push(yield* ctx.version('wording', 0, 1));
      yield* ctx.sleep(1_000);
      versions.push(yield* ctx.version('wording', 0, 1));
      return versions;
    });
    const log = await dieAsleep(before, 'old');
    const both = await dieAsleep(now, 'new', log);
    expect(await resultsWith(now, both, ['old', 'new'])).toEqual([[0, 0, 0], [1, 1, 1]]);
    expect(await replay(both, { agents: [now], tools: [note] })).toMatchObject({ replay: 'REPRODUCED' });
  });

  test('that the program supports no more is VERSION_UNSUPPORTED, which a program may catch', async () => {
    const careful = defineAgent<string, unknown>('writer', function* (ctx, name) {
      yield* ctx.version('wording', 0, 1);
      yield* ctx.tool(note, { text: name });
      yield* ctx.sleep(1_000);
      return 'no';
    });
    const log = await dieAsleep(careful, 'old');
    const careless = defineAgent<string, unknown>('writer', function* (ctx, name) {
      yield* ctx.version('wording', 0, 1);
      yield* ctx.tool(note, { text: name });
      yield* ctx.sleep(1_000);
      try {
        return yield* ctx.version('wording', 2, 3);
      } catch (error) {
        return [(error as { code: string }).code, (error as { details: unknown }).details];
      }
    });
    expect(await resultsWith(careless, log, ['old'])).toEqual([['VERSION_UNSUPPORTED', { agent: 'old', change: 'wording', version: 1, min: 2, max: 3 }]]);
    expect(await replay(log, { agents: [careless], tools: [note] })).toMatchObject({ replay: 'REPRODUCED' });
  });

  test('that its history can not do without is missed before anything is written', async () => {
    const { kernel, store, until } = await boot({ time, agents: [second], tools: [note] });
    await until(kernel.spawn(second, 'new', { grants }).result());
    await until(kernel.stop());
    expect(await replay(store, { agents: [last], tools: [note] })).toMatchObject({ replay: 'REPRODUCED' });
    const gone = writer(function* (ctx) { return yield* ctx.version('wording', 2, 2); });
    expect(await replay(store, { agents: [gone], tools: [note] })).toMatchObject({ replay: 'DIVERGED', divergence: { expected: { kind: 'VERSION_CHOSEN' } } });
  });

  test.each<[what: string, args: readonly unknown[]]>([
    ['no name', ['', 0, 1]], ['a name that is none', [7, 0, 1]], ['a min above the max', ['x', 2, 1]], ['a min below 0', ['x', -1, 1]], ['a max that is not whole', ['x', 0, 1.5]], ['no max', ['x', 0]],
  ])('with %s is INVALID_INSTRUCTION', async (_what, args) => {
    const wrong = defineAgent('wrong', function* (ctx) {
      try {
        return yield* (ctx.version as (...given: readonly unknown[]) => ReturnType<typeof ctx.version>)(...args);
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    const { kernel, until } = await boot({ time, agents: [wrong] });
    expect(await until(kernel.spawn(wrong, null).result())).toBe('INVALID_INSTRUCTION');
  });
});
