import { defineAgent, defineTool, OmniError, unchecked, type AgentContext, type Json, type Message } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, ofKind } from '../support/index.js';
import { attempt, runProgram } from '../tools/run-program.js';

interface Post { readonly to: string; readonly body: Json; readonly channel?: string; readonly afterMs?: number }

/** Sends what it is told to send, one after the other. */
const sender = defineAgent('sender', function* (ctx, posts: readonly Post[]) {
  const outcomes: string[] = [];
  for (const { to, body, channel, afterMs } of posts) {
    if (afterMs !== undefined) yield* ctx.sleep(afterMs);
    const sent = yield* attempt(channel === undefined ? ctx.send(to, body) : ctx.send(to, body, channel));
    outcomes.push(sent.ok ? 'sent' : sent.code);
  }
  return outcomes;
});

/** Waits until `startAfterMs`, then receives once for each filter. */
const receiver = defineAgent('receiver', function* (ctx, { startAfterMs = 0, filters }: { startAfterMs?: number; filters: readonly { channel?: string | readonly string[]; from?: string; timeoutMs?: number }[] }) {
  if (startAfterMs > 0) yield* ctx.sleep(startAfterMs);
  const got: Json[] = [];
  for (const filter of filters) {
    const received = yield* attempt(ctx.receive(filter));
    got.push(received.ok ? received.value.body : received.code);
  }
  return got;
});

const grants = ['send:**'];

