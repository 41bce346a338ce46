/** The promises of delivery, on any swarm that talks: through crashes at any entry, full mailboxes and members that leave early. */
import { defineAgent, type Entry, type OmniError, type OmniKernel } from '@omnipaw/kernel';
import { membership, swarm, SwarmProtocol, type Member } from '@omnipaw/swarm';
import { crash, VirtualTime } from '@omnipaw/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boot, finish, ofKind, type Cast } from '../support.js';

interface SenderPlan {
  /** The topic of each word, in order. */
  readonly topics: readonly string[];
  readonly pauseMs: number;
  /** What is refused is tried again by who is patient, and left out by who is not. */
  readonly isPatient: boolean;
}

interface Plan {
  readonly senders: readonly SenderPlan[];
  /** What the listener does between two words. */
  readonly pauseMs: number;
  /** After so many words it ends, whatever else would come. */
  readonly leavesAfter?: number;
}

interface Word {
  readonly from: string;
  readonly topic: string;
  readonly number: number;
}

/** What a sender knows of its words: which were taken, and with which codes others were not. */
interface Account {
  readonly accepted: readonly Word[];
  readonly refused: readonly string[];
}

const TOPICS = ['red', 'green'];
const LISTENER = 'listener';
const PATIENCE_MS = 600_000;

const sender = defineAgent('sender', function* (ctx, { topics, pauseMs, isPatient }: SenderPlan) {
  const protocol = new SwarmProtocol(ctx, { swarm: 'talk', members: [] });
  const accepted: Word[] = [];
  const refused: string[] = [];
  for (const [number, topic] of topics.entries()) {
    try {
      const word: Word = { from: ctx.agent.id, topic, number };
      yield* protocol.send(LISTENER, topic, word, isPatient ? { patienceMs: PATIENCE_MS } : {});
      accepted.push(word);
    } catch (error) {
      refused.push((error as OmniError).code);
    }
    if (pauseMs > 0) yield* ctx.sleep(pauseMs);
  }
  try {
    yield* protocol.send(LISTENER, 'end', null, { patienceMs: PATIENCE_MS });
  } catch {
    // It has ended itself.
  }
  return { accepted, refused };
});

const listener = defineAgent(LISTENER, function* (ctx, { senders, pauseMs, leavesAfter = Infinity }: Plan) {
  const protocol = new SwarmProtocol(ctx, { swarm: 'talk', members: [] });
  const words: Word[] = [];
  let talking = senders.length;
  while (talking > 0 && words.length < leavesAfter) {
    const { topic, body } = yield* protocol.receive([...TOPICS, 'end']);
    if (topic === 'end') talking--;
    else words.push(body as unknown as Word);
    if (pauseMs > 0) yield* ctx.sleep(pauseMs);
  }
  return words;
});

const lead = defineAgent('lead', function* (ctx, plan: Plan) {
  const seats: readonly Member[] = plan.senders.map((_, index) => ({ id: `sender-${String(index)}`, slot: `sender-${String(index)}` }));
  const ear = yield* ctx.start(listener, plan, { id: LISTENER, metadata: membership('talk', LISTENER) });
  const mouths = [];
  for (const [index, { id, slot }] of seats.entries()) mouths.push(yield* ctx.start(sender, plan.senders[index]!, { id, grants: [`send:${LISTENER}`], metadata: membership('talk', slot) }));
  const heard: readonly Word[] = yield* ctx.join(ear);
  const accounts: Account[] = [];
  for (const mouth of mouths) accounts.push(yield* ctx.join(mouth));
  return { heard, accounts };
});

type Outcome = { readonly heard: readonly Word[]; readonly accounts: readonly Account[] };

const cast = (maxMailboxMessages: number): Cast => ({ agents: [lead, sender, listener], maxMailboxMessages });
const play = (plan: Plan) => (kernel: OmniKernel): Promise<Outcome> => kernel.spawn(lead, plan, { id: 'lead', grants: ['delegate:*', 'send:*'] }).result();

/** A life that may end by a crash, and the one after it, up to the end. */
async function live(plan: Plan, options: { readonly maxMailboxMessages: number; readonly at?: Parameters<typeof crash>[0]['at'] }): Promise<{ outcome: Outcome; entries: readonly Entry[]; isCrashed: boolean }> {
  const time = new VirtualTime();
  const { log, isCrashed } = await crash({ ...cast(options.maxMailboxMessages), extensions: [swarm()], time, at: options.at ?? { write: 1e9 } }, play(plan));
  const booted = await boot(cast(options.maxMailboxMessages), { log, time });
  const isThere = booted.kernel.snapshot().agents.some(({ id }) => id === 'lead');
  const outcome = await time.until(isThere ? (booted.kernel.agent('lead').result() as Promise<Outcome>) : play(plan)(booted.kernel));
  return { outcome, entries: await finish(booted), isCrashed };
}

