import { defineAgent, MemoryLogStore, type OmniError } from '@omnipaw/kernel';
import { channelOf, membership } from '@omnipaw/swarm';
import { describe, expect, it } from 'vitest';
import { boot, finish, ofKind } from '../support.js';
import { band, cast, grants, play, player, SWARM, type Act } from './players.js';

const stay: Act = { do: 'sleep', ms: 1_000 };
const SLOTS = ['a-seat', 'b-seat', 'c-seat'];
const later = (ms: number): Act => ({ do: 'sleep', ms });

describe('a vote', () => {
  it('of a slot is one a term: for another one it is VOTED_ALREADY, for the same one it may be said again', async () => {
    const { codes, booted } = await band({
      a: [{ do: 'vote', term: 1, to: 'b' }, { do: 'vote', term: 1, to: 'b' }, { do: 'vote', term: 1, to: 'c' }, { do: 'vote', term: 2, to: 'c' }, { do: 'refuse', term: 1, to: 'c' }],
      b: [stay],
      c: [stay],
    });
    expect(codes['a']).toEqual(['ok', 'ok', 'VOTED_ALREADY', 'ok', 'ok']);
    const refused = ofKind(await finish(booted), 'REFUSED')[0]!;
    expect(refused.data.error).toMatchObject({ code: 'VOTED_ALREADY', failureClass: 'POLICY_VIOLATION', details: { swarm: SWARM, slot: 'a-seat', term: 1, candidate: 'c', votedFor: 'b' } });
  });

  it('is given to oneself by asking for votes', async () => {
    const { codes, booted } = await band({
      a: [{ do: 'ask', term: 1, to: ['b', 'c'] }, { do: 'vote', term: 1, to: 'b' }, stay],
      b: [{ do: 'vote', term: 1, to: 'c' }, { do: 'ask', term: 1, to: ['a'] }],
      c: [stay],
    });
    expect(codes).toMatchObject({ a: ['ok', 'VOTED_ALREADY', 'ok'], b: ['ok', 'VOTED_ALREADY'] });
    await finish(booted);
  });

  it('in an envelope is a vote as well', async () => {
    const say = (to: string): Act => ({ do: 'say', to, channel: channelOf(SWARM, 'election'), body: { kind: 'say', body: { kind: 'vote', term: 1 } } });
    const { codes, booted } = await band({ a: [say('b'), say('c')], b: [stay], c: [stay] });
    expect(codes['a']).toEqual(['ok', 'VOTED_ALREADY']);
    await finish(booted);
  });

  it('is that of the slot, whoever has it: an agent in place of another does not vote again', async () => {
    const lead = defineAgent('lead', function* (ctx) {
      const start = (id: string, slot: string, acts: readonly Act[]) => ctx.start(player, acts, { id, grants: ['send:*'], metadata: membership(SWARM, slot, { slots: SLOTS }) });
      yield* start('b', 'b-seat', [stay]);
      yield* start('c', 'c-seat', [stay]);
      const first = yield* start('a', 'a-seat', [{ do: 'vote', term: 1, to: 'b' }]);
      yield* ctx.join(first);
      return yield* ctx.join(yield* start('a2', 'a-seat', [{ do: 'vote', term: 1, to: 'c' }, { do: 'ask', term: 1, to: ['b'] }, { do: 'vote', term: 2, to: 'c' }]));
    });
    const booted = await boot({ ...cast, agents: [player, lead] });
    expect(await booted.time.until(booted.kernel.spawn(lead, null, { grants }).result())).toEqual(['VOTED_ALREADY', 'VOTED_ALREADY', 'ok']);
    expect(booted.ledger.of(SWARM)?.members.find(({ slot }) => slot === 'a-seat')).toEqual({ slot: 'a-seat', agent: 'a2', before: ['a'], hasEnded: true });
    await finish(booted);
  });
});

