import { MAX_JSON_DEPTH, toJson, type Json } from '../json/index.js';

/**
 * What a program gave, as JSON that nobody can change any more; what it left undefined is as good as left out.
 *
 * For what the kernel looks at more than once: an object of a program's own may answer otherwise the second time.
 */
export function frozenCopy<Value extends object>(value: Value): Value & Json {
  return toJson(withoutUndefined(value)) as Value & Json;
}

/** Leaves alone what is nested too deep: `toJson` says why. */
function withoutUndefined(value: unknown, depth = 0): unknown {
  if (depth > MAX_JSON_DEPTH) return value;
  if (Array.isArray(value)) return value.map((child) => withoutUndefined(child, depth + 1));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const defined: [string, unknown][] = [];
  for (const key of Object.keys(value)) {
    const child = (value as Record<string, unknown>)[key];
    if (child !== undefined) defined.push([key, withoutUndefined(child, depth + 1)]);
  }
  return Object.fromEntries(defined);
}
