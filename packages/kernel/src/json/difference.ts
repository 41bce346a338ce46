/** Where two JSON values differ: pure, and bounded however large they are. */
import type { Json } from './json.js';
import { childPath } from './path.js';

/** A place at which one value differs from another; the side that has nothing there is left out. */
export interface Difference {
  /** `$`, `$.a[3].b`, `$["a key"]`. */
  readonly path: string;
  readonly expected?: Json;
  readonly actual?: Json;
}

/** Whoever reads more than this reads the values themselves. */
const MAX_DIFFERENCES = 20;
/** Characters of JSON. */
const MAX_SHOWN = 1_000;

/**
 * The differences of two JSON values, in the order of the first one's fields and then of the second one's: the first 20.
 *
 * The order of an object's fields does not count. A value whose JSON is longer than 1,000 characters is shown as text: the
 * beginning of its JSON and an ellipsis.
 */
export function differences(expected: Json, actual: Json): readonly Difference[] {
  const found: Difference[] = [];
  collect({ path: '$', expected, actual }, found);
  return found;
}

function collect(pair: Difference, found: Difference[]): void {
  const { path, expected, actual } = pair;
  if (expected === actual || found.length >= MAX_DIFFERENCES) return;
  const [before, after] = [fieldsOf(expected), fieldsOf(actual)];
  if (before === undefined || after === undefined || Array.isArray(expected) !== Array.isArray(actual)) {
    found.push(pairOf(path, excerpt(expected), excerpt(actual)));
    return;
  }
  for (const [key, value] of before) collect(pairOf(childPath(path, key), value, after.get(key)), found);
  for (const [key, value] of after) if (!before.has(key)) collect(pairOf(childPath(path, key), undefined, value), found);
}

/** Where two values that do not differ have the fields of an object in another order: the path to the first. */
export function reorderedAt(expected: Json, actual: Json, path = '$'): string | undefined {
  const [before, after] = [fieldsOf(expected), fieldsOf(actual)];
  if (before === undefined || after === undefined) return undefined;
  if ([...before.keys()].join() !== [...after.keys()].join()) return path;
  for (const [key, value] of before) {
    const found = reorderedAt(value, after.get(key)!, childPath(path, key));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is in an array or an object; a primitive has nothing in it. */
function fieldsOf(value: Json | undefined): ReadonlyMap<string | number, Json> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map<string | number, Json>(isArray(value) ? value.entries() : Object.entries(value));
}

function pairOf(path: string, expected: Json | undefined, actual: Json | undefined): Difference {
  return Object.freeze({
    path,
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
  });
}

function excerpt(value: Json | undefined): Json | undefined {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined || text.length <= MAX_SHOWN) return value;
  const cut = text.slice(0, MAX_SHOWN);
  // Half of a surrogate pair is no character.
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** `Array.isArray` does not tell the compiler what is left when it says no to a readonly array. */
function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
