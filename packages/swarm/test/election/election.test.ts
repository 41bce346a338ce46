import { defineAgent, defineTool, unchecked, type AgentContext, type Entry, type Instruction, type Json, type OmniError } from '@omnipaw/kernel';
import { channelOf, Election, membership, SwarmProtocol, type Member } from '@omnipaw/swarm';
import { crash, VirtualTime } from '@omnipaw/testing';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { boot, finish, ofKind, type Booted } from '../support.js';

vi.setConfig({ testTimeout: 60_000 });

const RHYTHM = { heartbeatMs: 20, timeoutMs: 100 };

interface Me {
  readonly ctx: AgentContext;
  readonly protocol: SwarmProtocol;
  readonly election: Election;
  readonly slot: string;
}

type Part = (me: Me) => Generator<Instruction, unknown>;

function seatsOf(size: number): Member[] {
  return Array.from({ length: size }, (_, index) => ({ id: `agent-${String(index)}`, slot: `seat-${String(index)}` }));
}

/** Members that all live by the same program, which knows its slot. */
function memberOf(part: Part): ReturnType<typeof defineAgent> {
  return defineAgent('member', function* (ctx: AgentContext, seats: readonly Member[]) {
    const protocol = new SwarmProtocol(ctx, { swarm: 'band', members: seats });
    const { slot } = ctx.agent.metadata as { slot: string };
    return yield* part({ ctx, protocol, slot, election: new Election(protocol, RHYTHM) });
  });
}

const touch = defineTool({ name: 'touch', description: 'Does something outside.', input: unchecked<object>(), run: () => null });

function spawn({ kernel }: Pick<Booted, 'kernel'>, agent: ReturnType<typeof memberOf>, { size, seats = seatsOf(size) }: { readonly size: number; readonly seats?: readonly Member[] }): ReturnType<Booted['kernel']['spawn']>[] {
  const slots = seats.map(({ slot }) => slot);
  return seats.map(({ id, slot }) => kernel.spawn(agent, seats as never, { id, grants: ['send:*', 'call:*'], metadata: membership('band', slot, { slots }) }));
}

/** How each ended: its result, or a code. */
async function run(part: Part, size: number): Promise<{ ends: Json[]; booted: Booted }> {
  const agent = memberOf(part);
  const booted = await boot({ agents: [agent], tools: [touch] });
  const handles = spawn(booted, agent, { size });
  const ends = await booted.time.until(Promise.allSettled(handles.map((handle) => handle.result())));
  return { ends: ends.map((end) => (end.status === 'fulfilled' ? (end.value as Json) : (end.reason as OmniError).code)), booted };
}

function* leadership({ election }: Me): Generator<Instruction, Json[]> {
  const { leader, term } = yield* election.leader();
  return [leader.slot, term];
}

/** Takes part for so long, and says who leads in the end. */
function* stay(me: Me, ms = 2_000): Generator<Instruction, Json[]> {
  yield* me.election.sleep(ms);
  return yield* leadership(me);
}

/** Who has taken and left the office, in the order of the log. */
function officesIn(entries: readonly Entry[]): unknown[] {
  const key = channelOf('band', 'office');
  return entries.flatMap((entry) => {
    if (entry.kind === 'MEMORY_SET' && entry.data.key === key) return [[entry.agent, entry.data.value]];
    return entry.kind === 'MEMORY_DELETED' && entry.data.key === key ? [[entry.agent, 'left']] : [];
  });
}

