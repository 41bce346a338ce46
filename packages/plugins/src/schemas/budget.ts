/**
 * What judging one value by somebody else's schema may cost, counted in steps, so that it ends the same way on every machine.
 *
 * A schema of a few lines can double its work with each reference (`allOf` of two references to a schema that does the same), and
 * a pattern can be large. Work that grows with the schema alone is bounded by its size; what a reference, a pattern or
 * `uniqueItems` adds is counted here.
 */

/** Steps for one value; some hundred milliseconds at the most. */
const MAX_STEPS = 4_000_000;

/** Thrown through the compiled schema, and caught by the one that called it. */
export class BudgetExceeded extends Error {}

let left = 0;

/** Judging is synchronous and calls nothing of anybody else's, so one count is enough. */
export function startBudget(steps: number = MAX_STEPS): void {
  left = steps;
}

export function spend(steps: number): void {
  left -= steps;
  if (left < 0) throw new BudgetExceeded('Judging this value takes more steps than it may.');
}

/** What a look at a value costs at least: as many steps as it has parts. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length;
  if (Array.isArray(value)) return 1 + value.length;
  return typeof value === 'object' && value !== null ? 1 + Object.keys(value).length : 1;
}
