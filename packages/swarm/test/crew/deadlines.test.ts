import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadlines } from '../../src/crew/deadlines.js';

test('the earliest deadline that holds is found, whatever was set, moved and lifted', { timeout: 60_000 }, () => {
  const step = fc.record({ agent: fc.constantFrom('a', 'b', 'c', 'd'), at: fc.nat(50), what: fc.constantFrom('set' as const, 'set' as const, 'lift' as const, 'take' as const) });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const deadlines = new Deadlines();
    const model = new Map<string, number>();
    for (const { agent, at, what } of steps) {
      if (what === 'set') {
        deadlines.set(agent, at);
        model.set(agent, at);
      } else if (what === 'lift') {
        deadlines.lift(agent);
        model.delete(agent);
      } else {
        const due = [...model].filter(([, when]) => when <= at);
        const taken = deadlines.takeDue(at);
        expect(taken === undefined).toBe(due.length === 0);
        if (taken !== undefined) {
          expect(model.get(taken)).toBe(Math.min(...due.map(([, when]) => when)));
          model.delete(taken);
        }
      }
      expect(deadlines.next).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
    }
  }));
});
