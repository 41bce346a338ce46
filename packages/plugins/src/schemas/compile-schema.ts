/**
 * Makes a function of a schema that has passed the dialect. No code is generated.
 *
 * 1. Whatever takes longer for a longer value or a larger schema spends steps first (`budget.ts`): each schema spends one for each keyword.
 * 2. Nothing is kept but the first complaint, so that alternatives that do not fit cost no more than that they were tried.
 */
import { spend } from './budget.js';
import { complain, isObject, type Check, type Make, type Making, type Schema } from './check.js';
import { COMBINING_KEYWORDS } from './combining-keywords.js';
import { LAST_LIST_KEYWORDS, LIST_KEYWORDS } from './list-keywords.js';
import { LAST_OBJECT_KEYWORDS, OBJECT_KEYWORDS } from './object-keywords.js';
import { at, referredTo } from './reference.js';
import { Seen } from './seen.js';
import { VALUE_KEYWORDS } from './value-keywords.js';

/** In the order in which they are asked; what needs to know what the others have seen comes last. */
const LAST = { ...LAST_LIST_KEYWORDS, ...LAST_OBJECT_KEYWORDS };
const MAKERS: readonly (readonly [string, Make])[] = Object.entries({ ...VALUE_KEYWORDS, ...COMBINING_KEYWORDS, ...LIST_KEYWORDS, ...OBJECT_KEYWORDS, ...LAST });

export function compileSchema(root: Schema): Check {
  const made = new Map<unknown, Check>();
  const follow = (reference: string): Check => {
    const target = at(root, referredTo(reference)!);
    let check = made.get(target);
    // A schema may refer to one that it is part of, so that is made when it is first needed.
    return (value, seen) => (check ??= compile(target))(value, seen);
  };
  const compile = (schema: unknown): Check => {
    const known = made.get(schema);
    if (known !== undefined) return known;
    const check = isObject(schema) ? checkOf({ schema, compile, follow }) : booleanCheck(schema);
    if (isObject(schema)) made.set(schema, check);
    return check;
  };
  return compile(root);
}

function booleanCheck(schema: unknown): Check {
  return (value) => {
    spend(1);
    return schema === false ? complain('false schema', value, { schema: {}, message: 'must not be there' }) : undefined;
  };
}

function checkOf(making: Making): Check {
  const checks: Check[] = [];
  for (const [keyword, make] of MAKERS) {
    const check = Object.hasOwn(making.schema, keyword) ? make(making.schema[keyword] as never, making) : undefined;
    if (check !== undefined) checks.push(check);
  }
  const all: Check = (value, seen) => {
    spend(1 + checks.length);
    for (const check of checks) {
      const complaint = check(value, seen);
      if (complaint !== undefined) return complaint;
    }
    return undefined;
  };
  return Object.keys(LAST).some((keyword) => Object.hasOwn(making.schema, keyword)) ? keepingCount(all) : all;
}

/** What the schemas around this one have seen is none of its business; what it has seen is theirs. */
function keepingCount(check: Check): Check {
  return (value, seen) => {
    const own = new Seen();
    const complaint = check(value, own);
    if (complaint === undefined) seen?.add(own);
    return complaint;
  };
}