describe('a leader', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('is found by %d members, and is the same for all', async (size) => {
    const { ends, booted } = await run((me) => stay(me, 300), size);
    expect(ends).toEqual(Array(size).fill(['seat-0', 1]));
    expect(booted.ledger.of('band')).toMatchObject({ terms: [{ term: 1, leader: 'agent-0' }] });
    expect(officesIn(await finish(booted))).toEqual([['agent-0', { term: 1 }]]);
  });

  it('is waited for, and knows that it is the one', async () => {
    const { ends, booted } = await run(function* (me) {
      const before = me.election.isLeader;
      const led = yield* leadership(me);
      const at = me.ctx.now();
      yield* me.election.sleep(100);
      return [before, me.election.isLeader, ...led, at - me.ctx.agent.createdAt < 200];
    }, 3);
    expect(ends).toEqual([[false, true, 'seat-0', 1, true], [false, false, 'seat-0', 1, true], [false, false, 'seat-0', 1, true]]);
    await finish(booted);
  });

  it.each<[string, Part]>([
    ['faults', function* () { throw new Error('gone'); }],
    ['ends', function* () { return ['gone']; }],
    ['hangs', function* ({ ctx }) { return yield* ctx.sleep(10_000); }],
  ])('that %s is followed by another', async (_, last) => {
    const { ends, booted } = await run(function* (me) {
      yield* leadership(me);
      if (me.slot === 'seat-0') return yield* last(me);
      return yield* stay(me);
    }, 5);
    expect(ends.slice(1)).toEqual(Array(4).fill(['seat-1', 2]));
    await finish(booted);
  });

  it('is followed by one after the other until a majority is gone, and then by none', async () => {
    const agent = memberOf(function* (me) {
      for (;;) {
        yield* me.election.leader();
        if (me.election.isLeader) return;
        yield* me.election.sleep(50);
      }
    });
    const booted = await boot({ agents: [agent] });
    const handles = spawn(booted, agent, { size: 5 });
    await booted.time.advance(3_000);
    expect(handles.map(({ state }) => state)).toEqual(['TERMINATED', 'TERMINATED', 'TERMINATED', 'WAITING', 'WAITING']);
    const led = booted.ledger.of('band')!.terms.map(({ leader }) => leader);
    expect(led.filter((leader) => leader !== null)).toEqual(['agent-0', 'agent-1', 'agent-2']);
    expect(led.at(-1)).toBeNull();
    await finish(booted);
  });

  it('that was away too long has to give the office up before it does anything else', async () => {
    const { ends, booted } = await run(function* (me) {
      yield* leadership(me);
      if (me.slot !== 'seat-0') return yield* stay(me);
      yield* me.ctx.sleep(1_000);
      const codes = [me.election.isLeader, yield* codeOf(me.ctx.tool(touch, {}))];
      yield* me.election.sleep(0);
      return [...codes, me.election.isLeader, yield* codeOf(me.ctx.tool(touch, {})), ...(yield* stay(me, 500))];
    }, 3);
    expect(ends).toEqual([[true, 'STALE_TERM', false, 'none', 'seat-1', 2], ['seat-1', 2], ['seat-1', 2]]);
    expect(officesIn(await finish(booted))).toEqual([['agent-0', { term: 1 }], ['agent-1', { term: 2 }], ['agent-0', 'left']]);
  });

  it('that lives is not taken for dead by a member that was busy for long, nor does that member lose its place', async () => {
    const { ends, booted } = await run(function* (me) {
      yield* leadership(me);
      if (me.slot === 'seat-2') yield* me.ctx.sleep(1_000);
      return yield* stay(me, me.slot === 'seat-2' ? 500 : 2_000);
    }, 3);
    expect(ends).toEqual(Array(3).fill(['seat-0', 1]));
    await finish(booted);
  });

  it('goes on leading while it waits for others in a consensus, and they go on following', async () => {
    const { ends, booted } = await run(function* (me) {
      yield* leadership(me);
      if (me.election.isLeader) {
        const { value } = yield* me.election.during(me.protocol.reachConsensus({ question: 'when?', timeoutMs: 1_000 }));
        return [value, ...(yield* leadership(me))];
      }
      const propose = function* (): Generator<Instruction, Json> {
        yield* me.ctx.sleep(me.slot === 'seat-1' ? 500 : 0);
        return 'now';
      };
      const decision = yield* me.election.during(me.protocol.serveConsensus({ propose }));
      return [(decision as { value: Json }).value, ...(yield* leadership(me))];
    }, 4);
    expect(ends).toEqual(Array(4).fill(['now', 'seat-0', 1]));
    await finish(booted);
  });
});

describe('two that stand in the same moment', () => {
  it('split the votes, and one leads in a later term', async () => {
    // The second loses its patience half a time-out later, so it begins as much earlier.
    const { ends, booted } = await run(function* (me) {
      if (me.slot === 'seat-0') yield* me.ctx.sleep(50);
      const election = new Election(me.protocol, RHYTHM);
      yield* election.sleep(1_000 - (me.slot === 'seat-0' ? 50 : 0));
      return yield* leadership({ ...me, election });
    }, 2);
    const asked = ofKind(await finish(booted), 'MESSAGE_SENT').filter(({ data }) => (data.body as { kind: string; term: number }).kind === 'ask');
    expect(new Set(asked.slice(0, 2).map(({ time }) => time)).size).toBe(1);
    expect(booted.ledger.of('band')!.terms.map(({ leader }) => leader)).toEqual([null, 'agent-0']);
    expect(ends).toEqual([['seat-0', 2], ['seat-0', 2]]);
  });
});

