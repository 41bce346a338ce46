import { groupEqual, tally, usualVote, type Ballot, type Poll, type Rule } from '@omnipaw/swarm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toChairWord, toGroups } from '../../src/consensus/index.js';

const voters = ['a', 'b', 'c', 'd'].map((slot) => ({ slot, weight: 1 }));

function poll(rule: Rule, more: Partial<Poll> = {}): Poll {
  return { options: ['tea', 'milk'], rule, voters, ...more };
}

function votes(choices: Readonly<Record<string, unknown>>): Ballot[] {
  return Object.entries(choices).map(([slot, option]) => ({ slot, answer: { kind: 'vote', option } }));
}

describe('a tally', () => {
  it.each<[string, Rule, Record<string, number>, number | null]>([
    ['half is no majority', 'majority', { a: 0, b: 0 }, null],
    ['more than half is one', 'majority', { a: 1, b: 1, c: 1, d: 0 }, 1],
    ['a majority of those who vote is none of all', 'majority', { a: 0, b: 0, c: 1 }, null],
    ['all but one are not unanimous', 'unanimous', { a: 0, b: 0, c: 0 }, null],
    ['all are', 'unanimous', { a: 0, b: 0, c: 0, d: 0 }, 0],
    ['at least two are enough where two are', { atLeast: 2 }, { a: 1, b: 1, c: 0 }, 1],
    ['of two that have as much, none is decided', { atLeast: 2 }, { a: 1, b: 1, c: 0, d: 0 }, null],
    ['one that has more is', { atLeast: 1 }, { a: 1, b: 1, c: 0 }, 1],
    ['nobody decides nothing', { atLeast: 1 }, {}, null],
  ])('%s', (_, rule, choices, decided) => {
    expect(tally(poll(rule), votes(choices)).decided).toBe(decided);
  });

  it('goes by weight where there are weights', () => {
    const weighted = [{ slot: 'a', weight: 3 }, { slot: 'b', weight: 1 }, { slot: 'c', weight: 1 }, { slot: 'd', weight: 0 }];
    const result = tally(poll('majority', { voters: weighted }), votes({ a: 1, b: 0, c: 0, d: 0 }));
    expect(result).toMatchObject({ decided: 1, needed: 3, total: 5 });
    expect(result.counts.map(({ weight, voters: its }) => [weight, its])).toEqual([[2, ['b', 'c', 'd']], [3, ['a']]]);
  });

  it('says of everybody what came of its vote', () => {
    const ballots: Ballot[] = [...votes({ a: 0 }), { slot: 'b', answer: { kind: 'abstain' } }, { slot: 'c', answer: { kind: 'vote', option: 7 } }];
    expect(tally(poll('majority'), ballots)).toEqual({
      decided: null,
      counts: [{ option: 'tea', weight: 1, voters: ['a'] }, { option: 'milk', weight: 0, voters: [] }],
      needed: 3,
      total: 4,
      abstained: ['b'],
      invalid: ['c'],
      missing: [{ slot: 'd', error: 'REQUEST_TIMEOUT' }],
    });
  });

  it('counts a voter once, by what it has said first, and nobody who is no voter', () => {
    const result = tally(poll('majority'), [...votes({ a: 0 }), ...votes({ a: 1, stranger: 1 }), ...votes({ a: 1 })]);
    expect(result.counts.map(({ voters: its }) => its)).toEqual([['a'], []]);
  });

  it.each<unknown>([-1, 2, 0.5, NaN, '0', null, undefined, [0], { option: 0 }])('takes %o for no option', (option) => {
    expect(tally(poll('majority'), votes({ a: option })).invalid).toEqual(['a']);
  });

  it.each<unknown>([null, 0, 'tea', [], {}, { option: 0 }, { kind: 'proposal', option: 0 }])('takes %o for no vote', (answer) => {
    expect(tally(poll('majority'), [{ slot: 'a', answer }]).invalid).toEqual(['a']);
  });

  it.each<[Rule, number]>([[{ atLeast: 0 }, 1], [{ atLeast: 5 }, 1], [{ atLeast: 1.5 }, 1], ['majority', 0], ['majority', -1], ['majority', 0.5]])('refuses the rule %o where each has the weight %d', (rule, weight) => {
    expect(() => tally(poll(rule, { voters: voters.map(({ slot }) => ({ slot, weight })) }), [])).toThrow(TypeError);
  });

  const slots = ['a', 'b', 'c', 'd', 'e'];
  const weighted = fc.array(fc.nat(4), { minLength: 5, maxLength: 5 }).filter((weights) => weights.some((weight) => weight > 0)).map((weights) => slots.map((slot, index) => ({ slot, weight: weights[index]! })));
  const answers = fc.array(fc.oneof(fc.nat(3).map((option) => ({ kind: 'vote', option })), fc.constant({ kind: 'abstain' }), fc.jsonValue()), { minLength: 5, maxLength: 5 });

  it('loses no weight, decides what has enough and nothing else, and does not depend on who comes first', () => {
    fc.assert(fc.property(weighted, answers, fc.constantFrom<Rule>('majority', 'unanimous', { atLeast: 1 }), fc.array(fc.nat()), (voting, said, rule, order) => {
      const ballots = said.map((answer, index): Ballot => ({ slot: slots[index]!, answer }));
      const subject: Poll = { options: ['x', 'y', 'z'], rule, voters: voting };
      const result = tally(subject, ballots);
      const weightOf = (slot: string): number => voting.find((voter) => voter.slot === slot)!.weight;
      expect(result.counts.map(({ weight }) => weight)).toEqual(result.counts.map(({ voters: its }) => its.reduce((sum, slot) => sum + weightOf(slot), 0)));
      expect([...result.counts.flatMap(({ voters: its }) => its), ...result.abstained, ...result.invalid, ...result.missing.map(({ slot }) => slot)].sort()).toEqual(slots);
      const enough = result.counts.flatMap(({ weight }, index) => (weight >= result.needed && result.counts.every((other, rank) => rank === index || other.weight < weight) ? [index] : []));
      expect(result.decided).toBe(enough[0] ?? null);
      if (rule === 'majority') expect(result.needed * 2).toBeGreaterThan(result.total);
      const shuffled = ballots.map((ballot, index) => [order[index] ?? index, ballot] as const).sort(([a], [b]) => a - b).map(([, ballot]) => ballot);
      expect(tally(subject, shuffled)).toEqual(result);
    }));
  });
});

