import { defineAgent, type AgentContext, type Instruction, type Json, type OmniError } from '@omnipaw/kernel';
import { channelOf, SwarmProtocol, type Member, type Received } from '@omnipaw/swarm';
import { describe, expect, it } from 'vitest';
import { boot, finish, ofKind, type Booted } from '../support.js';

type Talk = (protocol: SwarmProtocol, ctx: AgentContext) => Generator<Instruction, unknown>;

const seats: readonly Member[] = ['ada', 'bob', 'cyd'].map((id, index) => ({ id, slot: `seat-${String(index + 1)}` }));

/** What each of the members says and hears, in a kernel of their own. */
async function talk(parts: Readonly<Record<string, Talk>>, { maxMailboxMessages = 1_000 }: { readonly maxMailboxMessages?: number } = {}): Promise<{ results: Record<string, Json>; booted: Booted }> {
  const agents = Object.entries(parts).map(([id, part]) => defineAgent(id, function* (ctx) {
    // Everybody is there before anybody speaks.
    yield* ctx.sleep(1);
    return yield* part(new SwarmProtocol(ctx, { swarm: 'tea', members: seats }), ctx);
  }));
  const booted = await boot({ agents, maxMailboxMessages });
  const handles = agents.map((agent) => booted.kernel.spawn(agent, null, { id: agent.type, grants: ['send:*'] }));
  const results = await booted.time.until(Promise.all(handles.map((handle) => handle.result())));
  return { results: Object.fromEntries(handles.map(({ id }, index) => [id, results[index] as Json])), booted };
}

function* codeOf(operation: Generator<Instruction, unknown>): Generator<Instruction, unknown> {
  try {
    return yield* operation;
  } catch (error) {
    return (error as OmniError).code;
  }
}

const bodyOf = ({ body, topic, from }: Received): Json => [from, topic, body];

describe('a word', () => {
  it('reaches the one it is for, on its topic, and says who sent it', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol) { yield* protocol.send('bob', 'news', { it: 'rains' }); },
      bob: function* (protocol) { return bodyOf(yield* protocol.receive('news')); },
    });
    expect(results['bob']).toEqual(['ada', 'news', { it: 'rains' }]);
    expect(ofKind(await finish(booted), 'MESSAGE_SENT').map(({ data }) => data.channel)).toEqual(['swarm/tea/say/news']);
  });

  it('is taken from any of several topics in the order of sending, or from one sender alone', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol) {
        for (const topic of ['b', 'a', 'c', 'b']) yield* protocol.send('cyd', topic, topic);
      },
      bob: function* (protocol, ctx) {
        yield* ctx.sleep(10);
        yield* protocol.send('cyd', 'a', 'from bob');
      },
      cyd: function* (protocol, ctx) {
        yield* ctx.sleep(20);
        const heard = [yield* protocol.receive('a', { from: 'bob' })];
        for (let count = 0; count < 3; count++) heard.push(yield* protocol.receive(['a', 'b']));
        return heard.map(bodyOf);
      },
    });
    expect(results['cyd']).toEqual([['bob', 'a', 'from bob'], ['ada', 'b', 'b'], ['ada', 'a', 'a'], ['ada', 'b', 'b']]);
    await finish(booted);
  });

  it('on a topic of the package is refused before it is said, and none of a user can be taken for it', async () => {
    const refused = function* (part: Generator<Instruction, unknown>): Generator<Instruction, unknown> {
      try {
        return yield* part;
      } catch (error) {
        return error instanceof TypeError;
      }
    };
    const { results, booted } = await talk({
      ada: function* (protocol) {
        const found: unknown[] = [];
        for (const topic of ['answer', 'election', 'vote', 'work']) {
          found.push(yield* refused(protocol.send('bob', topic, { kind: 'close', decision: { isDecided: true, value: 'mine' } })));
          found.push(yield* refused(protocol.broadcast(topic, 1)), yield* refused(protocol.receive(['news', topic])));
          found.push(yield* refused(protocol.request('bob', topic, 1, { timeoutMs: 5 })), yield* refused(protocol.requestAll(protocol.peers, topic, 1, { timeoutMs: 5 })));
        }
        yield* protocol.send('bob', 'office', 1);
        return found;
      },
      bob: function* (protocol) { yield* protocol.receive('office'); },
    });
    expect(results['ada']).toEqual(Array(20).fill(true));
    expect(ofKind(await finish(booted), 'MESSAGE_SENT').map(({ data }) => data.channel)).toEqual(['swarm/tea/say/office']);
  });

  it('that does not come in time is RECEIVE_TIMEOUT, however much else came', async () => {
    const { results, booted } = await talk({
      ada: function* (_, ctx) {
        for (let count = 0; count < 3; count++) {
          yield* ctx.sleep(30);
          yield* ctx.send('bob', 'no envelope', channelOf('tea', 'say/news'));
        }
      },
      bob: function* (protocol, ctx) {
        const start = ctx.now();
        return [(yield* codeOf(protocol.receive('news', { timeoutMs: 100 }))) as string, ctx.now() - start];
      },
    });
    expect(results['bob']).toEqual(['RECEIVE_TIMEOUT', 100]);
    await finish(booted);
  });

  it.each<[string, Json]>([
    ['a string', 'say'], ['null', null], ['a list', [1]], ['nothing in it', {}], ['no body', { kind: 'say' }], ['another kind', { kind: 'shout', body: 1 }],
    ['a question without a number', { kind: 'ask', body: 1 }], ['a question with a number of another type', { kind: 'ask', ask: 7, body: 1 }],
    ['an answer where words are', { kind: 'answer', ask: 'a', body: 1 }], ['its fields inherited', { ['__proto__']: { kind: 'say', body: 1 } }],
  ])('that is none (%s) is dropped, and the receiver goes on', async (_what, malformed) => {
    const { results, booted } = await talk({
      ada: function* (protocol, ctx) {
        yield* ctx.send('bob', malformed, channelOf('tea', 'say/news'));
        yield* protocol.send('bob', 'news', 'fine');
      },
      bob: function* (protocol) { return (yield* protocol.receive('news')).body; },
    });
    expect(results['bob']).toBe('fine');
    await finish(booted);
  });
});

