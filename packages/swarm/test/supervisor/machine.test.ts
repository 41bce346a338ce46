import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { begin, ended, isOver, needed, type Rules, type Step, type SupervisorState } from '../../src/supervisor/index.js';

const rules: fc.Arbitrary<Rules> = fc.record({
  children: fc.array(fc.record({
    role: fc.constant('any'),
    restart: fc.constantFrom('permanent' as const, 'transient' as const, 'temporary' as const),
    isOnDemand: fc.boolean(),
  }), { minLength: 1, maxLength: 5 }),
  together: fc.constantFrom('one-for-one' as const, 'one-for-all' as const, 'rest-for-one' as const),
  intensity: fc.record({ maxRestarts: fc.nat(4), withinMs: fc.integer({ min: 1, max: 50 }) }),
});

/** Which child something happens to, of those to which it can, what, and how much later. */
const events = fc.array(fc.record({ pick: fc.nat(100), what: fc.constantFrom('completed' as const, 'failed' as const, 'needed' as const), afterMs: fc.nat(20) }), { maxLength: 25 });

/** What runs, as the actions alone have it. */
function carriedOut(running: ReadonlySet<number>, { actions }: Step): ReadonlySet<number> {
  const now = new Set(running);
  for (const action of actions) {
    if (action.do === 'start') {
      expect(now).not.toContain(action.child);
      now.add(action.child);
    } else if (action.do === 'stop') {
      expect(now).toContain(action.child);
      now.delete(action.child);
    }
  }
  return now;
}

function runningIn(state: SupervisorState): ReadonlySet<number> {
  return new Set(state.children.flatMap((child, index) => (child === 'running' ? [index] : [])));
}

function isOrdered(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > numbers[index - 1]!);
}

describe('the rules of supervision', () => {
  test('what runs is what was started and not stopped, in order, and nobody comes back who may not', { timeout: 60_000 }, () => {
    fc.assert(fc.property(rules, events, (given, happenings) => {
      let step = begin(given);
      let running = carriedOut(new Set(), step);
      let now = 0;
      const restarts: number[] = [];
      for (const { pick, what, afterMs } of happenings) {
        now += afterMs;
        expect(runningIn(step.state)).toEqual(running);
        if (what === 'needed') {
          step = needed(step.state, pick % given.children.length);
          running = carriedOut(running, step);
          continue;
        }
        const alive = [...running];
        if (alive.length === 0) break;
        const child = alive[pick % alive.length]!;
        const { restart } = given.children[child]!;
        step = ended(step.state, { child, how: what, now }, given);
        running = carriedOut(new Set(alive.filter((other) => other !== child)), step);
        const started = step.actions.flatMap((action) => (action.do === 'start' ? [action.child] : []));
        const stopped = step.actions.flatMap((action) => (action.do === 'stop' ? [action.child] : []));
        expect(isOrdered(started)).toBe(true);
        expect(isOrdered([...stopped].reverse())).toBe(true);
        const comesBack = restart === 'permanent' || (restart === 'transient' && what === 'failed');
        if (!comesBack) expect(step.actions).toEqual([]);
        else {
          restarts.push(now);
          const recent = restarts.filter((at) => at > now - given.intensity.withinMs).length;
          expect(step.actions.some((action) => action.do === 'give up')).toBe(recent > given.intensity.maxRestarts);
          if (recent > given.intensity.maxRestarts) break;
          expect(started).toContain(child);
          if (given.together === 'one-for-one') expect([...started, ...stopped]).toEqual([child]);
          if (given.together === 'rest-for-one') expect(Math.min(...started, ...stopped)).toBe(child);
          // Everybody else who ran was stopped, where all go together.
          if (given.together === 'one-for-all') expect(new Set(stopped)).toEqual(new Set(alive.filter((other) => other !== child)));
        }
        for (const other of started) if (other !== child) expect(given.children[other]!.restart).not.toBe('temporary');
      }
    }), { numRuns: 500 });
  });

  test('it is over when nobody runs but permanent children, and never if there are no others', () => {
    fc.assert(fc.property(rules, fc.array(fc.constantFrom('running' as const, 'completed' as const, 'failed' as const, 'waiting' as const), { minLength: 5, maxLength: 5 }), (given, states) => {
      const state = { children: states.slice(0, given.children.length), restartedAt: [] };
      const others = given.children.flatMap(({ restart }, index) => (restart === 'permanent' ? [] : [state.children[index]]));
      expect(isOver(state, given)).toBe(others.length > 0 && !others.includes('running'));
    }));
  });
});
