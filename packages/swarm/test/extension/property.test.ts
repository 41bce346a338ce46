import { swarm } from '@omnipaw/swarm';
import { crash, VirtualTime } from '@omnipaw/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { boot, entriesOf, finish, ofKind } from '../support.js';
import { cast, play, SWARM, type Act } from './players.js';
import { recount } from './recount.js';

const SIZE = 3;
const names = Array.from({ length: SIZE }, (_, index) => `m${String(index)}`);
const name = fc.constantFrom(...names);
const term = fc.integer({ min: 1, max: 3 });
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('vote' as const), term, to: name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const), term, to: fc.shuffledSubarray(names) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('beat' as const), term, to: fc.shuffledSubarray(names) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('office' as const), value: term.map((term) => ({ term })) }) },
  { weight: 3, arbitrary: fc.constantFrom<Act>({ do: 'call' }, { do: 'share' }, { do: 'remember' }, { do: 'leave' }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sleep' as const), ms: fc.integer({ min: 1, max: 4 }) }) },
);
// Everybody is there to the end, so that any word can be said to anybody.
const acts = fc.array(act, { minLength: 4, maxLength: 14 }).map((acts) => [...acts, { do: 'sleep', ms: 1_000 } as const]);
const parts = fc.tuple(...names.map(() => acts)).map((all) => Object.fromEntries(names.map((name, index) => [name, all[index]!])));

it('whatever members try, a slot votes once a term, at most one leads in it, and nobody acts with an office that is over; crashes included', async () => {
  const seen = { elected: 0, offices: 0, VOTED_ALREADY: 0, NOT_ELECTED: 0, STALE_TERM: 0, crashed: 0 };
  await fc.assert(fc.asyncProperty(parts, fc.option(fc.integer({ min: 1, max: 12 })), async (plan, write) => {
    const time = new VirtualTime();
    const { log, isCrashed } = await crash({ ...cast, extensions: [swarm()], time, at: { write: write ?? 1e9 } }, (kernel) => play(kernel, plan));
    const booted = await boot(cast, { log, time });
    await time.until(Promise.all(booted.kernel.snapshot().agents.map(({ id }) => booted.kernel.agent(id).result())));
    const entries = await finish(booted);
    const { votes, leaders, violations } = recount(entries, SWARM);
    expect(violations).toEqual([]);
    for (const of of [...votes.values(), ...leaders.values()]) expect(of.size).toBe(1);
    const report = booted.ledger.of(SWARM);
    expect(Object.fromEntries(report?.terms.filter(({ leader }) => leader !== null).map(({ term, leader }) => [term, leader]) ?? [])).toEqual(Object.fromEntries([...leaders].map(([term, of]) => [term, [...of][0]])));
    seen.elected += leaders.size;
    seen.offices += ofKind(entries, 'MEMORY_SET').filter(({ data }) => data.key.endsWith('/office')).length;
    for (const { data } of ofKind(entries, 'REFUSED')) if (data.error.code in seen) seen[data.error.code as keyof typeof seen]++;
    if (isCrashed) seen.crashed++;
  }), { numRuns: 100 });
  for (const [what, times] of Object.entries(seen)) expect([what, times > 5]).toEqual([what, true]);
}, 120_000);

it('a ledger that was kept in the middle of a log, and goes on from there, is the one that began at its start', async () => {
  await fc.assert(fc.asyncProperty(parts, fc.nat(), async (plan, at) => {
    const booted = await boot(cast);
    await booted.time.until(play(booted.kernel, plan));
    await booted.time.until(booted.kernel.stop());
    const entries = await entriesOf(booted.log);
    const [first, second] = [swarm().ledger, swarm().ledger];
    const middle = at % entries.length;
    for (const entry of entries.slice(0, middle)) first.apply(entry);
    second.load(JSON.parse(JSON.stringify(first.save())) as never);
    for (const entry of entries.slice(middle)) second.apply(entry);
    expect(second.save()).toEqual(booted.ledger.save());
    expect(second.all()).toEqual(booted.ledger.all());
  }), { numRuns: 30 });
}, 60_000);

it('members that invent topics and kinds make no ledger grow without end', async () => {
  const booted = await boot(cast);
  const words = Array.from({ length: 600 }, (_, index): Act => ({ do: 'say', to: 'b', channel: `swarm/${SWARM}/say/t${String(index % 300)}`, body: null }));
  const kinds = Array.from({ length: 300 }, (_, index): Act => ({ do: 'say', to: 'b', channel: `swarm/${SWARM}/work`, body: { kind: `k${String(index)}` } }));
  await booted.time.until(play(booted.kernel, { a: [...kinds, ...words], b: [{ do: 'sleep', ms: 10 }] }));
  const { channels } = booted.ledger.of(SWARM)!;
  expect(Object.keys(channels).length).toBeLessThanOrEqual(257);
  expect(Object.keys(channels['work']!.kinds).length).toBeLessThanOrEqual(33);
  expect(channels['work']!.sent).toBe(300);
  await booted.time.until(booted.kernel.stop());
});
