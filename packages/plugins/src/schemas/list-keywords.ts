/** The keywords for lists. */
import { spend, STEPS } from './budget.js';
import { below, complain, type Check, type Make, type Making } from './check.js';
import { canonicalWithin } from './same-values.js';

function minItems(limit: number, { schema }: Making): Check {
  return (value) => (!Array.isArray(value) || value.length >= limit ? undefined : complain('minItems', value, { schema, params: { limit } }));
}

function maxItems(limit: number, { schema }: Making): Check {
  return (value) => (!Array.isArray(value) || value.length <= limit ? undefined : complain('maxItems', value, { schema, params: { limit } }));
}

function uniqueItems(isWanted: boolean, { schema }: Making): Check | undefined {
  if (!isWanted) return undefined;
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const texts = new Set(value.map((item) => canonicalWithin(item, Infinity)));
    return texts.size === value.length ? undefined : complain('uniqueItems', value, { schema });
  };
}

function prefixItems(schemas: readonly unknown[], { compile }: Making): Check {
  const checks = schemas.map(compile);
  return (value, seen) => {
    if (!Array.isArray(value)) return undefined;
    const count = Math.min(checks.length, value.length);
    for (let at = 0; at < count; at++) {
      const complaint = below(at, checks[at]!(value[at], undefined));
      if (complaint !== undefined) return complaint;
    }
    if (seen !== undefined) seen.items = Math.max(seen.items, count);
    return undefined;
  };
}

/** All items from this one on. */
function eachItem(items: readonly unknown[], begin: number, check: Check): ReturnType<Check> {
  for (let at = begin; at < items.length; at++) {
    const complaint = below(at, check(items[at], undefined));
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function tooMany(keyword: string, items: readonly unknown[], { schema, most }: { readonly schema: Making['schema']; readonly most: number }): ReturnType<Check> {
  return complain(keyword, items, { schema, params: { limit: most }, message: `must NOT have more than ${most} items` });
}

function items(inner: unknown, { schema, compile }: Making): Check {
  const prefix = Array.isArray(schema['prefixItems']) ? schema['prefixItems'].length : 0;
  const check = compile(inner);
  return (value, seen) => {
    if (!Array.isArray(value) || value.length <= prefix) return undefined;
    if (inner === false) return tooMany('items', value, { schema, most: prefix });
    if (seen !== undefined) seen.items = Infinity;
    return eachItem(value, prefix, check);
  };
}

function contains(inner: unknown, { schema, compile }: Making): Check {
  const [least = 1, most = Infinity] = [schema['minContains'], schema['maxContains']] as (number | undefined)[];
  const check = compile(inner);
  const wanted = `must contain ${least} or more fitting items${most === Infinity ? '' : `, and no more than ${most}`}`;
  return (value, seen) => {
    if (!Array.isArray(value)) return undefined;
    let fitting = 0;
    for (let at = 0; at < value.length; at++) {
      if (check(value[at], undefined) !== undefined) continue;
      fitting++;
      seen?.addItem(at);
      if (fitting > most || (fitting >= least && most === Infinity && seen === undefined)) break;
    }
    return fitting >= least && fitting <= most ? undefined : complain('contains', value, { schema, message: wanted });
  };
}

function unevaluatedItems(inner: unknown, { schema, compile }: Making): Check {
  const check = compile(inner);
  return (value, seen) => {
    if (!Array.isArray(value) || seen === undefined) return undefined;
    spend(STEPS.key * value.length);
    for (let at = 0; at < value.length; at++) {
      if (seen.hasItem(at)) continue;
      if (inner === false) return tooMany('unevaluatedItems', value, { schema, most: at });
      const complaint = below(at, check(value[at], undefined));
      if (complaint !== undefined) return complaint;
    }
    seen.items = Infinity;
    return undefined;
  };
}

export const LIST_KEYWORDS: Readonly<Record<string, Make>> = { prefixItems, items, contains, minItems, maxItems, uniqueItems };
export const LAST_LIST_KEYWORDS: Readonly<Record<string, Make>> = { unevaluatedItems };
