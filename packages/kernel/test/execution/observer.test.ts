import { defineAgent, defineTool, unchecked, type Observer } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf } from '../support/index.js';

const echo = defineTool({ name: 'echo', description: 'echoes', input: unchecked<{ text: string }>(), run: async ({ text }) => text });

const steps: string[] = [];
const worker = defineAgent('worker', function* (ctx, text: string) {
  steps.push('first');
  yield* ctx.memory.set('at', 1);
  steps.push('second');
  const said = yield* ctx.tool(echo, { text });
  steps.push('third');
  return said;
});

/** What a kernel with this observer does, compared with one that nobody watches. */
async function run(observer?: Observer): Promise<{ steps: string[]; result: string; kinds: string[]; problems: string[] }> {
  steps.length = 0;
  const extensions = observer === undefined ? [] : [{ name: 'watch', observer }];
  const { kernel, until, store, problems } = await boot({ agents: [worker], tools: [echo], extensions });
  const result = await until(kernel.spawn(worker, 'hi', { grants: ['call:echo'] }).result());
  await until(kernel.flush());
  return { steps: [...steps], result, kinds: kindsOf(await entriesOf(store)), problems: problems.map(({ code }) => code) };
}

describe('an observer sees', () => {
  test('the loop, the ticks with their outcome, and the tool calls of an agent', async () => {
    const seen: unknown[] = [];
    await run({
      aroundAgentLoop: async (info, next) => {
        seen.push(['loop', info.agent, info.type, info.parent]);
        await next();
        seen.push('loop over');
      },
      aroundTick: (info, next) => {
        next();
        seen.push(['tick', info.tick, info.outcome]);
      },
      aroundToolCall: async (info, next) => {
        await next();
        seen.push(['tool', info.tool, info.tick, info.call, info.attempt]);
      },
    });
    expect(seen).toEqual([
      ['loop', 'worker-1', 'worker', null],
      ['tick', 1, 'PENDING_TOOL'],
      ['tick', 2, 'COMPLETED'], // a result is the program's at once, before the observers of its tool go on
      ['tool', 'echo', 1, 1, 1],
      'loop over',
    ]);
  });
});

describe('an observer changes nothing', () => {
  const nothing = (): void => undefined;
  const boom = (): never => {
    throw new Error('boom');
  };
  const never = new Promise<void>(nothing);
  const captured: (() => unknown)[] = [];
  const observers: Record<string, Observer> = {
    'that calls next twice': {
      aroundAgentLoop: async (_info, next) => {
        await next();
        await next();
      },
      aroundTick: (_info, next) => {
        next();
        next();
      },
      aroundToolCall: async (_info, next) => {
        await next();
        await next();
      },
    },
    'that never calls next': { aroundAgentLoop: async () => {}, aroundTick: nothing, aroundToolCall: async () => {} },
    'that never comes back': { aroundAgentLoop: () => never, aroundToolCall: () => never },
    'that throws before': { aroundAgentLoop: boom, aroundTick: boom, aroundToolCall: boom },
    'that rejects': { aroundAgentLoop: async () => boom(), aroundToolCall: async () => boom() },
    'that throws after': {
      aroundAgentLoop: async (_info, next) => {
        await next();
        boom();
      },
      aroundTick: (_info, next) => {
        next();
        boom();
      },
      aroundToolCall: async (_info, next) => {
        await next();
        boom();
      },
    },
    'that calls next late': {
      aroundTick: (_info, next) => {
        captured.push(next);
      },
      aroundToolCall: async (_info, next) => {
        for (const earlier of captured.splice(0)) earlier();
        await next();
      },
    },
    'that writes on what it is told': {
      aroundTick: (info, next) => {
        next();
        Object.assign(info, { agent: 'somebody', tick: -1, outcome: 'FAILED' });
      },
    },
    'that answers something': { aroundTick: (() => 'a value'), aroundToolCall: (() => 'no promise') as never },
  };

  test.each(Object.entries(observers))('%s', async (_name, observer) => {
    const unwatched = await run();
    const watched = await run(observer);
    expect({ ...watched, problems: [] }).toEqual(unwatched);
  });

  test('and what it throws is reported', async () => {
    const { problems } = await run({ aroundTick: boom });
    expect(problems).toEqual(['EXTENSION_FAILED', 'EXTENSION_FAILED']);
  });

  test('by calling next again while the tick is running', async () => {
    let again: () => void = nothing;
    steps.length = 0;
    const observer: Observer = {
      aroundTick: (_info, next) => {
        again = next;
        next();
      },
    };
    const { kernel, until } = await boot({ agents: [worker], tools: [echo], extensions: [{ name: 'watch', observer }] });
    kernel.subscribe(() => { again(); });
    await until(kernel.spawn(worker, 'hi', { grants: ['call:echo'] }).result());
    expect(steps).toEqual(['first', 'second', 'third']);
  });
});

describe('several observers', () => {
  test('are nested in the order in which their extensions were given', async () => {
    const order: string[] = [];
    const named = (name: string): { name: string; observer: Observer } => ({
      name,
      observer: {
        aroundTick: (_info, next) => {
          order.push(`${name} in`);
          next();
          order.push(`${name} out`);
        },
      },
    });
    const idle = defineAgent('idle', function* () { return null; });
    const { kernel, until } = await boot({ agents: [idle], extensions: [named('outer'), named('inner')] });
    await until(kernel.spawn(idle, null).result());
    expect(order).toEqual(['outer in', 'inner in', 'inner out', 'outer out']);
  });
});
