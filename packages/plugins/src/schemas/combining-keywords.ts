/** The keywords whose schemas judge the same value as the schema around them. */
import { complain, isObject, type Check, type Make, type Making } from './check.js';
import { Seen } from './seen.js';

function allOf(schemas: readonly unknown[], { compile }: Making): Check {
  const checks = schemas.map(compile);
  return (value, seen) => {
    for (const check of checks) {
      const complaint = check(value, seen);
      if (complaint !== undefined) return complaint;
    }
    return undefined;
  };
}

/** What one alternative says. What it has seen counts only if the value fits. */
function alternative(check: Check, value: unknown, seen: Seen | undefined): ReturnType<Check> {
  if (seen === undefined) return check(value, undefined);
  const own = new Seen();
  const complaint = check(value, own);
  if (complaint === undefined) seen.add(own);
  return complaint;
}

function anyOf(schemas: readonly unknown[], { compile }: Making): Check {
  const checks = schemas.map(compile);
  return (value, seen) => {
    let first: ReturnType<Check>;
    let doesFit = false;
    for (const check of checks) {
      const complaint = alternative(check, value, seen);
      first ??= complaint;
      doesFit ||= complaint === undefined;
      // Who wants to know what was looked at wants to know it of all alternatives.
      if (doesFit && seen === undefined) return undefined;
    }
    return doesFit ? undefined : first;
  };
}

function oneOf(schemas: readonly unknown[], { schema, compile }: Making): Check {
  const checks = schemas.map(compile);
  return (value, seen) => {
    let first: ReturnType<Check>;
    let fitting = 0;
    for (const check of checks) {
      const complaint = alternative(check, value, seen);
      first ??= complaint;
      if (complaint === undefined && ++fitting > 1) return complain('oneOf', value, { schema, message: 'must match exactly one schema in oneOf' });
    }
    return fitting === 1 ? undefined : first;
  };
}

function not(inner: unknown, { schema, compile }: Making): Check {
  const check = compile(inner);
  return (value) => (check(value, undefined) === undefined ? complain('not', value, { schema, message: 'must NOT be valid' }) : undefined);
}

function ifThenElse(inner: unknown, { schema, compile }: Making): Check {
  const condition = compile(inner);
  const [then, otherwise] = ['then', 'else'].map((keyword) => (Object.hasOwn(schema, keyword) ? compile(schema[keyword]) : undefined));
  return (value, seen) => {
    const next = alternative(condition, value, seen) === undefined ? then : otherwise;
    return next?.(value, seen);
  };
}

function dependentSchemas(schemas: Readonly<Record<string, unknown>>, { compile }: Making): Check {
  const checks = Object.entries(schemas).map(([key, inner]) => [key, compile(inner)] as const);
  return (value, seen) => {
    if (!isObject(value)) return undefined;
    for (const [key, check] of checks) {
      const complaint = Object.hasOwn(value, key) ? check(value, seen) : undefined;
      if (complaint !== undefined) return complaint;
    }
    return undefined;
  };
}

export const COMBINING_KEYWORDS: Readonly<Record<string, Make>> = {
  $ref: (reference: string, { follow }: Making) => follow(reference),
  not,
  anyOf,
  oneOf,
  allOf,
  if: ifThenElse,
  dependentSchemas,
};
