import { defineAgent, readEntries, type AgentContext, type Instruction, type OmniError } from '@omnipaw/kernel';
import { channelOf, deliver, Election, membership, messageGraph, swarm, SwarmProtocol, unwrap, wireTransport, type Letter, type SwarmTransport, type TransportLink, type WireListener } from '@omnipaw/swarm';
import { describe, expect, test } from 'vitest';
import { entriesOf, ofKind } from '../support.js';
import { Cluster, type Node } from './nodes.js';

const listener = defineAgent('listener', function* (ctx, count: number) {
  const heard = [];
  for (let index = 0; index < count; index++) {
    const { from, body } = unwrap(yield* ctx.receive({ channel: 'news' }));
    heard.push([from, body]);
  }
  return heard;
});

const deaf = defineAgent('deaf', function* (ctx) { yield* ctx.receive({ channel: 'never' }); });

const teller = defineAgent('teller', function* (ctx, { to, bodies }: { to: string; bodies: readonly unknown[] }) {
  const codes = [];
  for (const body of bodies) {
    try {
      yield* deliver(ctx, { to, channel: 'news', body });
      codes.push('sent');
    } catch (error) {
      codes.push((error as OmniError).code);
    }
  }
  return codes;
});

const members = [{ id: 'a/ada', slot: 'seat-1' }, { id: 'b/bob', slot: 'seat-2' }];

/** A kernel whose letters a test writes itself. */
function byHand(): { readonly transport: SwarmTransport; deliver(letter: Letter): Promise<void> } {
  let deliverTo: ((letter: Letter) => Promise<void>) | undefined;
  return {
    transport: {
      join: (_, take) => {
        deliverTo = take;
        return Promise.resolve({ send: () => Promise.resolve(), close: () => Promise.resolve() });
      },
    },
    deliver: (letter) => deliverTo!(letter),
  };
}

const letterOf = (id: string, more: Partial<Letter> = {}): Letter => ({ id, from: 'a/teller-1', to: 'listener-1', channel: 'news', body: 'hi', ...more });

