/**
 * What judging one value by somebody else's schema may cost, counted in steps, so that it ends the same way on every machine.
 *
 * A schema of a few lines can double its work with each reference (`allOf` of two references to a schema that does the same), can look
 * at each item anew for each of its alternatives, and a pattern can be large. So whatever is done more than once is counted here, by
 * whoever does it, before it is done: a keyword, a key, an item, some characters.
 */

/** Steps for one value. One is what a keyword takes, 20 nanoseconds or so: some tens of milliseconds together. */
const MAX_STEPS = 2_000_000;
/** Characters that are compared or counted in one step. */
const CHARS_PER_STEP = 8;
/** What other things take, measured in large numbers: the keys of an object, for example, are looked for anew each time. */
export const STEPS = { complaint: 5, key: 10, keptKey: 40, sorting: 10, text: 10, match: 20, machine: 8, instruction: 2 } as const;

/** Thrown through the schema, and caught by the one that asked it. */
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

/** For a look at each of so many characters. */
export function spendOnText(chars: number): void {
  spend(1 + Math.ceil(chars / CHARS_PER_STEP));
}