describe('groups', () => {
  it('hold what is equal as JSON, whatever the order of its fields', () => {
    expect(groupEqual([{ a: 1, b: [2, null] }, 'x', { b: [2, null], a: 1 }, { a: 1, b: [null, 2] }, 'x', 0, -0, '0'])).toEqual([[0, 2], [1, 4], [3], [5, 6], [7]]);
  });

  it('are the same as equality by structure', () => {
    fc.assert(fc.property(fc.array(fc.jsonValue(), { maxLength: 6 }), (values) => {
      // eslint-disable-next-line @typescript-eslint/no-explicit-any -- fast-check's JSON is wider than the kernel's
      const groups = groupEqual(values as any);
      expect(groups.flat().sort()).toEqual(values.map((_, index) => index));
      const text = (value: unknown): string => JSON.stringify(value);
      for (const group of groups) for (const index of group) expect(JSON.parse(text(values[index]))).toEqual(JSON.parse(text(values[group[0]!])));
      expect(new Set(groups.map(([first]) => first)).size).toBe(groups.length);
    }));
  });

  it.each<unknown>([undefined, null, 'all', {}, [], [[0, 1]], [[0, 1, 2], []], [[0, 1], [1, 2]], [[0, 1], [3]], [[0], [1], ['2']], [[0, 1, 2, 3]], [0, 1, 2]])('of a judge that are %o are none for three proposals', (answer) => {
    expect(toGroups(answer, 3)).toBeUndefined();
  });

  it('of a judge hold each number once', () => {
    expect(toGroups([[2, 0], [1]], 3)).toEqual([[2, 0], [1]]);
  });
});

describe('the usual vote', () => {
  const asked = { question: null, options: ['tea', { milk: 1, sugar: 2 }], round: 1, tally: null };

  it('is for what one has proposed oneself, or for nothing', () => {
    expect([usualVote(asked, { sugar: 2, milk: 1 }), usualVote(asked, 'beer'), usualVote(asked, undefined)]).toEqual([1, undefined, undefined]);
  });

  it('goes with the most in later rounds, the first of those that have as much', () => {
    const after = (choices: Record<string, number>): number | undefined => usualVote({ ...asked, round: 2, tally: tally(poll('unanimous'), votes(choices)) }, 'tea');
    expect([after({ a: 1, b: 1, c: 0 }), after({ a: 1, b: 0 }), after({})]).toEqual([1, 0, undefined]);
  });
});

describe('the word of a chair', () => {
  const fine = { kind: 'vote', question: 'q', options: [1], round: 1, tally: null, patienceMs: 5 };

  it.each<unknown>([
    null, 'vote', {}, { kind: 'vote' }, { ...fine, options: [] }, { ...fine, options: 'many' }, { ...fine, round: '1' }, { ...fine, tally: {} }, { ...fine, tally: { counts: [null] } },
    { ...fine, patienceMs: -1 }, { kind: 'propose', question: 'q' }, { kind: 'propose', patienceMs: 5 }, { kind: 'close' }, { kind: 'close', decision: { isDecided: 'yes' } }, { kind: 'end' },
  ])('is not %o', (body) => {
    expect(toChairWord(body)).toBeUndefined();
  });

  it('asks to propose, asks to vote, or says what came out', () => {
    for (const word of [fine, { kind: 'propose', question: null, patienceMs: 0 }, { kind: 'close', decision: { isDecided: false } }]) expect(toChairWord(word)).toEqual(word);
  });
});