describe('a term', () => {
  it('that the swarm is nowhere near is spoken of by nobody, or none would be left', async () => {
    const { codes, booted } = await band({
      a: [{ do: 'ask', term: 2 ** 48, to: ['b'] }, { do: 'refuse', term: 2 ** 48, to: 'b' }, { do: 'vote', term: 1_000_001, to: 'b' }, { do: 'ask', term: 1_000_000, to: ['b'] }, { do: 'ask', term: 2_000_000, to: ['b'] }],
      b: [stay],
    });
    expect(codes['a']).toEqual(['TERM_TOO_FAR', 'TERM_TOO_FAR', 'TERM_TOO_FAR', 'ok', 'ok']);
    const refused = ofKind(await finish(booted), 'REFUSED')[0]!;
    expect(refused.data.error).toMatchObject({ failureClass: 'POLICY_VIOLATION', details: { swarm: SWARM, term: 2 ** 48, newest: 0 } });
  });
});

describe('the office', () => {
  it('is not for who came first: the votes of slots that nobody has yet are missing as well', async () => {
    const early = defineAgent('early', function* (ctx) {
      try {
        yield* ctx.memory.set(channelOf(SWARM, 'office'), { term: 2 ** 48 });
        return 'leads';
      } catch (error) {
        return (error as OmniError).code;
      }
    });
    const booted = await boot({ agents: [early] });
    const spawn = (id: string, slots: readonly string[]) => booted.kernel.spawn(early, null, { id, metadata: membership(SWARM, `${id}-seat`, { slots }) }).result();
    expect(await booted.time.until(spawn('a', SLOTS))).toBe('NOT_ELECTED');
    // Whoever comes later can not make it a swarm of one.
    expect(await booted.time.until(spawn('b', ['b-seat']))).toBe('NOT_ELECTED');
    expect(booted.ledger.of(SWARM)).toMatchObject({ voters: SLOTS, terms: [] });
    await finish(booted);
  });

  it('is for nobody, and no vote is taken, while it is not on record which slots vote', async () => {
    const booted = await boot(cast);
    const acts: readonly Act[] = [{ do: 'office', value: { term: 1 } }, { do: 'vote', term: 1, to: 'b' }, { do: 'ask', term: 1, to: ['b'] }, { do: 'refuse', term: 1, to: 'b' }];
    booted.kernel.spawn(player, [stay], { id: 'b', metadata: membership(SWARM, 'b-seat') });
    const handle = booted.kernel.spawn(player, acts, { id: 'a', grants, metadata: membership(SWARM, 'a-seat') });
    expect(await booted.time.until(handle.result())).toEqual(['NO_ELECTORATE', 'NO_ELECTORATE', 'NO_ELECTORATE', 'ok']);
    await finish(booted);
  });

  it('is for who has the votes of more than half of all slots, on record: the votes of those who answer are not enough', async () => {
    const { codes, booted } = await band({
      a: [{ do: 'ask', term: 1, to: ['b'] }, later(10), { do: 'office', value: { term: 1 } }, later(10), { do: 'office', value: { term: 1 } }, { do: 'beat', term: 1, to: ['b'] }],
      b: [later(5), { do: 'vote', term: 1, to: 'a' }, stay],
      c: [later(15), { do: 'vote', term: 1, to: 'a' }, stay],
      d: [stay],
      e: [stay],
    });
    expect(codes['a']).toEqual(['ok', 'ok', 'NOT_ELECTED', 'ok', 'ok', 'ok']);
    expect(booted.ledger.of(SWARM)).toMatchObject({ terms: [{ term: 1, votes: { 'a-seat': 'a', 'b-seat': 'a', 'c-seat': 'a' }, leader: 'a' }], offices: [] });
    await finish(booted);
  });

  it('of a swarm of one is for the taking, and for nobody else', async () => {
    const { codes, booted } = await band({ a: [{ do: 'office', value: { term: 1 } }, { do: 'call' }, { do: 'leave' }, { do: 'office', value: { term: 2 } }] });
    expect(codes['a']).toEqual(['ok', 'ok', 'ok', 'ok']);
    await finish(booted);
  });

  it.each<[string, Act]>([
    ['declared with no term', { do: 'office', value: null }],
    ['declared with a term that is none', { do: 'office', value: { term: 0.5 } }],
    ['of another swarm', { do: 'office', value: { term: 1 }, swarm: 'other' }],
    ['spoken for, and not taken', { do: 'beat', term: 1, to: ['b'] }],
    ['spoken for in another term', { do: 'beat', term: 2, to: ['b'] }],
  ])('%s is NOT_ELECTED', async (_what, act) => {
    const { codes, booted } = await band({ a: [later(10), act], b: [{ do: 'vote', term: 1, to: 'a' }, stay] });
    expect(codes['a']).toEqual(['ok', 'NOT_ELECTED']);
    await finish(booted);
  });

  it('is not for who voted for another one, whatever it is told later', async () => {
    const { codes, booted } = await band({
      a: [{ do: 'vote', term: 1, to: 'b' }, later(10), { do: 'office', value: { term: 1 } }],
      b: [{ do: 'vote', term: 1, to: 'a' }, stay],
    });
    expect(codes['a']?.[2]).toBe('NOT_ELECTED');
    await finish(booted);
  });

  it('is not for an agent in place of the one that was elected', async () => {
    const lead = defineAgent('lead', function* (ctx) {
      const start = (id: string, slot: string, acts: readonly Act[]) => ctx.start(player, acts, { id, grants: ['send:*'], metadata: membership(SWARM, slot, { slots: SLOTS }) });
      const first = yield* start('a', 'a-seat', [{ do: 'ask', term: 1, to: ['b'] }, later(20)]);
      yield* start('b', 'b-seat', [later(10), { do: 'vote', term: 1, to: 'a' }, stay]);
      yield* start('c', 'c-seat', [stay]);
      yield* ctx.join(first);
      return yield* ctx.join(yield* start('a2', 'a-seat', [{ do: 'office', value: { term: 1 } }]));
    });
    const booted = await boot({ ...cast, agents: [player, lead] });
    expect(await booted.time.until(booted.kernel.spawn(lead, null, { grants }).result())).toEqual(['NOT_ELECTED']);
    await finish(booted);
  });
});