describe('agents of two kernels', () => {
  test('write to each other as agents of one do, and both logs say so', async () => {
    const cluster = new Cluster(['a', 'b']);
    const a = await cluster.boot({ name: 'a', agents: [teller] });
    const b = await cluster.boot({ name: 'b', agents: [listener] });
    const { id } = b.kernel.spawn(listener, 2);
    const telling = a.kernel.spawn(teller, { to: `b/${id}`, bodies: ['one', { two: 2 }] }, { grants: ['call:swarm.to.b'] });
    expect(await cluster.time.until(b.kernel.agent(id).result())).toEqual([['a/teller-1', 'one'], ['a/teller-1', { two: 2 }]]);
    expect(await cluster.time.until(telling.result())).toEqual(['sent', 'sent']);
    const [sent, taken] = await cluster.finish(a, b);
    const ids = ofKind(taken!, 'MESSAGE_SENT').map(({ data }) => (data.body as { id: string }).id);
    expect(ids).toEqual(ofKind(sent!, 'TOOL_CALLED').map((entry) => `${a.kernel.logId}/teller-1/${String(entry.data.tick)}/0`));
    const [there, here] = [await messageGraph(readEntries(a.log)), await messageGraph(readEntries(b.log))];
    expect(there.messages.map(({ from, to, state, letter }) => ({ from, to, state, letter }))).toEqual(ids.map((letter) => ({ from: 'teller-1', to: 'b/listener-1', state: 'delivered', letter })));
    expect(here.messages.map(({ from, by, to, state, letter }) => ({ from, by, to, state, letter }))).toEqual(ids.map((letter) => ({ from: 'a/teller-1', by: 'agent', to: 'listener-1', state: 'read', letter })));
  });

  test('ask and answer, whatever is lost, comes twice or overtakes on the way', async () => {
    const cluster = new Cluster(['a', 'b'], { seed: 'asking', trouble: { lost: 30, twice: 30, delayMs: 50 }, patienceMs: 10_000 });
    const asker = defineAgent('asker', function* (ctx) {
      const protocol = new SwarmProtocol(ctx, { swarm: 'tea', members });
      const answers = [];
      for (let number = 0; number < 20; number++) answers.push(yield* protocol.request<number>('b/bob', 'square', number, { timeoutMs: 60_000 }));
      return answers;
    });
    const squarer = defineAgent('squarer', function* (ctx) {
      const protocol = new SwarmProtocol(ctx, { swarm: 'tea', members });
      for (let count = 0; count < 20; count++) {
        const request = yield* protocol.receive<number>('square', { from: 'a/ada' });
        yield* protocol.reply(request, request.body ** 2);
      }
    });
    const b = await cluster.boot({ name: 'b', agents: [squarer], onBoot: (kernel) => { kernel.spawn(squarer, null, { id: 'bob', grants: ['call:swarm.to.a'] }); } });
    const a = await cluster.boot({ name: 'a', agents: [asker] });
    const asking = a.kernel.spawn(asker, null, { id: 'ada', grants: ['call:swarm.to.b'] });
    expect(await cluster.time.until(asking.result())).toEqual(Array.from({ length: 20 }, (_, number) => number ** 2));
    const [, taken] = await cluster.finish(a, b);
    expect(ofKind(taken!, 'MESSAGE_SENT')).toHaveLength(20);
  });

  test('are told what refuses their words', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const a = await cluster.boot({ name: 'a', agents: [teller] });
    const b = await cluster.boot({ name: 'b', agents: [deaf], maxMailboxMessages: 2, maxValueBytes: 1_000 });
    b.kernel.spawn(deaf, null, { id: 'busy' });
    const tell = async (to: string, bodies: readonly unknown[]) =>
      cluster.time.until(a.kernel.spawn(teller, { to, bodies }, { grants: ['call:swarm.to.*'] }).result());
    expect(await tell('b/busy', ['x'.repeat(2_000)])).toEqual(['VALUE_TOO_LARGE']);
    expect(await tell('b/busy', [1, 2, 3])).toEqual(['sent', 'sent', 'MAILBOX_FULL']);
    expect(await tell('b/nobody', [1])).toEqual(['DEAD_LETTER']);
    expect(await tell('c/busy', [1])).toEqual(['NODE_UNREACHABLE']);
    await cluster.finish(a, b);
  });

  test('need a grant for the node that they write to', async () => {
    const cluster = new Cluster(['a', 'b']);
    const a = await cluster.boot({ name: 'a', agents: [teller] });
    const told = await cluster.time.until(a.kernel.spawn(teller, { to: 'b/x', bodies: [1] }, { grants: ['call:swarm.to.c', 'send:*'] }).result());
    expect(told).toEqual(['PERMISSION_DENIED']);
    await cluster.finish(a);
  });
});

test('agents of three kernels choose one leader, and another one when its kernel is gone', async () => {
  const names = ['a', 'b', 'c'] as const;
  const cluster = new Cluster(names, { patienceMs: 50 });
  const voter = defineAgent('voter', function* (ctx, own: string) {
    const everybody = names.map((name) => ({ id: name === own ? 'voter-1' : `${name}/voter-1`, slot: `seat-${name}` }));
    const election = new Election(new SwarmProtocol(ctx, { swarm: 'chairs', members: everybody }), { heartbeatMs: 100, timeoutMs: 1_000 });
    const first = yield* election.leader();
    let next = first;
    while (next.leader.slot === first.leader.slot) {
      yield* election.sleep(100);
      next = yield* election.leader();
    }
    // Whoever leads stays until the others know.
    yield* election.sleep(2_000);
    return [first.leader.slot, next.leader.slot];
  });
  const nodes = [];
  for (const name of names) nodes.push(await cluster.boot({ name, agents: [voter] }));
  const [a, b, c] = nodes as [Node, Node, Node];
  const voting = nodes.map(({ kernel, node: { name } }) => kernel.spawn(voter, name, {
    grants: ['call:swarm.to.*'],
    metadata: membership('chairs', `seat-${name}`, { slots: names.map((each) => `seat-${each}`), elsewhere: names.filter((other) => other !== name).map((other) => ({ id: `${other}/voter-1`, slot: `seat-${other}` })) }),
  }));
  await cluster.time.advance(2_500);
  // By rank, the first one loses its patience first.
  cluster.wires.kill('a');
  const results = await cluster.time.until(Promise.all(voting.slice(1).map((handle) => handle.result())));
  expect(results[0]).toEqual(results[1]);
  expect((results[0]!)[0]).toBe('seat-a');
  await cluster.time.until(a.kernel.stop());
  await cluster.finish(b, c);
  // Each log has the votes by which its own member knew that somebody leads.
  const reports = await Promise.all([a, b, c].map(async ({ log }) => {
    const { ledger } = swarm();
    for (const entry of await entriesOf(log)) ledger.apply(entry);
    return ledger.of('chairs')!;
  }));
  const leaders = reports.map(({ terms }, index) => terms.flatMap(({ leader }) => (leader === null ? [] : [leader.includes('/') ? leader : `${names[index]!}/${leader}`])));
  expect(leaders).toEqual([['a/voter-1'], ...[1, 2].map(() => ['a/voter-1', `${(results[0]!)[1]!.at(-1)!}/voter-1`])]);
});