describe('a full mailbox', () => {
  it('is told to the sender at once, unless it is patient', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol, ctx) {
        yield* protocol.send('bob', 'news', 1);
        const start = ctx.now();
        const codes = [yield* codeOf(protocol.send('bob', 'news', 2)), yield* codeOf(protocol.send('bob', 'news', 3, { patienceMs: 50 }))];
        const waited = ctx.now() - start;
        yield* protocol.send('bob', 'news', 4, { patienceMs: 60_000 });
        return [...(codes as string[]), waited];
      },
      bob: function* (protocol, ctx) {
        yield* ctx.sleep(5_000);
        return [(yield* protocol.receive('news')).body, (yield* protocol.receive('news')).body];
      },
    }, { maxMailboxMessages: 1 });
    expect(results).toEqual({ ada: ['MAILBOX_FULL', 'MAILBOX_FULL', 50], bob: [1, 4] });
    // Waits grow, so that a long patience is no flood of the log.
    expect(ofKind(await finish(booted), 'REFUSED').length).toBeLessThan(20);
  });

  it('ends patience only for what time can heal', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol, ctx) {
        const start = ctx.now();
        return [(yield* codeOf(protocol.send('nobody', 'news', 1, { patienceMs: 50 }))) as string, ctx.now() - start];
      },
    });
    expect(results['ada']).toEqual(['DEAD_LETTER', 0]);
    await finish(booted);
  });
});

describe('a broadcast', () => {
  it('reaches all but oneself, and says whom it did not reach and why', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol, ctx) {
        yield* ctx.sleep(10);
        yield* ctx.send('bob', 'fills it', 'other');
        return { ...(yield* protocol.broadcast('news', 'tea')) };
      },
      bob: function* (_, ctx) { yield* ctx.sleep(50); },
      cyd: function* () {},
    }, { maxMailboxMessages: 1 });
    expect(results['ada']).toEqual({ delivered: [], undelivered: [{ to: 'bob', error: 'MAILBOX_FULL' }, { to: 'cyd', error: 'DEAD_LETTER' }] });
    await finish(booted);
  });

  it('of what is no JSON is the fault of who says it', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol) { return (yield* codeOf(protocol.broadcast('news', undefined))); },
      bob: function* (_, ctx) { yield* ctx.sleep(1); },
    });
    expect(results['ada']).toBe('SERIALIZATION_ERROR');
    await finish(booted);
  });
});

/** Answers so many questions about prices, each after a while. */
function serving(count: number, afterMs = 0): Talk {
  return function* (protocol, ctx) {
    for (let served = 0; served < count; served++) {
      const question = yield* protocol.receive<string>('price');
      if (afterMs > 0) yield* ctx.sleep(afterMs);
      yield* protocol.reply(question, `${question.body} of ${ctx.agent.id}`);
    }
  };
}

