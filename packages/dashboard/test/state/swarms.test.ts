import { createKernel, defineAgent, MemoryLogStore, type AgentContext, type Entry, type Instruction } from '@omnipaw/kernel';
import { channelOf, membership, swarm, SwarmProtocol, type Member } from '@omnipaw/swarm';
import { VirtualTime } from '@omnipaw/testing';
import { expect, test } from 'vitest';
import { applyEntry, createState } from '@omnipaw/dashboard/state';
import { entriesOf } from '../support/histories.js';

const seats: readonly Member[] = ['chair', 'ada', 'bob', 'cyd'].map((id, index) => ({ id, slot: `seat-${String(index)}` }));

type Part = (protocol: SwarmProtocol, ctx: AgentContext) => Generator<Instruction, unknown>;

/** The log of a swarm whose members do what they are told to. */
async function logOf(parts: Readonly<Record<string, Part>>): Promise<MemoryLogStore> {
  const [log, time] = [new MemoryLogStore(), new VirtualTime()];
  const agents = Object.entries(parts).map(([id, part]) => defineAgent(id, (ctx) => part(new SwarmProtocol(ctx, { swarm: 'tea', members: seats }), ctx)));
  const kernel = await time.until(createKernel({ log, agents, extensions: [swarm()] }, { ports: time.ports }));
  const handles = agents.map((agent) => kernel.spawn(agent, null, { id: agent.type, grants: ['send:*'], metadata: membership('tea', seats.find(({ id }) => id === agent.type)!.slot, { slots: seats.map(({ slot }) => slot) }) }));
  await time.until(Promise.allSettled(handles.map((handle) => handle.result())));
  await time.until(kernel.stop());
  return log;
}

test('a poll has its question, its answers by agent, and what came out', async () => {
  const voter = (option: number): Part => (protocol) => protocol.serveConsensus({ vote: function* () { return option; } }, { timeoutMs: 10_000 });
  const log = await logOf({ chair: function* (protocol, ctx) { yield* ctx.sleep(1); return yield* protocol.requestVote('tea?', { rule: 'majority', timeoutMs: 1_000 }); }, ada: voter(0), bob: voter(1), cyd: voter(0) });
  const state = createState();
  for (const entry of await entriesOf(log)) applyEntry(state, entry);
  const [poll] = state.swarms.get('tea')!.polls;
  expect(poll).toMatchObject({ chair: 'chair', kind: 'vote', round: 1, question: { value: 'tea?' }, options: [{ value: true }, { value: false }] });
  expect([...poll!.answers].map(([agent, answer]) => [agent, answer?.kind, answer?.option])).toEqual([['ada', 'vote', 0], ['bob', 'vote', 1], ['cyd', 'vote', 0]]);
  expect(poll!.decision).toMatchObject({ isDecided: true, value: { value: true } });
  expect([...state.edges.values()].filter(({ channel }) => channel === channelOf('tea', 'vote')).map(({ from, to, sent, received }) => ({ from, to, sent, received }))).toEqual(['ada', 'bob', 'cyd'].map((to) => ({ from: 'chair', to, sent: 2, received: 2 })));
});

test('seats, votes, leaders and offices are those of the ledger of swarms', async () => {
  const election = channelOf('tea', 'election');
  const log = await logOf({
    chair: function* (_protocol, ctx) {
      yield* ctx.sleep(1);
      for (const to of ['ada', 'bob', 'cyd']) yield* ctx.send(to, { kind: 'ask', term: 1 }, election);
      for (let votes = 0; votes < 2; votes++) yield* ctx.receive({ channel: election });
      yield* ctx.memory.set('swarm/tea/office', { term: 1 });
      yield* ctx.sleep(50);
    },
    ada: votes(1), bob: votes(1), cyd: function* (_protocol, ctx) { yield* ctx.sleep(30); },
  });
  const [state, extension] = [createState(), swarm()];
  for (const entry of await entriesOf(log)) {
    extension.ledger.apply(entry as unknown as Entry);
    applyEntry(state, entry);
    const shown = state.swarms.get('tea');
    const report = extension.ledger.of('tea');
    expect([...(shown?.seats.values() ?? [])].map(({ slot, agents }) => [slot, agents.at(-1)])).toEqual((report?.members ?? []).map(({ slot, agent }) => [slot, agent]));
    expect((shown?.terms ?? []).map(({ term, votes: cast, leader }) => ({ term, votes: Object.fromEntries(cast), leader }))).toEqual(report?.terms ?? []);
    expect([...(shown?.offices ?? [])].map(([agent, term]) => ({ agent, term }))).toEqual(report?.offices ?? []);
  }
  expect(state.swarms.get('tea')?.terms[0]).toMatchObject({ term: 1, leader: 'chair' });

  function votes(term: number): Part {
    return function* (_protocol, ctx) {
      const { from } = yield* ctx.receive({ channel: election });
      yield* ctx.send(from!, { kind: 'vote', term }, election);
    };
  }
});