describe('a node that is there and says nothing', () => {
  const names = ['a', 'b', 'c'] as const;
  const everybody = (own: string) => names.map((name) => ({ id: name === own ? 'voter-1' : `${name}/voter-1`, slot: `seat-${name}` }));

  test('keeps the others from no leader, and takes none from them', async () => {
    const cluster = new Cluster(names);
    const voter = defineAgent('voter', function* (ctx, own: string) {
      const election = new Election(new SwarmProtocol(ctx, { swarm: 'chairs', members: everybody(own) }), { heartbeatMs: 400, timeoutMs: 1_000 });
      const first = yield* election.leader();
      yield* election.sleep(8_000);
      return [first, yield* election.leader()].map(({ leader, term }) => [leader.slot, term]);
    });
    const nodes = [];
    for (const name of names) nodes.push(await cluster.boot({ name, agents: [voter] }));
    cluster.wires.freeze('c');
    const voting = nodes.map(({ kernel, node: { name } }) => kernel.spawn(voter, name, {
      grants: ['call:swarm.to.*'],
      metadata: membership('chairs', `seat-${name}`, { slots: everybody(name).map(({ slot }) => slot), elsewhere: everybody(name).filter(({ slot }) => slot !== `seat-${name}`) }),
    }));
    const results = await cluster.time.until(Promise.all(voting.slice(0, 2).map((handle) => handle.result())));
    expect(results).toEqual([[['seat-a', 1], ['seat-a', 1]], [['seat-a', 1], ['seat-a', 1]]]);
    await cluster.finish(...(nodes as [Node, Node, Node]));
  });

  test('leads no more where its successor is known, whatever its own kernel knows', async () => {
    const cluster = new Cluster(names);
    const voter = defineAgent('voter', function* (ctx, own: string): Generator<Instruction, unknown> {
      const election = new Election(new SwarmProtocol(ctx, { swarm: 'chairs', members: everybody(own) }), { heartbeatMs: 400, timeoutMs: 1_000 });
      yield* election.leader();
      if (own !== 'a') {
        yield* election.sleep(8_000);
        return (yield* election.leader()).term;
      }
      // Asleep, it neither beats nor hears that others have chosen somebody else.
      yield* ctx.sleep(4_000);
      const orders = [];
      for (let count = 0; count < 2; count++) {
        const told = yield* ctx.allSettled(['b/voter-1', 'c/voter-1'].map((to) => deliver(ctx, { to, channel: channelOf('chairs', 'work'), body: 'go on' })));
        orders.push([election.isLeader, told.map((answer) => (answer.status === 'rejected' ? answer.reason.code : 'sent'))]);
        yield* election.sleep(1_000);
      }
      return orders;
    });
    const nodes = [];
    for (const name of names) nodes.push(await cluster.boot({ name, agents: [voter] }));
    const voting = nodes.map(({ kernel, node: { name } }) => kernel.spawn(voter, name, {
      grants: ['call:swarm.to.*'],
      metadata: membership('chairs', `seat-${name}`, { slots: everybody(name).map(({ slot }) => slot), elsewhere: everybody(name).filter(({ slot }) => slot !== `seat-${name}`) }),
    }));
    const [orders, ...terms] = await cluster.time.until(Promise.all(voting.map((handle) => handle.result())));
    expect(orders).toEqual([[true, ['STALE_TERM', 'STALE_TERM']], [false, ['sent', 'sent']]]);
    expect(terms).toEqual([2, 2]);
    await cluster.finish(...(nodes as [Node, Node, Node]));
  });

  test('keeps nobody who asks it longer than they want to wait', async () => {
    const cluster = new Cluster(names);
    const asker = defineAgent('asker', function* (ctx) {
      const protocol = new SwarmProtocol(ctx, { swarm: 'tea', members: everybody('a') });
      const before = ctx.now();
      try {
        return yield* protocol.request('c/voter-1', 'time', null, { timeoutMs: 1_000 });
      } catch (error) {
        const asked = [(error as OmniError).code, ctx.now() - before];
        const { answers, missing } = yield* protocol.requestAll(protocol.peers, 'time', null, { timeoutMs: 1_000 });
        return [...asked, ctx.now() - before, answers.map(({ body }) => body), missing.map(({ member, error: code }) => [member.id, code])];
      }
    });
    const clock = defineAgent('clock', function* (ctx) {
      const protocol = new SwarmProtocol(ctx, { swarm: 'tea', members: everybody('b') });
      yield* protocol.reply(yield* protocol.receive('time'), 'noon');
    });
    const a = await cluster.boot({ name: 'a', agents: [asker] });
    const b = await cluster.boot({ name: 'b', agents: [clock], onBoot: (kernel) => { kernel.spawn(clock, null, { id: 'voter-1', grants: ['call:swarm.to.a'] }); } });
    const c = await cluster.boot({ name: 'c', agents: [deaf], onBoot: (kernel) => { kernel.spawn(deaf, null, { id: 'voter-1' }); } });
    cluster.wires.freeze('c');
    const asking = a.kernel.spawn(asker, null, { id: 'voter-1', grants: ['call:swarm.to.*'] });
    expect(await cluster.time.until(asking.result())).toEqual(['NODE_UNREACHABLE', 1_000, 2_000, ['noon'], [['c/voter-1', 'NODE_UNREACHABLE']]]);
    await cluster.finish(a, b, c);
  });
});