describe('a question', () => {
  it('is answered with the body of the reply', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol) { return yield* protocol.request<string>('bob', 'price', 'tea', { timeoutMs: 100 }); },
      bob: serving(1),
    });
    expect(results['ada']).toBe('tea of bob');
    await finish(booted);
  });

  it('without an answer is REQUEST_TIMEOUT, and a late answer is never taken for that of another', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol) {
        const first = yield* codeOf(protocol.request('bob', 'price', 'tea', { timeoutMs: 50 }));
        return [first, yield* protocol.request('bob', 'price', 'milk', { timeoutMs: 500 })] as Json[];
      },
      bob: serving(2, 100),
    });
    expect(results['ada']).toEqual(['REQUEST_TIMEOUT', 'milk of bob']);
    const received = ofKind(await finish(booted), 'MESSAGE_RECEIVED').filter(({ agent }) => agent === 'ada');
    expect(received).toHaveLength(2);
  });

  it('asked by a program that knows nothing of an earlier life of its own takes no late answer, either', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol, ctx) {
        const first = yield* codeOf(protocol.request('bob', 'price', 'tea', { timeoutMs: 50 }));
        const anew = new SwarmProtocol(ctx, { swarm: 'tea', members: seats });
        return [first, yield* anew.request('bob', 'price', 'milk', { timeoutMs: 500 })] as Json[];
      },
      bob: serving(2, 100),
    });
    expect(results['ada']).toEqual(['REQUEST_TIMEOUT', 'milk of bob']);
    await finish(booted);
  });

  it('takes no answer from anybody but who was asked', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol) { return yield* protocol.request('bob', 'price', 'tea', { timeoutMs: 500 }); },
      bob: function* (protocol) {
        const question = yield* protocol.receive('price');
        // Bob tells somebody what would make an answer.
        yield* protocol.send('cyd', 'secret', question.ask);
        yield* protocol.receive('go');
        yield* protocol.reply(question, 'of bob');
      },
      cyd: function* (protocol, ctx) {
        const { body: ask } = yield* protocol.receive('secret');
        yield* ctx.send('ada', { kind: 'answer', ask, body: 'forged' }, channelOf('tea', 'answer'));
        yield* protocol.send('bob', 'go', 1);
      },
    });
    expect(results['ada']).toBe('of bob');
    await finish(booted);
  });

  it('waits for room in the mailbox for as long as for the answer', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol) {
        yield* protocol.send('bob', 'noise', 1);
        return [yield* codeOf(protocol.request('bob', 'price', 'tea', { timeoutMs: 50 })), yield* protocol.request('bob', 'price', 'milk', { timeoutMs: 5_000 })] as Json[];
      },
      bob: function* (protocol, ctx) {
        yield* ctx.sleep(1_000);
        yield* protocol.receive('noise');
        yield* serving(1)(protocol, ctx);
      },
    }, { maxMailboxMessages: 1 });
    expect(results['ada']).toEqual(['MAILBOX_FULL', 'milk of bob']);
    await finish(booted);
  });

  it('to several is answered by member in the order of asking, and who is missing is named', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol, ctx) {
        yield* ctx.sleep(10);
        const asked = [...protocol.peers, { id: 'nobody', slot: 'seat-4' }];
        const { answers, missing } = yield* protocol.requestAll(asked, 'price', 'tea', { timeoutMs: 50 });
        const later = yield* protocol.requestAll(protocol.peers, 'price', 'milk', { timeoutMs: 1_000 });
        return { answers, missing, later: later.answers.map(({ member, body }) => [member.slot, body]) };
      },
      bob: serving(2, 70),
      cyd: serving(2),
    });
    expect(results['ada']).toEqual({
      answers: [{ member: seats[2], body: 'tea of cyd' }],
      missing: [{ member: seats[1], error: 'REQUEST_TIMEOUT' }, { member: { id: 'nobody', slot: 'seat-4' }, error: 'DEAD_LETTER' }],
      later: [['seat-2', 'milk of bob'], ['seat-3', 'milk of cyd']],
    });
    await finish(booted);
  });

  it('that was none can not be answered', async () => {
    const { results, booted } = await talk({
      ada: function* (protocol) { yield* protocol.send('bob', 'price', 'tea'); },
      bob: function* (protocol) {
        const word = yield* protocol.receive('price');
        try {
          yield* protocol.reply(word, 1);
        } catch (error) {
          return (error as Error).message;
        }
        return null;
      },
    });
    expect(results['bob']).toMatch(/^Message \d+ on "price" is no question/);
    await finish(booted);
  });
});

it('late answers fill no mailbox: whoever receives anything meets and drops them', async () => {
  const { results, booted } = await talk({
    ada: function* (protocol, ctx) {
      for (let count = 0; count < 3; count++) yield* codeOf(protocol.request('bob', 'price', 'tea', { timeoutMs: 5 }));
      yield* ctx.sleep(500);
      return (yield* protocol.receive('news', { timeoutMs: 500 })).body;
    },
    bob: serving(3, 50),
    cyd: function* (protocol, ctx) {
      yield* ctx.sleep(600);
      yield* protocol.send('ada', 'news', 'there was room');
    },
  }, { maxMailboxMessages: 3 });
  expect(results['ada']).toBe('there was room');
  expect(booted.kernel.snapshot().agents.map(({ mailboxSize }) => mailboxSize)).toEqual([0, 0, 0]);
  await finish(booted);
});

it('a slot that another agent takes over is that of the new one', async () => {
  const { results, booted } = await talk({
    ada: function* (protocol) {
      protocol.admit({ id: 'dan', slot: 'seat-2' });
      return protocol.peers.map(({ id, slot }) => `${slot} ${id}`);
    },
  });
  expect(results['ada']).toEqual(['seat-2 dan', 'seat-3 cyd']);
  await finish(booted);
});