const ACTS: readonly Act[] = [{ do: 'call' }, { do: 'share' }, { do: 'remember' }, { do: 'forget' }, { do: 'say', to: 'b', channel: 'news', body: 1 }, { do: 'enrol', slot: 'd-seat', id: 'd' }];

describe('an old leader', () => {
  it('does nothing any more, from the vote on by which another one is elected, until it has given up the office', async () => {
    const { codes, booted } = await band({
      a: [{ do: 'ask', term: 1, to: ['b', 'c'] }, later(10), { do: 'office', value: { term: 1 } }, { do: 'remember' }, later(20), ...ACTS, { do: 'office', value: { term: 1 } }, { do: 'beat', term: 1, to: ['b'] }, { do: 'vote', term: 3, to: 'b' }, { do: 'leave' }, ...ACTS],
      b: [later(5), { do: 'vote', term: 1, to: 'a' }, later(10), { do: 'ask', term: 2, to: ['c'] }, stay],
      c: [later(20), { do: 'vote', term: 2, to: 'b' }, stay],
    });
    expect(codes['a']).toEqual([
      'ok', 'ok', 'ok', 'ok', 'ok',
      ...ACTS.map(() => 'STALE_TERM'),
      // It may say what it believes, and hear that it is wrong; take part in what comes; and go.
      'STALE_TERM', 'ok', 'ok', 'ok',
      ...ACTS.map(() => 'ok'),
    ]);
    const entries = await finish(booted);
    expect(ofKind(entries, 'TOOL_CALLED')).toHaveLength(1);
    expect(booted.ledger.of(SWARM)?.refusals).toEqual({ STALE_TERM: ACTS.length + 1 });
  });

  it('that has lost its slot to another agent does nothing, either', async () => {
    const lead = defineAgent('lead', function* (ctx) {
      const start = (id: string, acts: readonly Act[]) => ctx.start(player, acts, { id, grants: ['send:*'], metadata: membership(SWARM, 'a-seat', { slots: ['a-seat'] }) });
      const first = yield* start('a', [{ do: 'office', value: { term: 1 } }, { do: 'remember' }, later(20), { do: 'remember' }]);
      yield* ctx.sleep(10);
      yield* start('a2', [stay]);
      return yield* ctx.join(first);
    });
    const booted = await boot({ ...cast, agents: [player, lead] });
    expect(await booted.time.until(booted.kernel.spawn(lead, null, { grants }).result())).toEqual(['ok', 'ok', 'ok', 'STALE_TERM']);
    await finish(booted);
  });
});

