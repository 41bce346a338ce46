import type { Json } from '@omnipaw/kernel';
import { canonicalText } from './canonical.js';

/** Which proposals are the same, by their numbers: each number in one group. The first of a group speaks for it. */
export type Groups = readonly (readonly number[])[];

/** The groups of what is equal as JSON, each where its first member stands. */
export function groupEqual(proposals: readonly Json[]): Groups {
  const groups = new Map<string, number[]>();
  for (const [index, proposal] of proposals.entries()) {
    const text = canonicalText(proposal);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}

/** What a judge has answered, if it puts each of so many proposals into one group. */
export function toGroups(answer: unknown, count: number): Groups | undefined {
  if (!Array.isArray(answer) || !answer.every((group: unknown) => Array.isArray(group) && group.length > 0)) return undefined;
  const numbers: unknown[] = answer.flat();
  const isComplete = numbers.length === count && Array.from({ length: count }, (_, index) => index).every((index) => numbers.includes(index));
  return isComplete ? (answer as Groups) : undefined;
}
