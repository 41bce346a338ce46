/** Objects whose fields are known by name, each of them. */
import * as v from 'valibot';

/** In how many characters a name may differ from the one that was meant, and how short that is not: short names are near to too many. */
const MAX_DISTANCE = 2;
const MIN_NAME_CHARS = 4;
/** Whoever calls a tool gives names of any length. */
const MAX_NAME_CHARS = 100;

/** An object with these fields and no other; a field that is not known is told with those that there are, and the nearest of them. */
export function fields<const Entries extends v.ObjectEntries>(entries: Entries) {
  const names = Object.keys(entries);
  return v.strictObject(entries, ({ expected, input }) => {
    if (expected === 'never') return unknownField(String(input), names);
    return expected === 'Object' ? 'must be an object' : 'must be given';
  });
}

function unknownField(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return `is not known here${near === undefined ? '' : `: did you mean ${near}?`} (${names.length === 0 ? 'there is nothing to give' : `known: ${names.join(', ')}`})`;
}

/** The name that somebody may have meant. */
function nearest(name: string, names: readonly string[]): string | undefined {
  if (name.length > MAX_NAME_CHARS) return undefined;
  const distances = names.filter((known) => known.length >= MIN_NAME_CHARS).map((known) => ({ known, far: distance(name.toLowerCase(), known.toLowerCase()) }));
  return distances.filter(({ far }) => far <= MAX_DISTANCE).sort((one, other) => one.far - other.far)[0]?.known;
}

/** How many characters are to be put in, taken out or exchanged (Levenshtein, with one row held). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [line, character] of Array.from(from).entries()) {
    const next = [line + 1];
    for (let at = 1; at <= to.length; at++) next.push(Math.min(next[at - 1]! + 1, row[at]! + 1, row[at - 1]! + (character === to[at - 1] ? 0 : 1)));
    row = next;
  }
  return row.at(-1)!;
}
