import type { Entry } from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Deadlines } from '../../src/execution/index.js';

function setBy(busSeq: number, data: object, kind = 'SLEEP_STARTED'): Entry {
  return { kind, agent: 'a', busSeq, data: { tick: 1, call: 0, ...data } } as unknown as Entry;
}

/** A list that is searched from end to end. */
class NaiveDeadlines {
  list: { at: number; seq: number }[] = [];

  takeDue(now: number): { at: number; seq: number } | undefined {
    const due = this.list.filter(({ at }) => at <= now).sort((one, other) => one.at - other.at || one.seq - other.seq)[0];
    this.list = this.list.filter((deadline) => deadline !== due);
    return due;
  }
}

describe('Deadlines', () => {
  test('are taken as from a sorted list, whatever is set, forgotten and taken', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ set: fc.integer({ min: 0, max: 50 }) }) },
      { weight: 3, arbitrary: fc.record({ forget: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ takeAll: fc.integer({ min: 0, max: 60 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
        const naive = new NaiveDeadlines();
        const isAlive = (seq: number): boolean => naive.list.some((deadline) => deadline.seq === seq);
        const deadlines = new Deadlines(({ seq }) => isAlive(seq));
        for (const [seq, step] of steps.entries()) {
          if ('set' in step) {
            naive.list.push({ at: step.set, seq });
            deadlines.apply(setBy(seq, { deadline: step.set }));
          } else if ('forget' in step) naive.list.splice(step.forget % Math.max(1, naive.list.length), 1);
          else {
            const taken = [];
            for (let due = deadlines.takeDue(step.takeAll); due !== undefined; due = deadlines.takeDue(step.takeAll)) {
              if (isAlive(due.seq)) taken.push({ at: due.at, seq: due.seq });
            }
            const expected = [];
            for (let due = naive.takeDue(step.takeAll); due !== undefined; due = naive.takeDue(step.takeAll)) expected.push(due);
            expect(taken).toEqual(expected);
          }
        }
      }),
    );
  }, 60_000);

  test('say which is next without taking it', () => {
    const deadlines = new Deadlines(() => true);
    expect(deadlines.next()).toBeUndefined();
    deadlines.apply(setBy(0, { deadline: 20, tick: 4, call: 2 }));
    deadlines.apply(setBy(1, { deadline: 10 }));
    expect(deadlines.next()).toMatchObject({ at: 10, seq: 1 });
    expect(deadlines.takeDue(9)).toBeUndefined();
    expect(deadlines.takeDue(10)).toMatchObject({ at: 10, seq: 1 });
    expect(deadlines.next()).toEqual({ at: 20, seq: 0, agent: 'a', tick: 4, call: 2 });
  });

  test('are set by the end of a token, which is over a millisecond after the last one that it is good for', () => {
    const deadlines = new Deadlines(() => true);
    deadlines.apply(setBy(0, { token: { notAfter: 99 } }, 'AGENT_SPAWNED'));
    deadlines.apply(setBy(1, { token: {} }, 'AGENT_SPAWNED'));
    expect(deadlines.takeDue(99)).toBeUndefined();
    expect(deadlines.takeDue(100)).toMatchObject({ at: 100, call: undefined });
    expect(deadlines.next()).toBeUndefined();
  });

  test('that nobody waits for any more do not pile up', () => {
    const alive = new Set<number>();
    const deadlines = new Deadlines(({ seq }) => alive.has(seq));
    let taken = 0;
    for (let seq = 0; seq < 100_000; seq++) {
      alive.clear();
      alive.add(seq);
      deadlines.apply(setBy(seq, { deadline: 1_000_000 }));
    }
    while (deadlines.takeDue(1_000_000) !== undefined) taken++;
    expect(taken).toBeLessThan(200);
  });
});