describe('messages', () => {
  it('come in the order in which they were sent, for each sender, and keep their sender, channel and time', async () => {
    const time = new VirtualTime();
    const taker = defineAgent('taker', function* (ctx) {
      const messages: Message[] = [];
      for (let count = 0; count < 6; count++) messages.push(yield* ctx.receive());
      return messages as unknown as Json;
    });
    const { kernel, until, store } = await boot({ time, agents: [sender, taker] });
    const handle = kernel.spawn(taker, undefined);
    for (const name of ['a', 'b']) {
      kernel.spawn(sender, [1, 2, 3].map((body) => ({ to: handle.id, body: `${name}${String(body)}`, channel: name, afterMs: 10 })), { grants, id: name });
    }
    const messages = await until(handle.result()) as unknown as Message<string>[];
    for (const name of ['a', 'b']) {
      expect(messages.filter(({ from }) => from === name).map(({ body, channel }) => `${channel}:${body}`)).toEqual([1, 2, 3].map((body) => `${name}:${name}${String(body)}`));
    }
    const sent = ofKind(await entriesOf(store), 'MESSAGE_SENT');
    expect(messages.map(({ seq, sentAt }) => [seq, sentAt])).toEqual(sent.map(({ busSeq, time: at }) => [busSeq, at]));
    expect(ofKind(await entriesOf(store), 'MESSAGE_RECEIVED').map(({ data }) => data.message)).toEqual(sent.map(({ busSeq }) => busSeq));
  });

  it('that a filter does not want stay where they are', async () => {
    const { kernel, until } = await boot({ agents: [receiver] });
    const handle = kernel.spawn(receiver, { startAfterMs: 10, filters: [{ channel: 'b' }, {}, { channel: 'a' }, {}] });
    for (const [channel, body] of [['a', 1], ['a', 2], ['b', 3], ['c', 4]] as const) kernel.send(handle.id, body, channel);
    expect(await until(handle.result())).toEqual([3, 1, 2, 4]);
  });

  it('are chosen by sender, and by sender and channel', async () => {
    const { kernel, until, time } = await boot({ agents: [sender, receiver] });
    const handle = kernel.spawn(receiver, { startAfterMs: 100, filters: [{ from: 'b' }, { from: 'a', channel: 'y' }, { from: 'a' }, {}] });
    kernel.spawn(sender, [{ to: handle.id, body: 'a-x', channel: 'x' }, { to: handle.id, body: 'a-y', channel: 'y' }], { grants, id: 'a' });
    kernel.spawn(sender, [{ to: handle.id, body: 'b-x', channel: 'x', afterMs: 1 }], { grants, id: 'b' });
    await time.advance(2);
    kernel.send(handle.id, 'from the operator', 'y');
    expect(await until(handle.result())).toEqual(['b-x', 'a-y', 'a-x', 'from the operator']);
  });

  it('of an operator have nobody as their sender', async () => {
    const main = defineAgent('main', function* (ctx) {
      return (yield* ctx.receive()).from;
    });
    const { kernel, until, store } = await boot({ agents: [main] });
    const handle = kernel.spawn(main, undefined);
    kernel.send(handle.id, 'hi');
    expect(await until(handle.result())).toBeNull();
    expect(ofKind(await entriesOf(store), 'MESSAGE_SENT')[0]).toMatchObject({ agent: null, data: { permission: { by: 'operator' } } });
  });

  it('may go to oneself, before and while one waits', async () => {
    const { value } = await runProgram(
      function* (ctx) {
        yield* ctx.send(ctx.agent.id, 'first');
        const first = (yield* ctx.receive()).body;
        const [second] = yield* ctx.all([ctx.receive(), ctx.send(ctx.agent.id, 'second')]);
        return [first, second.body];
      },
      { grants },
    );
    expect(value).toEqual(['first', 'second']);
  });

  it('go one to each of several receives', async () => {
    const { value } = await runProgram(
      function* (ctx) {
        const waits = [ctx.receive({ channel: 'b' }), ctx.receive(), ctx.receive()] as const;
        const [b, one, two] = yield* ctx.all([...waits, ctx.send(ctx.agent.id, 1, 'a'), ctx.send(ctx.agent.id, 2, 'b'), ctx.send(ctx.agent.id, 3, 'a')]);
        return [b.body, one.body, two.body];
      },
      { grants },
    );
    expect(value).toEqual([2, 1, 3]);
  });

  it('wait while the agent is at a tool, and while it is suspended', async () => {
    const time = new VirtualTime();
    const tool = defineTool({ name: 'slow', description: '', input: unchecked<object>(), run: () => time.sleep(50).then(() => 1) });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.tool(tool, {});
      const first = (yield* ctx.receive()).body;
      return [first, (yield* ctx.receive()).body];
    });
    const { kernel, until } = await boot({ time, agents: [main], tools: [tool] });
    const handle = kernel.spawn(main, undefined, { grants: ['call:*'] });
    kernel.send(handle.id, 'during the tool');
    expect(kernel.agentSnapshot(handle.id).mailboxSize).toBe(1);
    await time.advance(60);
    expect(handle.state).toBe('WAITING');
    kernel.suspend(handle.id);
    kernel.send(handle.id, 'during the suspension');
    await time.advance(10);
    expect(handle.state).toBe('RESUMABLE');
    kernel.resume(handle.id);
    expect(await until(handle.result())).toEqual(['during the tool', 'during the suspension']);
  });

  it('are refused without a grant, and the name of the sender can not be forged', async () => {
    const { value, entries } = await runProgram(
      function* (ctx) {
        yield { op: 'SEND', to: 'main-1', body: 1, from: 'operator', agent: 'operator', channel: 'x' } as never;
        const message = yield* ctx.receive();
        return { from: message.from, refused: yield* attempt(ctx.send('somebody', 1)) };
      },
      { grants: ['send:main-*'] },
    );
    expect(value).toMatchObject({ from: 'main-1', refused: { code: 'PERMISSION_DENIED', details: { action: 'send', resource: 'somebody' } } });
    expect(ofKind(entries, 'REFUSED')).toHaveLength(1);
  });

  it.each(['approval', 'breach'])('can not come from a program on the channel "%s"', async (channel) => {
    const { value } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.send(ctx.agent.id, { approval: 1 }, channel));
      },
      { grants: ['send:**'] },
    );
    expect(value).toMatchObject({ ok: false, code: 'INVALID_INSTRUCTION' });
  });

  it.each([[[]], [['a', 7]], [Array.from({ length: 33 }, String)]])('are not received on channels that are none: %j', async (channel) => {
    const asker = defineAgent('asker', function* (ctx) {
      try {
        yield* ctx.receive({ channel: channel as string[] });
      } catch (error) {
        return error instanceof OmniError ? error.code : undefined;
      }
      return 'received';
    });
    const { kernel, until } = await boot({ agents: [asker] });
    expect(await until(kernel.spawn(asker, null).result())).toBe('INVALID_INSTRUCTION');
  });

  it('arrive as a filter of a model says, whatever is sent and asked for', async () => {
    const channels = fc.constantFrom('a', 'b');
    const senders = fc.constantFrom('s1', 's2');
    const channel: fc.Arbitrary<string | readonly string[]> = fc.oneof(channels, fc.constantFrom(['a'], ['a', 'b'], ['b', 'c']));
    const filter = fc.record({ channel, from: senders }, { requiredKeys: [] });
    await fc.assert(fc.asyncProperty(
      fc.array(fc.tuple(senders, channels), { maxLength: 8 }), fc.array(filter, { maxLength: 6 }), fc.boolean(),
      async (sent, filters, isEarly) => {
        const { kernel, until, time } = await boot({ agents: [sender, receiver] });
        const handle = kernel.spawn(receiver, { startAfterMs: isEarly ? 1_000 : 0, filters: filters.map((one) => ({ ...one, timeoutMs: 5_000 })) });
        for (const [index, [from, channel]] of sent.entries()) {
          const id = `${from}x${String(index)}`;
          kernel.spawn(sender, [{ to: handle.id, body: [from, channel, index], channel }], { grants, id });
        }
        await time.settle();
        // Senders are many agents here, so the model compares what the body says of them.
        const waiting = sent.map(([from, channel], index) => ({ id: `${from}x${String(index)}`, body: [from, channel, index] as Json, channel }));
        const expected = filters.map((one) => {
          const found = waiting.findIndex((message) => (one.channel === undefined || [one.channel].flat().includes(message.channel)) && (one.from === undefined || one.from === message.id));
          return found < 0 ? 'RECEIVE_TIMEOUT' : waiting.splice(found, 1)[0]!.body;
        });
        expect(await until(handle.result())).toEqual(expected);
      },
    ), { numRuns: 60 });
  });
});