describe('who takes a slot over', () => {
  it('inherits no votes: where it is refused the office of its predecessor, it is elected in the next term', async () => {
    const agent = memberOf(function* (me) {
      yield* me.election.leader();
      if (me.ctx.agent.id === 'agent-0') throw new Error('gone');
      return yield* leadership(me);
    });
    const booted = await boot({ agents: [agent] });
    const lives = ['agent-0', 'agent-1'].map((id) => [{ id, slot: 'seat-0' }]);
    for (const seats of lives) await booted.time.until(Promise.allSettled(spawn(booted, agent, { size: 1, seats }).map((handle) => handle.result())));
    expect(await booted.kernel.agent('agent-1').result()).toEqual(['seat-0', 2]);
    expect(ofKind(await finish(booted), 'REFUSED').map(({ data }) => data.error.code)).toEqual(['NOT_ELECTED']);
  });

  it('takes part once it is admitted, and has no second vote in a term', async () => {
    const agent = memberOf(function* (me) {
      const { ctx, election, protocol } = me;
      yield* leadership(me);
      if (ctx.agent.id === 'agent-0') throw new Error('gone');
      if (ctx.agent.id === 'newcomer') return yield* stay(me, 500);
      const { body } = yield* election.receive<Member>('newcomers');
      protocol.admit(body);
      if (election.isLeader) return yield* election.sleep(150);
      return yield* stay(me, 1_000);
    });
    const booted = await boot({ agents: [agent] });
    const handles = spawn(booted, agent, { size: 3 });
    await booted.time.until(handles[0]!.result().catch(() => null));
    const newcomer = { id: 'newcomer', slot: 'seat-0' };
    const seats = [newcomer, ...seatsOf(3).slice(1)];
    const late = booted.kernel.spawn(agent, seats, { id: 'newcomer', grants: ['send:*'], metadata: membership('band', 'seat-0') });
    for (const { id } of seatsOf(3).slice(1)) booted.kernel.send(id, { kind: 'say', body: newcomer }, channelOf('band', 'say/newcomers'));
    await booted.time.until(Promise.all([...handles.slice(1), late].map((handle) => handle.result())));
    const { terms, members } = booted.ledger.of('band')!;
    expect(members[0]).toMatchObject({ agent: 'newcomer', before: ['agent-0'] });
    expect(await late.result()).toEqual(await handles[2]!.result());
    // Nobody is elected by fewer than two slots, whoever has them.
    for (const { leader, votes } of terms) if (leader !== null) expect(Object.values(votes).filter((vote) => vote === leader).length).toBeGreaterThan(1);
    await finish(booted);
  });
});

describe('whatever members do, and whenever they end or are away,', () => {
  const fates = fc.array(fc.record({ what: fc.constantFrom('stays', 'ends', 'faults', 'is away'), at: fc.nat(600), forMs: fc.nat(800) }), { minLength: 1, maxLength: 6 });

  it('at most one leads in a term, the log has nothing to refuse, and a majority that stays agrees in the end', async () => {
    const seen = { terms: 0, agreed: 0 };
    await fc.assert(fc.asyncProperty(fates, async (all) => {
      const { ends, booted } = await run(function* (me) {
        const { what, at, forMs } = all[Number(me.slot.slice('seat-'.length))]!;
        yield* me.election.sleep(at);
        if (what === 'ends') return null;
        if (what === 'faults') throw new Error('gone');
        if (what === 'is away') yield* me.ctx.sleep(forMs);
        // Until long after the last of them has come back.
        yield* me.election.sleep(4_000 + me.ctx.agent.createdAt - me.ctx.now());
        const living = all.filter((fate) => fate.what === 'stays' || fate.what === 'is away').length;
        return living * 2 > all.length ? yield* leadership(me) : null;
      }, all.length);
      const entries = await finish(booted);
      const byTerm = new Map<number, Set<string>>();
      for (const [agent, value] of officesIn(entries) as [string, { term?: number } | 'left'][]) {
        if (value !== 'left') byTerm.set(value.term!, (byTerm.get(value.term!) ?? new Set()).add(agent));
      }
      for (const leaders of byTerm.values()) expect(leaders.size).toBe(1);
      expect(ofKind(entries, 'REFUSED').map(({ data }) => data.error.code).filter((code) => code !== 'DEAD_LETTER')).toEqual([]);
      const agreed = ends.filter(Array.isArray);
      expect(new Set(agreed.map((end) => JSON.stringify(end))).size).toBeLessThanOrEqual(1);
      seen.terms += byTerm.size;
      seen.agreed += agreed.length;
    }), { numRuns: 10, seed: 7 });
    expect(seen.terms).toBeGreaterThan(10);
    expect(seen.agreed).toBeGreaterThan(10);
  }, 240_000);
});

