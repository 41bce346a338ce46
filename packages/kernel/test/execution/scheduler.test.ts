import { defineAgent, defineTool, unchecked, type LogEnd, type LogStore } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, ofKind, turn } from '../support/index.js';

const echo = defineTool({ name: 'echo', description: 'echoes', input: unchecked<{ n: number }>(), run: async ({ n }) => n });

/** Forgets what it is given: for runs whose log would only fill the memory. */
class ForgetfulStore implements LogStore {
  async open(): Promise<LogEnd> {
    return { nextSeq: 0, head: '0'.repeat(64) };
  }

  async append(): Promise<void> {}

  async *read(): AsyncGenerator<never> {}

  async close(): Promise<void> {}
}

/** The names of agents, in the order in which their ticks ran. */
const order: string[] = [];
const note = defineAgent('note', function* (ctx, rounds: number) {
  for (let round = 0; round < rounds; round++) {
    order.push(ctx.agent.id);
    yield* ctx.sleep(0);
  }
});

describe('the ready queue', () => {
  test('is first in, first out, and gives every agent its turn', async () => {
    order.length = 0;
    const { kernel, until } = await boot({ agents: [note] });
    const handles = ['a', 'b', 'c'].map((id) => kernel.spawn(note, 4, { id }));
    await until(Promise.all(handles.map((handle) => handle.result())));
    // Timers of the same moment fire in the order in which they were set.
    expect(order.join('')).toBe('abcabcabcabc');
  });

  test('lets a child that was just started wait its turn', async () => {
    order.length = 0;
    const child = defineAgent('child', function* (ctx) {
      order.push(ctx.agent.id);
      yield* ctx.memory.set('born', true);
    });
    const parent = defineAgent('parent', function* (ctx) {
      yield* ctx.start(child, null, { id: 'first' });
      order.push('parent');
      yield* ctx.start(child, null, { id: 'second' });
      order.push('parent');
      yield* ctx.receive();
    });
    const { kernel } = await boot({ agents: [parent, child] });
    kernel.spawn(parent, null, { grants: ['delegate:child'] });
    expect(order).toEqual(['parent', 'parent', 'first', 'second']);
  });

  test('lets an agent that works without a pause not starve the others', async () => {
    order.length = 0;
    const busy = defineAgent('busy', function* (ctx) {
      yield* ctx.send(ctx.agent.id, 'go on');
      for (let round = 0; round < 5; round++) {
        order.push('busy');
        yield* ctx.send('other', round);
        yield* ctx.receive({ from: 'other' });
      }
    });
    const other = defineAgent('other', function* (ctx) {
      for (let round = 0; round < 5; round++) {
        yield* ctx.receive();
        order.push('other');
        yield* ctx.send('busy', round);
      }
    });
    const { kernel, until } = await boot({ agents: [busy, other] });
    kernel.spawn(other, null, { id: 'other', grants: ['send:*'] });
    await until(kernel.spawn(busy, null, { id: 'busy', grants: ['send:*'] }).result());
    expect(order.join(' ')).toBe(Array(5).fill('busy other').join(' '));
  });

  test('runs results in the order in which they arrived in the log', async () => {
    const late = defineTool({
      name: 'late', description: 'answers in reverse order', input: unchecked<{ n: number }>(),
      run: async ({ n }): Promise<number> => {
        await time.sleep(100 - n);
        return n;
      },
    });
    const ran: number[] = [];
    const asker = defineAgent('asker', function* (ctx, n: number) {
      ran.push(yield* ctx.tool(late, { n }));
    });
    const { kernel, until, store, time } = await boot({ agents: [asker], tools: [late] });
    await until(Promise.all([1, 2, 3, 4, 5].map((n) => kernel.spawn(asker, n, { grants: ['call:*'] }).result())));
    expect(ran).toEqual([5, 4, 3, 2, 1]);
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'TOOL_RESULT').map(({ data }) => data.result)).toEqual(ran.map((value) => ({ ok: true, value })));
  });
});

describe('a hundred thousand messages back and forth', () => {
  const ROUNDS = 50_000;
  const depths = new Set<number>();
  const player = defineAgent('player', function* (ctx, partner: string | null) {
    if (partner !== null) yield* ctx.send(partner, 0);
    for (let round = 1; round < ROUNDS; round++) {
      const { from } = yield* ctx.receive();
      // Whoever began the game does not answer the last message.
      if (partner === null || round < ROUNDS - 1) yield* ctx.send(from!, round);
      if (round % 1000 === 0) depths.add(stackDepth());
    }
    return 'played';
  });

  test('neither overflow the stack nor starve the event loop', async () => {
    const { kernel } = await boot({ agents: [player], log: new ForgetfulStore() });
    let turns = 0;
    let isOver = false;
    const watch = async (): Promise<void> => {
      while (!isOver) {
        await turn();
        turns++;
      }
    };
    const watching = watch();
    kernel.spawn(player, null, { grants: ['send:*'] });
    const result = kernel.spawn(player, 'player-1', { grants: ['send:*'] }).result();
    expect(await result).toBe('played');
    isOver = true;
    await watching;
    // Others got a turn at least every thousand ticks, of which there were a hundred thousand.
    expect(turns).toBeGreaterThanOrEqual(100);
    // The first round of a process may run within the spawn, all others directly below the event loop.
    expect(Math.max(...depths) - Math.min(...depths)).toBeLessThan(10);
  }, 60_000);
});

function stackDepth(): number {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Infinity;
  const depth = new Error('here').stack!.split('\n').length;
  Error.stackTraceLimit = limit;
  return depth;
}

describe('runAgentLoop, as result() uses it', () => {
  test('tells everybody who waits for the same agent', async () => {
    const asker = defineAgent('asker', function* (ctx) {
      return yield* ctx.tool(echo, { n: 7 });
    });
    const { kernel, until } = await boot({ agents: [asker], tools: [echo] });
    const handle = kernel.spawn(asker, null, { grants: ['call:echo'] });
    expect(await until(Promise.all([handle.result(), handle.result(), kernel.agent(handle.id).result()]))).toEqual([7, 7, 7]);
    expect(await until(handle.result())).toBe(7);
  });

  test('tells of an agent that has ended long ago', async () => {
    const adder = defineAgent('adder', function* () {
      return 2;
    });
    const { kernel, until, time } = await boot({ agents: [adder] });
    const { id } = kernel.spawn(adder, null);
    await time.advance(10_000);
    expect(await until(kernel.agent(id).result())).toBe(2);
  });
});