/** The words of each sender on each topic. */
function streams(words: readonly Word[]): Record<string, readonly number[]> {
  const streams: Record<string, number[]> = {};
  for (const { from, topic, number } of words) (streams[`${from} ${topic}`] ??= []).push(number);
  return streams;
}

function refusals(entries: readonly Entry[], code: string): number {
  return ofKind(entries, 'REFUSED').filter(({ data }) => data.error.code === code).length;
}

const SMALL: Plan = { senders: [{ topics: ['red', 'green', 'red'], pauseMs: 0, isPatient: true }, { topics: ['green', 'green'], pauseMs: 3, isPatient: true }], pauseMs: 7 };

describe('a crash at any entry', () => {
  it.each(['within', 'after'] as const)('(%s it) takes no word away, repeats none, and changes no order', async (place) => {
    const whole = await live(SMALL, { maxMailboxMessages: 2 });
    expect(refusals(whole.entries, 'MAILBOX_FULL')).toBeGreaterThan(0);
    const expected = streams(whole.outcome.accounts.flatMap(({ accepted }) => accepted));
    expect(streams(whole.outcome.heard)).toEqual(expected);
    const seqOf = ({ busSeq }: Entry): number => busSeq;
    for (const at of whole.entries.map(seqOf).slice(2)) {
      const test = (entry: Entry): boolean => entry.busSeq === at;
      const { outcome } = await live(SMALL, { maxMailboxMessages: 2, at: { [place]: test } as unknown as Parameters<typeof crash>[0]['at'] });
      expect([at, streams(outcome.heard)]).toEqual([at, expected]);
    }
  }, 60_000);
});

const plans: fc.Arbitrary<Plan> = fc.record({
  senders: fc.array(fc.record({ topics: fc.array(fc.constantFrom(...TOPICS), { maxLength: 6 }), pauseMs: fc.constantFrom(0, 0, 5), isPatient: fc.boolean() }), { minLength: 1, maxLength: 4 }),
  pauseMs: fc.constantFrom(0, 4, 30),
});

describe('for any swarm', () => {
  it('every word that a mailbox took is heard once, and in the order of each sender on each topic, crashes included', async () => {
    const seen = { full: 0, crashed: 0 };
    await fc.assert(fc.asyncProperty(plans, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 40 }), async (plan, maxMailboxMessages, write) => {
      const { outcome, entries, isCrashed } = await live(plan, { maxMailboxMessages, at: { write } });
      expect(streams(outcome.heard)).toEqual(streams(outcome.accounts.flatMap(({ accepted }) => accepted)));
      const refused = outcome.accounts.flatMap(({ refused }) => refused);
      expect(refused.every((code) => code === 'MAILBOX_FULL')).toBe(true);
      // Who is patient loses no word, however full it was.
      for (const [index, { topics, isPatient }] of plan.senders.entries()) {
        const { accepted, refused } = outcome.accounts[index]!;
        expect(isPatient ? accepted.length : accepted.length + refused.length).toBe(topics.length);
      }
      const received = ofKind(entries, 'MESSAGE_RECEIVED').map(({ data }) => data.message);
      expect(new Set(received).size).toBe(received.length);
      if (isCrashed) seen.crashed++;
      if (refusals(entries, 'MAILBOX_FULL') > 0) seen.full++;
    }), { numRuns: 120 });
    for (const [what, times] of Object.entries(seen)) expect([what, times > 10]).toEqual([what, true]);
  }, 120_000);

  it('what was said to a member that has left is on record with its sender, or in the mailbox that it left', async () => {
    let dead = 0;
    await fc.assert(fc.asyncProperty(plans, fc.integer({ min: 0, max: 4 }), async (plan, leavesAfter) => {
      const { outcome: { heard, accounts }, entries } = await live({ ...plan, leavesAfter }, { maxMailboxMessages: 1_000 });
      const refused = accounts.flatMap(({ refused }) => refused);
      expect(new Set([...refused, 'DEAD_LETTER']).size).toBe(1);
      const letters = ofKind(entries, 'REFUSED').filter(({ agent, data }) => data.error.code === 'DEAD_LETTER' && agent !== null);
      expect(letters.length).toBeGreaterThanOrEqual(refused.length);
      // The last word of each, `end`, may be one of them.
      expect(letters.length).toBeLessThanOrEqual(refused.length + plan.senders.length);
      expect(heard.length).toBeLessThanOrEqual(leavesAfter);
      const sent = streams(accounts.flatMap(({ accepted }) => accepted));
      for (const [stream, numbers] of Object.entries(streams(heard))) expect(sent[stream]!.slice(0, numbers.length)).toEqual(numbers);
      dead += refused.length;
    }), { numRuns: 60 });
    expect(dead).toBeGreaterThan(10);
  }, 120_000);
});