test('what a node said before it was started again comes too late for whoever has heard it since', async () => {
  const texts: string[] = [];
  const join = async (node: string, taken: Letter[]): Promise<{ readonly link: TransportLink; readonly listener: WireListener }> => {
    let listener: WireListener | undefined;
    const link = await wireTransport((_, its) => {
      listener = its;
      return Promise.resolve({ post: (_to, text) => { texts.push(text); }, close: () => undefined });
    }).join(node, (letter) => { taken.push(letter); return Promise.resolve(); });
    return { link, listener: listener! };
  };
  const taken: Letter[] = [];
  const links = [await join('a', []), await join('a', [])] as const;
  const say = (index: 0 | 1, number: number): string => {
    links[index].listener.arrived('b');
    links[index].link.send('b', letterOf(`log/teller-1/${number}/0`)).catch(() => undefined);
    return texts.at(-1)!;
  };
  const [first, second, third] = [say(0, 1), say(1, 2), say(1, 3)];
  const { link, listener } = await join('b', taken);
  for (const text of [second, first, third]) listener.received('a', text);
  expect(taken.map(({ id }) => id)).toEqual(['log/teller-1/2/0', 'log/teller-1/3/0']);
  for (const { link: used } of [...links, { link }]) await used.close();
});

describe('a protocol', () => {
  test('keeps what others say while it waits for somebody of another kernel', async () => {
    const { transport, deliver: write } = byHand();
    const cluster = new Cluster(['a', 'b']);
    const chooser = defineAgent('chooser', function* (ctx: AgentContext) {
      const protocol = new SwarmProtocol(ctx, { swarm: 'tea', members });
      const heard = [];
      heard.push(yield* protocol.receive('news', { from: 'a/second' }));
      heard.push(yield* protocol.receive('news', { timeoutMs: 5 }));
      heard.push(yield* protocol.receive('news', { timeoutMs: 5 }));
      return heard.map(({ from, body }) => [from, body]);
    });
    const b = await cluster.boot({ name: 'b', agents: [chooser], transport });
    const { id: to } = b.kernel.spawn(chooser, null);
    const channel = channelOf('tea', 'say/news');
    const say = (from: string, number: number): Promise<void> => write(letterOf(`log/${from}/${String(number)}/0`, { from: `a/${from}`, to, channel, body: { kind: 'say', body: number } }));
    await cluster.time.until(Promise.all([say('first', 1), say('first', 2), say('second', 3)]));
    expect(await cluster.time.until(b.kernel.agent(to).result())).toEqual([['a/second', 3], ['a/first', 1], ['a/first', 2]]);
    await cluster.finish(b);
  });

  test('does not believe an agent that writes as if it were elsewhere', async () => {
    const cluster = new Cluster(['a', 'b']);
    const forger = defineAgent('forger', function* (ctx, to: string) {
      yield* ctx.send(to, { kind: 'remote', from: 'a/ada', id: 'log/ada/1/0', body: 'trust me' }, 'news');
    });
    const b = await cluster.boot({ name: 'b', agents: [listener, forger] });
    const hearing = b.kernel.spawn(listener, 1);
    b.kernel.spawn(forger, hearing.id, { grants: ['send:*'] });
    const [[from, body]] = (await cluster.time.until(hearing.result())) as [[string, { kind: string }]];
    expect([from, body.kind]).toEqual(['forger-1', 'remote']);
    await cluster.finish(b);
  });
});