describe('an election', () => {
  const part: Part = function* (me) {
    yield* leadership(me);
    if (me.slot === 'seat-0') throw new Error('gone');
    return yield* stay(me, 300);
  };

  it('goes on where a kernel died, at any entry, and comes to the same', async () => {
    const { ends, booted } = await run(part, 3);
    const entries = await finish(booted);
    expect(ends).toEqual(['PROGRAM_FAILED', ['seat-1', 2], ['seat-1', 2]]);
    const isThere = ofKind(entries, 'AGENT_SPAWNED').at(-1)!.busSeq;
    const agent = memberOf(part);
    for (let at = isThere; at < entries.length; at++) {
      const time = new VirtualTime();
      const scenario = (kernel: Booted['kernel']): Promise<unknown> => Promise.allSettled(spawn({ kernel }, agent, { size: 3 }).map((handle) => handle.result()));
      const { log } = await crash({ at: { after: ({ busSeq }) => busSeq === at }, time, agents: [agent], tools: [touch] }, scenario);
      const next = await boot({ agents: [agent], tools: [touch] }, { log, time });
      const again = await time.until(Promise.allSettled(seatsOf(3).map(({ id }) => next.kernel.agent(id).result())));
      expect(again.map((end) => (end.status === 'fulfilled' ? end.value : (end.reason as OmniError).code))).toEqual(ends);
      await finish(next);
    }
  }, 240_000);

  it('writes the same bytes for the same seed', async () => {
    const bytes: Uint8Array[] = [];
    for (let count = 0; count < 2; count++) {
      const { booted } = await run(part, 5);
      await finish(booted);
      bytes.push(booted.log.bytes());
    }
    expect(bytes[0]).toEqual(bytes[1]);
  });

  it('leaves the words for others where they are, whoever is listened to first', async () => {
    const { ends, booted } = await run(function* (me) {
      yield* leadership(me);
      if (me.slot !== 'seat-0') {
        yield* me.ctx.send('agent-0', { kind: 'say', body: me.slot }, channelOf('band', 'say/news'));
        return yield* stay(me, 500);
      }
      yield* me.election.sleep(200);
      const first = yield* me.election.receive('news', { from: 'agent-2' });
      const code = yield* codeOf(me.election.receive('news', { from: 'agent-2', timeoutMs: 150 }));
      return [first.body, code, (yield* me.election.receive('news', { timeoutMs: 0 })).body];
    }, 3);
    expect(ends[0]).toEqual(['seat-2', 'RECEIVE_TIMEOUT', 'seat-1']);
    await finish(booted);
  });

  it('is not for who is no member, nor in a rhythm that nobody can keep', async () => {
    const { ends, booted } = await run(function* ({ ctx, protocol }) {
      const problems: string[] = [];
      const others = new SwarmProtocol(ctx, { swarm: 'band', members: [{ id: 'somebody', slot: 'else' }] });
      for (const make of [() => new Election(others, RHYTHM), ...[[100, 100], [0, 100], [1.5, 100], [10, NaN]].map(([heartbeatMs, timeoutMs]) => () => new Election(protocol, { heartbeatMs: heartbeatMs!, timeoutMs: timeoutMs! }))]) {
        try {
          make();
        } catch (error) {
          problems.push((error as Error).name);
        }
      }
      return problems;
    }, 1);
    expect(ends).toEqual([Array(5).fill('TypeError')]);
    await finish(booted);
  });

  it('of a swarm that has not said which slots vote is no election: the program is told', async () => {
    const agent = memberOf((me) => leadership(me));
    const booted = await boot({ agents: [agent] });
    const handle = booted.kernel.spawn(agent, seatsOf(2), { id: 'agent-0', grants: ['send:*'], metadata: membership('band', 'seat-0') });
    booted.kernel.spawn(agent, seatsOf(2), { id: 'agent-1', grants: ['send:*'], metadata: membership('band', 'seat-1') });
    await expect(booted.time.until(handle.result())).rejects.toMatchObject({ code: 'NO_ELECTORATE' });
    await finish(booted);
  });

  it('that may not send is no election: the program is told', async () => {
    const agent = memberOf((me) => leadership(me));
    const booted = await boot({ agents: [agent] });
    const handle = booted.kernel.spawn(agent, seatsOf(2), { id: 'agent-0', metadata: membership('band', 'seat-0') });
    await expect(booted.time.until(handle.result())).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await finish(booted);
  });
});

function* codeOf(operation: Iterable<Instruction, unknown>): Generator<Instruction, string> {
  try {
    yield* operation;
    return 'none';
  } catch (error) {
    return (error as OmniError).code;
  }
}
