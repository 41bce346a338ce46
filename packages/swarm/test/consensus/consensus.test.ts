import { defineAgent, type AgentContext, type Instruction, type Json, type OmniError } from '@omnipaw/kernel';
import { channelOf, membership, SwarmProtocol, topicChannel, type ConsensusOptions, type Member, type Tally, type Voice } from '@omnipaw/swarm';
import { crash, VirtualTime } from '@omnipaw/testing';
import { describe, expect, it, vi } from 'vitest';
import { boot, finish, ofKind, type Booted } from '../support.js';

vi.setConfig({ testTimeout: 60_000 });

const seats: readonly Member[] = ['chair', 'ada', 'bob', 'cyd'].map((id, index) => ({ id, slot: `seat-${String(index)}` }));

type Part = (protocol: SwarmProtocol, ctx: AgentContext) => Generator<Instruction, unknown>;

/** An agent for each part. All are there before the chair speaks. */
function castOf(chair: Part, parts: Readonly<Record<string, Part>>): ReturnType<typeof defineAgent>[] {
  return Object.entries({ ...parts, chair }).map(([id, part]) => defineAgent(id, function* (ctx) {
    if (id === 'chair') yield* ctx.sleep(1);
    return yield* part(new SwarmProtocol(ctx, { swarm: 'tea', members: seats }), ctx);
  }));
}

async function hold(chair: Part, parts: Readonly<Record<string, Part>>, { maxMailboxMessages = 1_000 }: { readonly maxMailboxMessages?: number } = {}): Promise<{ outcome: Json; booted: Booted }> {
  const agents = castOf(chair, parts);
  const booted = await boot({ agents, maxMailboxMessages });
  return { outcome: await booted.time.until(spawnAll(booted, agents)), booted };
}

async function spawnAll({ kernel }: Pick<Booted, 'kernel'>, agents: ReturnType<typeof castOf>): Promise<Json> {
  const handles = agents.map((agent) => {
    const slot = seats.find(({ id }) => id === agent.type)?.slot;
    return kernel.spawn(agent, null, { id: agent.type, grants: ['send:*'], ...(slot === undefined ? {} : { metadata: membership('tea', slot) }) });
  });
  await Promise.allSettled(handles.map((handle) => handle.result()));
  return (await kernel.agent('chair').result()) as Json;
}

/** What a consensus comes to: the value, or the code and the tally. */
function consensus(options: Partial<ConsensusOptions> = {}): Part {
  return function* (protocol) {
    try {
      const { value, rounds } = yield* protocol.reachConsensus({ question: 'what to drink?', timeoutMs: 1_000, ...options });
      return { value, rounds };
    } catch (error) {
      const { code, details, message } = error as OmniError;
      return { code, message, ...details };
    }
  };
}

function voice(own: Json | undefined, more: Voice = {}): Part {
  return (protocol) => protocol.serveConsensus({ propose: function* () { return own; }, ...more }, { timeoutMs: 10_000 });
}

const silent: Part = function* (_, ctx) { yield* ctx.sleep(20_000); };

const weightsOf = (rounds: unknown): number[][] => (rounds as Tally[]).map(({ counts }) => counts.map(({ weight }) => weight));

