import * as fc from 'fast-check';
import type { Json } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import type { Task } from '../../src/crew/index.js';
import { MapReducePlan } from '../../src/map-reduce/index.js';

/** What a member would do: lists are joined, so that the order is to be seen. */
function perform({ act, input }: Task): Json {
  return act === 'work' ? [input] : (input as Json[][]).flat();
}

describe('the plan of a map-reduce', () => {
  test('gives what a fold in order gives, in whatever order tasks end, and whatever is left out', { timeout: 60_000 }, () => {
    const chaos = fc.array(fc.record({ pick: fc.nat(1_000), isLost: fc.boolean() }), { minLength: 1, maxLength: 50 });
    fc.assert(fc.property(fc.nat(60), fc.integer({ min: 2, max: 5 }), chaos, (count, fanIn, order) => {
      const inputs = Array.from({ length: count }, (_, index) => index);
      const plan = new MapReducePlan(inputs, { fanIn, onFailure: 'skip', maxAttempts: 1 });
      const open: Task[] = [];
      const lost = new Set<Json>();
      let ended = 0;
      for (let turn = 0; !plan.isOver; turn++) {
        const { pick, isLost } = order[turn % order.length]!;
        const next = pick % 3 === 0 && open.length > 0 ? undefined : plan.next();
        if (next !== undefined) open.push(next);
        if (open.length === 0 || (next !== undefined && pick % 2 === 0)) continue;
        const [task] = open.splice(pick % open.length, 1) as [Task];
        ended++;
        if (isLost && task.act === 'work') {
          expect(plan.failed(task, { code: 'LOST', message: '', attempts: 1 })).toBe('skip');
          lost.add(task.input);
        } else plan.done(task, perform(task));
      }
      expect(plan.result()).toEqual(inputs.filter((input) => !lost.has(input)));
      expect(open).toEqual([]);
      expect(ended).toBeLessThanOrEqual(plan.taskCount);
      if (lost.size === 0) expect(ended).toBe(plan.taskCount);
    }), { numRuns: 500 });
  });

  test('a merge that fails for good ends all if it is the last one, and is left out otherwise', () => {
    const plan = new MapReducePlan([1, 2, 3, 4], { fanIn: 2, onFailure: 'skip', maxAttempts: 1 });
    const failure = { code: 'LOST', message: '', attempts: 1 };
    for (const act of ['work', 'work', 'merge', 'work', 'work']) {
      const task = plan.next()!;
      expect(task.act).toBe(act);
      if (act === 'work') plan.done(task, perform(task));
      else expect(plan.failed(task, failure)).toBe('skip');
    }
    const second = plan.next()!;
    expect(second).toMatchObject({ id: 'merge-1-2', input: [[3], [4]] });
    plan.done(second, perform(second));
    const last = plan.next()!;
    expect(last).toMatchObject({ id: 'merge-2-1', input: [[3, 4]] });
    expect(plan.failed(last, failure)).toBe('fail');
  });
});