describe('a wait for a message', () => {
  it('ends with RECEIVE_TIMEOUT to the millisecond, and what comes later stays for the next one', async () => {
    const { kernel, until, time, store } = await boot({ agents: [receiver] });
    const handle = kernel.spawn(receiver, { filters: [{ timeoutMs: 100 }, {}] });
    await time.advance(99);
    expect(ofKind(await entriesOf(store), 'TIMER_FIRED')).toHaveLength(0);
    await time.advance(1);
    kernel.send(handle.id, 'late');
    expect(await until(handle.result())).toEqual(['RECEIVE_TIMEOUT', 'late']);
    const [fired] = ofKind(await entriesOf(store), 'TIMER_FIRED');
    expect(fired!.data.result).toMatchObject({ ok: false, error: { code: 'RECEIVE_TIMEOUT' } });
  });

  it('that has its message is not ended by its timeout', async () => {
    const main = defineAgent('main', function* (ctx: AgentContext) {
      const { body } = yield* ctx.receive({ timeoutMs: 100 });
      yield* ctx.sleep(500);
      return body;
    });
    const { kernel, until, time } = await boot({ agents: [main] });
    const handle = kernel.spawn(main, undefined);
    await time.advance(99);
    kernel.send(handle.id, 'just in time');
    expect(await until(handle.result())).toBe('just in time');
  });

  it('of no time at all looks once', async () => {
    const { kernel, until } = await boot({ agents: [receiver] });
    const handle = kernel.spawn(receiver, { startAfterMs: 1, filters: [{ timeoutMs: 0 }, { timeoutMs: 0 }] });
    kernel.send(handle.id, 'there');
    expect(await until(handle.result())).toEqual(['there', 'RECEIVE_TIMEOUT']);
  });

  it.each<readonly [what: string, filter: object]>([
    ['a timeout that is no number', { timeoutMs: '5' }], ['a negative timeout', { timeoutMs: -1 }], ['a channel that is none', { channel: 5 }],
    ['an empty channel', { channel: '' }], ['a sender that is none', { from: null }],
  ])('with %s is INVALID_INSTRUCTION', async (_what, filter) => {
    const { value } = await runProgram(function* (ctx) {
      return yield* attempt(ctx.receive(filter));
    });
    expect(value).toMatchObject({ ok: false, code: 'INVALID_INSTRUCTION' });
  });
});

describe('a message that can not be delivered', () => {
  it('because the mailbox is full is MAILBOX_FULL, drops nothing, and fits when one was taken', async () => {
    const { kernel, until, store, time } = await boot({ agents: [sender, receiver], maxMailboxMessages: 2 });
    const handle = kernel.spawn(receiver, { startAfterMs: 50, filters: [{}, {}, {}] });
    const posts = [1, 2, 3].map((body) => ({ to: handle.id, body }));
    const sending = kernel.spawn(sender, [...posts, { to: handle.id, body: 4, afterMs: 100 }], { grants });
    expect(() => { kernel.send(handle.id, 'me, too'); }).toThrow(expect.objectContaining({ code: 'MAILBOX_FULL' }));
    expect(await until(sending.result())).toEqual(['sent', 'sent', 'MAILBOX_FULL', 'sent']);
    expect(await until(handle.result())).toEqual([1, 2, 4]);
    await time.settle();
    expect(ofKind(await entriesOf(store), 'REFUSED').map(({ data }) => data.error.details)).toEqual([{ agent: handle.id, waiting: 2 }]);
  });

  it('because nobody is there, or not any more, is DEAD_LETTER', async () => {
    const { kernel, until } = await boot({ agents: [sender, receiver] });
    const gone = kernel.spawn(receiver, { filters: [] });
    await until(gone.result());
    const handle = kernel.spawn(sender, ['nobody', gone.id, '__proto__', 'constructor'].map((to) => ({ to, body: 1 })), { grants });
    expect(await until(handle.result())).toEqual(new Array(4).fill('DEAD_LETTER'));
    for (const to of ['nobody', gone.id]) {
      expect(() => { kernel.send(to, 1); }).toThrow(expect.objectContaining({ code: 'DEAD_LETTER' }));
    }
  });

  it('to an agent that ends before it looks is gone with it', async () => {
    const { kernel } = await boot({ agents: [receiver] });
    const handle = kernel.spawn(receiver, { startAfterMs: 1_000, filters: [{}] });
    kernel.send(handle.id, 'never read');
    kernel.revoke(handle.id, 'enough');
    expect(kernel.agentSnapshot(handle.id).mailboxSize).toBe(0);
  });

  it.each<readonly [what: string, to: unknown, channel: unknown]>([
    ['an empty receiver', '', 'x'], ['a receiver that is none', 5, 'x'], ['an empty channel', 'main-1', ''], ['a channel that is none', 'main-1', { a: 1 }],
  ])('because of %s is INVALID_INSTRUCTION', async (_what, to, channel) => {
    const { value } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.send(to as string, 1, channel as string));
      },
      { grants },
    );
    expect(value).toMatchObject({ ok: false, code: 'INVALID_INSTRUCTION' });
  });
});