describe('a vote', () => {
  const vote = (rule: 'majority' | 'unanimous', options?: Json[]): Part => function* (protocol) {
    return (yield* protocol.requestVote('tea?', { rule, timeoutMs: 1_000, ...(options === undefined ? {} : { options }) }));
  };
  const says = (option: number | undefined): Part => voice(undefined, { vote: function* () { return option; } });

  it('between yes and no is decided by the rule, of all who may vote', async () => {
    const { outcome, booted } = await hold(vote('majority'), { ada: says(0), bob: says(0), cyd: says(1) });
    expect(outcome).toMatchObject({ decided: 0, counts: [{ option: true, voters: ['seat-1', 'seat-2'] }, { option: false, voters: ['seat-3'] }] });
    await finish(booted);
  });

  it('that is not decided is a tally, not an answer', async () => {
    const { outcome, booted } = await hold(vote('unanimous', ['tea', 'milk', 'beer']), { ada: says(0), bob: says(2), cyd: says(undefined) });
    expect(outcome).toMatchObject({ decided: null, needed: 3, abstained: ['seat-3'] });
    await finish(booted);
  });

  it('is told to those who voted', async () => {
    const heard: Part = function* (protocol, ctx) {
      yield* ctx.memory.set('heard', (yield* says(1)(protocol, ctx)) as Json);
    };
    const { booted } = await hold(vote('majority', ['tea', 'milk']), { ada: heard, bob: heard, cyd: says(0) });
    const told = ofKind(await finish(booted), 'MEMORY_SET').map(({ data }) => data.value);
    expect(told).toEqual([{ isDecided: true, value: 'milk' }, { isDecided: true, value: 'milk' }]);
  });

  it('without voters, or by a rule that nobody can fulfil, is a TypeError before anybody is asked', async () => {
    const chair: Part = function* (protocol) {
      const codes: string[] = [];
      for (const more of [{ voters: [] }, { rule: { atLeast: 9 } }, { weights: { 'seat-1': -1 } }]) {
        try {
          yield* protocol.requestVote('tea?', { timeoutMs: 5, ...more });
        } catch (error) {
          codes.push((error as Error).name);
        }
      }
      return codes;
    };
    const { outcome, booted } = await hold(chair, {});
    expect(outcome).toEqual(['TypeError', 'TypeError', 'TypeError']);
    expect(ofKind(await finish(booted), 'MESSAGE_SENT')).toEqual([]);
  });
});

describe('a consensus', () => {
  it('is there at once where enough have proposed the same by themselves', async () => {
    const { outcome, booted } = await hold(consensus(), { ada: voice({ cups: 2, of: 'tea' }), bob: voice('milk'), cyd: voice({ of: 'tea', cups: 2 }) });
    expect(outcome).toMatchObject({ value: { cups: 2, of: 'tea' }, rounds: [{ decided: 0 }] });
    await finish(booted);
  });

  it('is come to in rounds: first each for its own, then for what has the most', async () => {
    const { outcome, booted } = await hold(consensus({ rule: 'unanimous' }), { ada: voice('milk'), bob: voice('tea'), cyd: voice('tea') });
    expect(outcome).toMatchObject({ value: 'tea' });
    expect(weightsOf((outcome as { rounds: Json }).rounds)).toEqual([[1, 2], [1, 2], [0, 3]]);
    await finish(booted);
  });

  it('shows nobody what others have proposed before it has proposed itself, and the last tally from the second vote on', async () => {
    const { booted } = await hold(consensus({ rule: 'unanimous' }), { ada: voice('milk'), bob: voice('tea'), cyd: voice('beer') });
    const entries = await finish(booted);
    const asked = ofKind(entries, 'MESSAGE_SENT').filter(({ agent, data }) => agent === 'chair' && data.to === 'ada').map(({ busSeq, data }) => ({ busSeq, body: (data.body as { body: Record<string, Json> }).body }));
    const proposed = ofKind(entries, 'MESSAGE_SENT').find(({ agent }) => agent === 'ada')!.busSeq;
    for (const { busSeq, body } of asked) expect(/milk|tea|beer/.test(JSON.stringify(body))).toBe(busSeq > proposed);
    expect(asked.map(({ body }) => [body['kind'], body['round'], body['tally'] === null])).toEqual([['propose', undefined, false], ['vote', 1, true], ['vote', 2, false], ['close', undefined, false]]);
  });

  it('that is none after all rounds is NO_CONSENSUS, with the tally and never with the answer of the chair', async () => {
    const stubborn = (own: string, option: number): Part => voice(own, { vote: function* () { return option; } });
    const { outcome, booted } = await hold(consensus({ maxRounds: 2 }), { ada: stubborn('milk', 0), bob: stubborn('tea', 1), cyd: stubborn('beer', 2) });
    expect(outcome).toMatchObject({ code: 'NO_CONSENSUS', tally: { decided: null, needed: 2, total: 3, counts: [{ option: 'milk', weight: 1 }, { option: 'tea', weight: 1 }, { option: 'beer', weight: 1 }] } });
    expect((outcome as { rounds: Json[] }).rounds).toHaveLength(3);
    expect((outcome as { message: string }).message).toBe('After 2 rounds of voting, no option has the weight that the rule wants: 1 and 1 and 1 of 3, where 2 are needed.');
    await finish(booted);
  });

  it('of those who propose nothing is none, and says so without a vote', async () => {
    const { outcome, booted } = await hold(consensus(), { ada: voice(undefined), bob: voice(undefined), cyd: silent });
    expect(outcome).toMatchObject({ code: 'NO_CONSENSUS', tally: { counts: [], abstained: ['seat-1', 'seat-2'], missing: [{ slot: 'seat-3', error: 'REQUEST_TIMEOUT' }] } });
    await finish(booted);
  });

  it('goes by weights, and by those who are named as voters', async () => {
    const options = { weights: { 'seat-1': 5 }, voters: seats.slice(1, 3) };
    const { outcome, booted } = await hold(consensus(options), { ada: voice('milk'), bob: voice('tea'), cyd: silent });
    expect(outcome).toMatchObject({ value: 'milk', rounds: [{ total: 6 }] });
    await finish(booted);
  });
});

