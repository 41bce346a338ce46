import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Task } from '../../src/crew/index.js';
import { PipelinePlan } from '../../src/pipeline/index.js';

const stages = fc.array(fc.record({ role: fc.constantFrom('a', 'b', 'c'), capacity: fc.integer({ min: 1, max: 4 }) }), { minLength: 1, maxLength: 4 });

describe('the plan of a pipeline', () => {
  test('no queue gets longer than it may, and results keep the order of their items', { timeout: 60_000 }, () => {
    const chaos = fc.array(fc.record({ pick: fc.nat(1_000), isLost: fc.boolean() }), { minLength: 1, maxLength: 50 });
    fc.assert(fc.property(fc.nat(30), stages, chaos, (count, given, order) => {
      const items = Array.from({ length: count }, (_, index) => [index]);
      const plan = new PipelinePlan(items, given, { onFailure: 'skip', maxAttempts: 1 });
      const open: Task[] = [];
      const lost = new Set<number>();
      for (let turn = 0; !plan.isOver; turn++) {
        const { pick, isLost } = order[turn % order.length]!;
        // Whoever is free asks, until nobody has anything more to do.
        if (pick % 3 > 0 || open.length === 0) {
          const tasks = ['a', 'b', 'c'].flatMap((role) => plan.next(role) ?? []);
          open.push(...tasks);
          if (open.length === 0) expect.fail('Nobody has anything to do, and it is not over.');
        }
        const tooLong = plan.load.findIndex((load, index) => load > (index === 0 ? 0 : given[index]!.capacity));
        if (tooLong >= 0) expect.fail(`${plan.load[tooLong]} items wait for stage ${tooLong}.`);
        const [task] = open.splice(pick % open.length, 1) as [Task];
        const input = task.input as number[];
        if (isLost && turn % 7 === 0) {
          plan.failed(task, { code: 'LOST', message: '', attempts: 1 });
          lost.add(input[0]!);
        } else plan.done(task, [...input, Number(task.act)]);
      }
      const expected = items.flatMap(([index]) => (lost.has(index!) ? [] : [[index, ...given.map((_, stage) => stage)]]));
      expect(plan.result()).toEqual(expected);
    }), { numRuns: 500 });
  });
});
