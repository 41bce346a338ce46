/** The keywords for objects. What an object inherits is not looked at. */
import { spend } from './budget.js';
import { below, complain, isObject, keysOf, type Check, type Make, type Making, type Schema } from './check.js';
import { linearPattern } from './linear-pattern.js';
import type { Seen } from './seen.js';

type Named = Readonly<Record<string, unknown>>;

function propertyNames(inner: unknown, { compile }: Making): Check {
  const check = compile(inner);
  return (value) => {
    if (!isObject(value)) return undefined;
    for (const key of keysOf(value)) {
      const complaint = check(key, undefined);
      if (complaint !== undefined) return Object.assign(complaint, { propertyName: key });
    }
    return undefined;
  };
}

/** What is left over must fit, or must not be there. */
function left(keyword: string, inner: unknown, { schema, compile, param }: Making & { readonly param: string }): (object: Schema, key: string) => ReturnType<Check> {
  const check = compile(inner);
  if (inner === false) return (object, key) => complain(keyword, object, { schema, params: { [param]: key } });
  return (object, key) => below(key, check(object[key], undefined));
}

function additionalProperties(inner: unknown, making: Making): Check {
  const { properties = {}, patternProperties = {} } = making.schema as { readonly properties?: Named; readonly patternProperties?: Named };
  const patterns = Object.keys(patternProperties).map(linearPattern);
  const judge = left('additionalProperties', inner, { ...making, param: 'additionalProperty' });
  return (value, seen) => {
    if (!isObject(value)) return undefined;
    for (const key of keysOf(value)) {
      if (Object.hasOwn(properties, key) || patterns.some((pattern) => pattern.test(key))) continue;
      const complaint = judge(value, key);
      if (complaint !== undefined) return complaint;
    }
    // Those that are not left over are judged beside this.
    if (seen !== undefined) seen.allKeys = true;
    return undefined;
  };
}

function properties(schemas: Named, { compile }: Making): Check {
  const checks = Object.entries(schemas).map(([key, inner]) => [key, compile(inner)] as const);
  return (value, seen) => {
    if (!isObject(value)) return undefined;
    spend(checks.length);
    for (const [key, check] of checks) {
      if (!Object.hasOwn(value, key)) continue;
      const complaint = below(key, check(value[key], undefined));
      if (complaint !== undefined) return complaint;
      seen?.addKey(key);
    }
    return undefined;
  };
}

function patternProperties(schemas: Named, { compile }: Making): Check {
  const checks = Object.entries(schemas).map(([pattern, inner]) => [linearPattern(pattern), compile(inner)] as const);
  const judge = (object: Schema, key: string, seen: Seen | undefined): ReturnType<Check> => {
    for (const [pattern, check] of checks) {
      if (!pattern.test(key)) continue;
      const complaint = below(key, check(object[key], undefined));
      if (complaint !== undefined) return complaint;
      seen?.addKey(key);
    }
    return undefined;
  };
  return (value, seen) => {
    if (!isObject(value)) return undefined;
    for (const key of keysOf(value)) {
      const complaint = judge(value, key, seen);
      if (complaint !== undefined) return complaint;
    }
    return undefined;
  };
}

function unevaluatedProperties(inner: unknown, making: Making): Check {
  const judge = left('unevaluatedProperties', inner, { ...making, param: 'unevaluatedProperty' });
  return (value, seen) => {
    if (!isObject(value) || seen === undefined || seen.allKeys) return undefined;
    for (const key of keysOf(value)) {
      const complaint = seen.hasKey(key) ? undefined : judge(value, key);
      if (complaint !== undefined) return complaint;
    }
    seen.allKeys = true;
    return undefined;
  };
}

function counted(keyword: string, fits: (count: number, limit: number) => boolean): Make {
  return (limit: number, { schema }: Making): Check =>
    (value) => (!isObject(value) || fits(keysOf(value).length, limit) ? undefined : complain(keyword, value, { schema, params: { limit } }));
}

function missing(keyword: string, wanted: readonly string[], { schema }: Making): (object: Schema) => ReturnType<Check> {
  return (object) => {
    spend(wanted.length);
    const key = wanted.find((name) => !Object.hasOwn(object, name));
    return key === undefined ? undefined : complain(keyword, object, { schema, params: { missingProperty: key } });
  };
}

function required(wanted: readonly string[], making: Making): Check {
  const judge = missing('required', wanted, making);
  return (value) => (isObject(value) ? judge(value) : undefined);
}

function dependentRequired(wanted: Readonly<Record<string, readonly string[]>>, making: Making): Check {
  const checks = Object.entries(wanted).map(([key, names]) => [key, missing('dependentRequired', names, making)] as const);
  return (value) => {
    if (!isObject(value)) return undefined;
    spend(checks.length);
    for (const [key, judge] of checks) {
      const complaint = Object.hasOwn(value, key) ? judge(value) : undefined;
      if (complaint !== undefined) return complaint;
    }
    return undefined;
  };
}

export const OBJECT_KEYWORDS: Readonly<Record<string, Make>> = {
  ...{ propertyNames, additionalProperties, properties, patternProperties },
  minProperties: counted('minProperties', (count, limit) => count >= limit),
  maxProperties: counted('maxProperties', (count, limit) => count <= limit),
  ...{ required, dependentRequired },
};
export const LAST_OBJECT_KEYWORDS: Readonly<Record<string, Make>> = { unevaluatedProperties };
