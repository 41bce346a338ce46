import { defineAgent, defineTool, unchecked, type MemoryLogStore } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, ofKind, type Booted } from '../support/index.js';

const wait = defineTool({ name: 'wait', description: 'takes five seconds', input: unchecked<object>(), run: async (): Promise<string> => (await time.sleep(5_000), 'waited') });
let time: VirtualTime;

const chancy = defineAgent('chancy', function* (ctx) {
  const first = [ctx.now(), ctx.random(), ctx.uuid(), ctx.random()];
  yield* ctx.tool(wait, {});
  return [...first, ctx.now(), ctx.random(), ctx.uuid()];
});
const parent = defineAgent('parent', function* (ctx) {
  const options = { grants: ['call:wait'] };
  return yield* ctx.all([ctx.delegate(chancy, null, options), ctx.delegate(chancy, null, options)]);
});

async function kernelIn(seed: string): Promise<Booted<MemoryLogStore>> {
  time = new VirtualTime({ seed });
  return boot({ agents: [chancy, parent], tools: [wait], time });
}

describe('ctx.now()', () => {
  test('is the recorded time of the entry that started the tick, and stands still in it', async () => {
    const clock = defineAgent('clock', function* (ctx) {
      const times = [ctx.now()];
      yield* ctx.memory.set('at', ctx.now());
      times.push(ctx.now());
      yield* ctx.sleep(1_500);
      times.push(ctx.now());
      yield* ctx.tool(wait, {});
      times.push(ctx.now());
      return times;
    });
    time = new VirtualTime({ start: 1_000_000 });
    const { kernel, until, store } = await boot({ agents: [clock], tools: [wait], time });
    const times = await until(kernel.spawn(clock, null, { grants: ['call:wait'] }).result());
    expect(times).toEqual([1_000_000, 1_000_000, 1_001_500, 1_006_500]);
    await until(kernel.flush());
    const entries = await entriesOf(store);
    const [activated] = ofKind(entries, 'AGENT_ACTIVATED');
    const [fired] = ofKind(entries, 'TIMER_FIRED');
    const [answered] = ofKind(entries, 'TOOL_RESULT');
    expect([activated?.time, fired?.time, answered?.time]).toEqual([times[0], times[2], times[3]]);
  });
});

describe('ctx.random() and ctx.uuid()', () => {
  const run = async (seed: string): Promise<unknown> => {
    const { kernel, until } = await kernelIn(seed);
    return until(kernel.spawn(chancy, null, { grants: ['call:wait'] }).result());
  };

  test('are a function of the seed that the log holds', async () => {
    expect(await run('one')).toEqual(await run('one'));
    expect(await run('one')).not.toEqual(await run('two'));
  });

  test('differ between agents, and those of a child draw no chance from outside', async () => {
    const run = async (): Promise<{ values: unknown; seeds: string[] }> => {
      const { kernel, until, store } = await kernelIn('family');
      const values = await until(kernel.spawn(parent, null, { grants: ['call:wait', 'delegate:chancy'] }).result());
      await until(kernel.flush());
      return { values, seeds: ofKind(await entriesOf(store), 'AGENT_SPAWNED').map(({ data }) => data.seed) };
    };
    const [first, again] = [await run(), await run()];
    expect(first).toEqual(again);
    expect(new Set(first.seeds).size).toBe(3);
    const [one, other] = first.values as unknown[][];
    expect(one![1]).not.toBe(other![1]);
    expect(one![2]).not.toBe(other![2]);
  });

  test('are those of the same program run twice in one log, each its own', async () => {
    const { kernel, until } = await kernelIn('twice');
    const results = await until(Promise.all([1, 2].map(() => kernel.spawn(chancy, null, { grants: ['call:wait'] }).result())));
    expect(results[0]![1]).not.toBe(results[1]![1]);
  });
});

test('the context of an agent gives no way into the kernel', async () => {
  const nosy = defineAgent('nosy', function* (ctx) {
    const seen: string[] = [];
    for (let object: object | null = ctx; object !== null && object !== Object.prototype; object = Object.getPrototypeOf(object) as object | null) {
      seen.push(...Object.getOwnPropertyNames(object));
    }
    yield* ctx.memory.set('seen', seen.length);
    return seen.filter((name) => name !== 'constructor').sort();
  });
  const { kernel, until } = await boot({ agents: [nosy] });
  expect(await until(kernel.spawn(nosy, null).result())).toEqual([
    'agent', 'all', 'allSettled', 'continueAsNew', 'decide', 'delegate', 'join', 'memory', 'now', 'random', 'receive',
    'revoke', 'scratch', 'send', 'shared', 'sleep', 'start', 'tool', 'uuid', 'version',
  ]);
});