describe('a judge', () => {
  const judgeOf = (answer: Json): ReturnType<typeof defineAgent> => defineAgent('judge', function* () { return answer; });
  const withJudge = (judge: ReturnType<typeof defineAgent>): Part => (protocol, ctx) => consensus({ judge: (input) => ctx.delegate(judge, input) })(protocol, ctx);

  async function judged(answer: Json): Promise<Json> {
    const judge = judgeOf(answer);
    const agents = [...castOf(withJudge(judge), { ada: voice('tea, please'), bob: voice('a cup of tea'), cyd: voice('milk') }), judge];
    const booted = await boot({ agents });
    const handles = agents.slice(0, -1).map((agent) => booted.kernel.spawn(agent, null, { id: agent.type, grants: ['send:*', 'delegate:judge'] }));
    await booted.time.until(Promise.all(handles.map((handle) => handle.result())));
    await finish({ ...booted });
    return (await handles.at(-1)!.result()) as Json;
  }

  it('says which proposals mean the same, and the first of them speaks for all', async () => {
    expect(await judged([[0, 1], [2]])).toMatchObject({ value: 'tea, please', rounds: [{ counts: [{ weight: 2, voters: ['seat-1', 'seat-2'] }, { weight: 1 }] }] });
  });

  it.each<Json>([[[0, 1]], [[0, 1], [1, 2]], 'the first'])('that answers %o has not judged, and there is no consensus', async (answer) => {
    expect(await judged(answer)).toMatchObject({ code: 'NO_CONSENSUS', answer });
  });
});

/** A member that follows no rules: it gets the numbers of the questions, and does with them what it wants. */
function hostile(act: (question: { ask: string; from: string; kind: string }, ctx: AgentContext) => Generator<Instruction, void>): Part {
  return function* (_, ctx) {
    for (;;) {
      const { from, body } = yield* ctx.receive<{ ask?: string; body: { kind: string } }>({ channel: channelOf('tea', 'vote') });
      if (body.body.kind === 'close') return;
      yield* act({ ask: body.ask!, from: from!, kind: body.body.kind }, ctx);
    }
  };
}

function* answer(ctx: AgentContext, { ask, from }: { ask: string; from: string }, body: Json): Generator<Instruction, void> {
  yield* ctx.send(from, { kind: 'answer', ask, body }, channelOf('tea', 'answer'));
}

