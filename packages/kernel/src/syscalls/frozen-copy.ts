import { toJson, type Json } from '../json/index.js';

/**
 * What a program gave, as JSON that nobody can change any more; what it left undefined is as good as left out.
 *
 * For what the kernel looks at more than once: an object of a program's own may answer otherwise the second time.
 */
export function frozenCopy<Value extends object>(value: Value): Value & Json {
  return toJson(withoutUndefined(value)) as Value & Json;
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const defined: [string, unknown][] = [];
  for (const key of Object.keys(value)) {
    const child = (value as Record<string, unknown>)[key];
    if (child !== undefined) defined.push([key, withoutUndefined(child)]);
  }
  return Object.fromEntries(defined);
}