describe('a letter', () => {
  test('that comes again is taken once, by what the log has, also after a restart', async () => {
    const cluster = new Cluster(['a', 'b']);
    const first = byHand();
    const b = await cluster.boot({ name: 'b', agents: [listener], transport: first.transport });
    b.kernel.spawn(listener, 4);
    const ids = ['log/teller-1/1/0', 'log/teller-1/1/1', 'log/teller-1/2/0'];
    for (const id of [...ids, ...ids]) await cluster.time.until(first.deliver(letterOf(id)));
    await cluster.time.until(b.kernel.stop());
    const second = byHand();
    const again = await cluster.boot({ name: 'b', agents: [listener], log: b.log, transport: second.transport });
    for (const id of [...ids, 'log/teller-1/3/0']) await cluster.time.until(second.deliver(letterOf(id)));
    expect(await cluster.time.until(again.kernel.agent('listener-1').result())).toHaveLength(4);
    const [entries] = await cluster.finish(again);
    expect(ofKind(entries!, 'MESSAGE_SENT')).toHaveLength(4);
  });

  test('from another log of a node of the same name is another one', async () => {
    const cluster = new Cluster(['a', 'b']);
    const { transport, deliver: write } = byHand();
    const b = await cluster.boot({ name: 'b', agents: [listener], transport });
    b.kernel.spawn(listener, 2);
    for (const log of ['old', 'new']) await cluster.time.until(write(letterOf(`${log}/teller-1/1/0`)));
    expect(await cluster.time.until(b.kernel.agent('listener-1').result())).toHaveLength(2);
    await cluster.finish(b);
  });

  test.each(['exit', 'approval', 'breach'])('on the channel %s, which is the kernel\'s, is refused', async (channel) => {
    const cluster = new Cluster(['a', 'b']);
    const { transport, deliver: write } = byHand();
    const b = await cluster.boot({ name: 'b', agents: [listener], transport });
    b.kernel.spawn(listener, 1);
    await expect(write(letterOf('log/teller-1/1/0', { channel }))).rejects.toMatchObject({ code: 'INVALID_INSTRUCTION' });
    await cluster.finish(b);
  });

  test('with an id that no kernel gives is refused', async () => {
    const cluster = new Cluster(['a', 'b']);
    const { transport, deliver: write } = byHand();
    const b = await cluster.boot({ name: 'b', agents: [listener], transport });
    b.kernel.spawn(listener, 1);
    await expect(write(letterOf('whatever'))).rejects.toThrow(TypeError);
    await cluster.finish(b);
  });

  test('to a kernel that has stopped is no refusal: its successor gets it', async () => {
    const cluster = new Cluster(['a', 'b']);
    const a = await cluster.boot({ name: 'a', agents: [teller] });
    const b = await cluster.boot({ name: 'b', agents: [listener] });
    b.kernel.spawn(listener, 1);
    await cluster.time.until(b.kernel.stop());
    const telling = a.kernel.spawn(teller, { to: 'b/listener-1', bodies: ['late'] }, { grants: ['call:swarm.to.b'] });
    await cluster.time.advance(50);
    await b.node.close();
    const next = await cluster.boot({ name: 'b', agents: [listener], log: b.log });
    expect(await cluster.time.until(telling.result())).toEqual(['sent']);
    const entries = (await cluster.finish(a, next))[1]!;
    expect(ofKind(entries, 'MESSAGE_SENT')).toHaveLength(1);
  });
});