describe('a member that', () => {
  const stubborn = (own: string): Part => voice(own, { vote: function* ({ options }) { return options.indexOf(own); } });

  it('votes twice has voted once, as it did first', async () => {
    const twice = hostile(function* (question, ctx) {
      if (question.kind === 'propose') return yield* answer(ctx, question, { kind: 'abstain' });
      for (const option of [0, 1, 1]) yield* answer(ctx, question, { kind: 'vote', option });
    });
    const { outcome, booted } = await hold(consensus({ rule: { atLeast: 2 } }), { ada: stubborn('milk'), bob: stubborn('tea'), cyd: twice });
    expect(outcome).toMatchObject({ value: 'milk', rounds: [{}, { counts: [{ voters: ['seat-1', 'seat-3'] }, { voters: ['seat-2'] }] }] });
    await finish(booted);
  });

  it('votes for what is no option, or before there are any, has not voted', async () => {
    const odd = hostile(function* (question, ctx) { yield* answer(ctx, question, { kind: 'vote', option: question.kind === 'propose' ? 0 : 2 }); });
    const { outcome, booted } = await hold(consensus({ maxRounds: 1 }), { ada: stubborn('milk'), bob: stubborn('tea'), cyd: odd });
    expect(outcome).toMatchObject({ code: 'NO_CONSENSUS', rounds: [{ invalid: ['seat-3'] }, { invalid: ['seat-3'], counts: [{ weight: 1 }, { weight: 1 }] }] });
    await finish(booted);
  });

  it('answers late is missing in that round, and its answer counts in no other', async () => {
    const late = hostile(function* (question, ctx) {
      if (question.kind === 'vote') yield* ctx.sleep(1_500);
      yield* answer(ctx, question, { kind: 'vote', option: 1 });
    });
    const { outcome, booted } = await hold(consensus({ maxRounds: 2 }), { ada: stubborn('milk'), bob: stubborn('tea'), cyd: late });
    const missing = [{ slot: 'seat-3', error: 'REQUEST_TIMEOUT' }];
    expect(outcome).toMatchObject({ code: 'NO_CONSENSUS', rounds: [{ invalid: ['seat-3'] }, { missing }, { missing }] });
    await finish(booted);
  });

  it('answers for another is not heard', async () => {
    const forger = hostile(function* (question, ctx) {
      yield* ctx.send('dora', question.ask, 'asks');
      yield* answer(ctx, question, { kind: 'abstain' });
    });
    const dora: Part = function* (_, ctx) {
      for (let count = 0; count < 2; count++) {
        const { body: ask } = yield* ctx.receive<string>({ channel: 'asks' });
        yield* answer(ctx, { ask, from: 'chair' }, { kind: 'vote', option: 1 });
      }
    };
    const { outcome, booted } = await hold(consensus({ maxRounds: 1 }), { ada: stubborn('milk'), bob: stubborn('tea'), cyd: forger, dora });
    expect(outcome).toMatchObject({ code: 'NO_CONSENSUS', tally: { abstained: ['seat-3'], counts: [{ weight: 1 }, { weight: 1 }] } });
    await finish(booted);
  });

  it('floods the chair with answers keeps nobody from voting', async () => {
    const flood = hostile(function* (question, ctx) {
      for (let count = 0; count < 30; count++) {
        try {
          yield* answer(ctx, { ...question, ask: `none-${String(count)}` }, { kind: 'vote', option: 1 });
        } catch {
          yield* ctx.sleep(1);
        }
      }
    });
    const { outcome, booted } = await hold(consensus(), { ada: voice('milk'), bob: voice('milk'), cyd: flood }, { maxMailboxMessages: 4 });
    expect(outcome).toMatchObject({ value: 'milk' });
    const entries = await finish(booted);
    expect(ofKind(entries, 'REFUSED').some(({ agent, data }) => agent === 'cyd' && data.error.code === 'MAILBOX_FULL')).toBe(true);
  });

  it('fills the mailbox of the chair with what it does not read can prevent a decision, and not bring about a wrong one', async () => {
    const flood: Part = function* (_, ctx) {
      yield* ctx.sleep(1);
      for (let count = 0; count < 4; count++) yield* ctx.send('chair', count, 'noise');
      yield* ctx.sleep(5_000);
    };
    const { outcome, booted } = await hold(consensus({ maxRounds: 1 }), { ada: voice('milk'), bob: voice('milk'), cyd: flood }, { maxMailboxMessages: 4 });
    expect(outcome).toMatchObject({ code: 'NO_CONSENSUS', tally: { counts: [], missing: seats.slice(1).map(({ slot }) => ({ slot, error: 'REQUEST_TIMEOUT' })) } });
    await finish(booted);
  });

  it('has ended is named, and the others decide without it', async () => {
    const { outcome, booted } = await hold(consensus(), { ada: voice('milk'), bob: voice('milk'), cyd: function* () {} });
    expect(outcome).toMatchObject({ value: 'milk', rounds: [{ missing: [{ slot: 'seat-3', error: 'DEAD_LETTER' }] }] });
    await finish(booted);
  });

  it('plays the chair gets no proposals of those who know who is, and can not keep them waiting', async () => {
    const known: Part = (protocol) => protocol.serveConsensus({ propose: function* () { return 'my secret'; } }, { chair: 'chair', timeoutMs: 500 });
    const waits: Part = function* (protocol, ctx) {
      const start = ctx.now();
      try {
        return yield* known(protocol, ctx);
      } catch (error) {
        return yield* ctx.memory.set('ended', [(error as OmniError).code, ctx.now() - start]);
      }
    };
    const false_: Part = function* (protocol, ctx) {
      for (let count = 0; count < 3; count++) {
        yield* ctx.sleep(200);
        for (const to of ['ada', 'bob']) yield* ctx.send(to, { kind: 'ask', ask: 'x', body: { kind: 'propose', question: 'well?', patienceMs: 5 } }, topicChannel('tea', 'vote'));
      }
    };
    const { booted } = await hold(function* () {}, { ada: waits, bob: waits, cyd: false_ });
    const entries = await finish(booted);
    expect(JSON.stringify(ofKind(entries, 'MESSAGE_SENT'))).not.toContain('secret');
    expect(ofKind(entries, 'MEMORY_SET').map(({ data }) => data.value)).toEqual([['RECEIVE_TIMEOUT', 500], ['RECEIVE_TIMEOUT', 500]]);
  });
});