describe('who is in a swarm', () => {
  it('is decided by who started it, not by its members: children that a member gives slots have no vote', async () => {
    const { codes, booted } = await band({
      a: [{ do: 'enrol', slot: 'x', id: 'x', acts: [{ do: 'vote', term: 1, to: 'a' }] }, { do: 'enrol', slot: 'b-seat', id: 'y', acts: [{ do: 'vote', term: 1, to: 'a' }] }, later(10), { do: 'office', value: { term: 1 } }],
      b: [stay],
      c: [stay],
    });
    expect(codes['a']?.at(-1)).toBe('NOT_ELECTED');
    expect(booted.ledger.of(SWARM)?.members.map(({ agent }) => agent)).toEqual(['a', 'b', 'c']);
    await finish(booted);
  });

  it('may be decided by who coordinates it, who has no vote itself', async () => {
    const booted = await boot(cast);
    const acts: readonly Act[] = [{ do: 'enrol', slot: 'one', id: 'm1', acts: [{ do: 'office', value: { term: 1 } }, stay] }, stay];
    await booted.time.until(booted.kernel.spawn(player, acts, { id: SWARM, grants, depth: 2, metadata: membership(SWARM, 'coordinator', { slots: ['one'] }) }).result());
    expect(booted.ledger.of(SWARM)).toMatchObject({ coordinator: SWARM, members: [{ slot: 'one', agent: 'm1' }], terms: [{ term: 1, leader: 'm1' }] });
    await finish(booted);
  });

  it('is nobody whose metadata is something else', async () => {
    const booted = await boot(cast);
    for (const metadata of [{}, { swarm: SWARM }, { swarm: 1, slot: 'a' }, { swarm: 'a/b', slot: 'a' }, { swarm: SWARM, slot: '' }]) booted.kernel.spawn(player, [], { metadata });
    await booted.time.settle();
    expect(booted.ledger.all()).toEqual([]);
    await finish(booted);
  });
});

it('the ledger of a log tells what was said and how often, and is kept in checkpoints', async () => {
  const booted = await boot(cast);
  const talking: Act = { do: 'say', to: 'b', channel: channelOf(SWARM, 'say/news'), body: { kind: 'say', body: 1 } };
  await booted.time.until(play(booted.kernel, { a: [talking, talking, { do: 'vote', term: 1, to: 'b' }, { do: 'say', to: 'b', channel: channelOf(SWARM, 'work'), body: { kind: 'done' } }, { do: 'say', to: 'b', channel: channelOf('strangers', 'work'), body: 1 }], b: [stay] }));
  expect(booted.ledger.of(SWARM)?.channels).toEqual({
    'say/news': { sent: 2, received: 0, kinds: { say: 2 } },
    election: { sent: 1, received: 0, kinds: { vote: 1 } },
    work: { sent: 1, received: 0, kinds: { done: 1 } },
  });
  await finish(booted);
  const { ledger } = await boot(cast, { log: new MemoryLogStore({ bytes: booted.log.bytes(), codec: booted.time.ports.codec }), time: booted.time });
  expect(ledger.all()).toEqual(booted.ledger.all());
});
