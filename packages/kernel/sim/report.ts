import type { Mutant } from '../../../testing/planted-worker.js';
import type { Tally } from './pool.js';
import type { Failure } from './search.js';

export function tallyText(from: number, { seeds, crashes, steps, entries }: Tally): string {
  const last = seeds > 1 ? `seeds from ${from}: ${figure(seeds)} run` : `seed ${from}: run`;
  return `${last}, ${figure(crashes)} crashes, ${figure(steps)} steps, ${figure(entries)} entries\n`;
}

/** What is broken, the smallest plan that was found to break something, and how to see it again. */
export function failureText({ seed, found, smallest, broken }: Failure, mutant: Mutant | undefined): string {
  return `
Seed ${seed} breaks:
${lines(found)}

The smallest plan that was found, and what it breaks:
${lines(broken)}

${JSON.stringify(smallest, null, 2)}

Again: pnpm sim --seed ${seed}${mutant === undefined ? '' : ` --mutant ${mutant.name}`}
`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `  ${text.replaceAll('\n', '\n  ')}`).join('\n');
}

export function figure(count: number): string {
  return count.toLocaleString('en');
}