describe('a kernel that dies', () => {
  const parts = { ada: voice('milk'), bob: voice('tea'), cyd: voice('tea') };
  const agents = castOf(consensus({ rule: 'unanimous' }), parts);

  it('at any entry of a consensus goes on with it, to the same outcome', async () => {
    const { outcome, booted } = await hold(consensus({ rule: 'unanimous' }), parts);
    const entries = await finish(booted);
    expect(entries.length).toBeGreaterThan(60);
    const isThere = ofKind(entries, 'AGENT_SPAWNED').find(({ agent }) => agent === 'chair')!.busSeq;
    for (let at = isThere; at < entries.length; at++) {
      const time = new VirtualTime();
      const { log, isCrashed } = await crash({ at: { after: ({ busSeq }) => busSeq === at }, time, agents }, (kernel) => spawnAll({ kernel }, agents));
      expect(isCrashed).toBe(true);
      const next = await boot({ agents }, { log, time });
      expect(await time.until(next.kernel.agent('chair').result())).toEqual(outcome);
      await finish(next);
    }
  }, 120_000);

  it('writes the same bytes for the same seed', async () => {
    const logs = await Promise.all([1, 2].map(async () => {
      const { booted } = await hold(consensus({ rule: 'unanimous' }), parts);
      await finish(booted);
      return booted.log.bytes();
    }));
    expect(logs[0]).toEqual(logs[1]);
  });
});
