import { defineAgent, type AgentContext, type Instruction, type OmniError } from '@omnipaw/kernel';
import { channelOf, deliver, membership, type SwarmTransport } from '@omnipaw/swarm';
import { expect, test } from 'vitest';
import { Cluster } from './nodes.js';

const OTHERS = [{ id: 'b/bob', slot: 'seat-2' }, { id: 'c/cyd', slot: 'seat-3' }];
const CHANNEL = channelOf('chairs', 'election');
const OFFICE = 'swarm/chairs/office';

/** A node whose letters are all taken. */
function alone(): { readonly transport: SwarmTransport; say(from: string, number: number, body: { readonly kind: string; readonly term: number }): Promise<void> } {
  let take: Parameters<SwarmTransport['join']>[1] | undefined;
  return {
    transport: {
      join: (_, deliverTo) => {
        take = deliverTo;
        return Promise.resolve({ send: () => Promise.resolve(), close: () => Promise.resolve() });
      },
    },
    say: (from, number, body) => take!({ id: `log/${from}/${String(number)}/0`, from, to: 'ada', channel: CHANNEL, body }),
  };
}

function* codeOf(operation: Iterable<Instruction, unknown>): Generator<Instruction, string> {
  try {
    yield* operation;
    return 'done';
  } catch (error) {
    return (error as OmniError).code;
  }
}

async function act(program: (ctx: AgentContext) => Generator<Instruction, unknown>, mail: readonly (readonly [from: string, body: { readonly kind: string; readonly term: number }])[] = []): Promise<unknown> {
  const { transport, say } = alone();
  const cluster = new Cluster(['a', 'b', 'c']);
  const actor = defineAgent('actor', program);
  const a = await cluster.boot({ name: 'a', agents: [actor], transport });
  const acting = a.kernel.spawn(actor, null, { id: 'ada', grants: ['call:swarm.to.*'], metadata: membership('chairs', 'seat-1', { slots: ['seat-1', ...OTHERS.map(({ slot }) => slot)], elsewhere: OTHERS }) });
  for (const [index, [from, body]] of mail.entries()) await cluster.time.until(say(from, index + 1, body));
  const result = await cluster.time.until(acting.result());
  await cluster.finish(a);
  return result;
}

test('nobody leads without votes of more than half of the slots, wherever they are', async () => {
  expect(await act(function* (ctx) { return yield* codeOf(ctx.memory.set(OFFICE, { term: 1 })); })).toBe('NOT_ELECTED');
});

test('a vote that comes from another kernel counts, once, and only for its slot', async () => {
  const stand = function* (ctx: AgentContext) {
    yield* ctx.sleep(1);
    return yield* codeOf(ctx.memory.set(OFFICE, { term: 1 }));
  };
  expect(await act(stand, [['b/bob', { kind: 'vote', term: 1 }]])).toBe('done');
  expect(await act(stand, [['b/stranger', { kind: 'vote', term: 1 }], ['b/bob', { kind: 'vote', term: 2 }]])).toBe('NOT_ELECTED');
});

test('a slot has one vote a term, also for candidates of other kernels', async () => {
  const vote = (ctx: AgentContext, to: string, term: number) => codeOf(deliver(ctx, { to, channel: CHANNEL, body: { kind: 'vote', term } }));
  expect(await act(function* (ctx) {
    return [yield* vote(ctx, 'b/bob', 1), yield* vote(ctx, 'c/cyd', 1), yield* vote(ctx, 'b/bob', 1), yield* vote(ctx, 'c/cyd', 2)];
  })).toEqual(['done', 'VOTED_ALREADY', 'done', 'done']);
});

test('a leader whose term is over says nothing any more, to nobody', async () => {
  expect(await act(function* (ctx) {
    yield* ctx.sleep(1);
    const office = yield* codeOf(ctx.memory.set(OFFICE, { term: 1 }));
    // Votes for another one: that of b for itself, and our own.
    yield* ctx.sleep(1);
    yield* deliver(ctx, { to: 'b/bob', channel: CHANNEL, body: { kind: 'vote', term: 2 } });
    return [office, yield* codeOf(deliver(ctx, { to: 'c/cyd', channel: channelOf('chairs', 'work'), body: 'go on' })), yield* codeOf(ctx.memory.delete(OFFICE))];
  }, [['c/cyd', { kind: 'vote', term: 1 }], ['b/bob', { kind: 'ask', term: 2 }]])).toEqual(['done', 'STALE_TERM', 'done']);
});
