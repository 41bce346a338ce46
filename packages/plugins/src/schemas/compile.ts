/**
 * JSON Schemas of plugins as Standard Schemas, by Ajv.
 *
 * Ajv trusts the schemas that it is given. So what it gets has passed the dialect (no references outwards, a bounded size), its
 * patterns run on RE2, and each reference, pattern and `uniqueItems` counts towards a budget.
 */
import type { JsonObject, StandardSchema } from '@omnipaw/kernel';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { problemOf } from './ajv-problem.js';
import { BudgetExceeded, sizeOf, spend, startBudget } from './budget.js';
import { canonicalJson } from './canonical-json.js';
import { dialectProblems, DRAFT, mapSchemas } from './dialect.js';
import { linearPattern } from './linear-pattern.js';
import { stepsOf, type Problem } from './problem.js';

const STEP = 'omnipaw-step';

/** A schema that was compiled, or what keeps it from being. */
export type Compiled = { readonly validate: ValidateFunction } | { readonly problems: readonly Problem[] };

/** Compile schemas, and judge them by the draft's own schema: each is made once. */
let ajv: Ajv2020 | undefined;
let metaAjv: Ajv2020 | undefined;
const compiled = new WeakMap<object, Compiled>();

/** A JSON Schema as the kernel wants one for its tools; throws a `TypeError` for one that {@link schemaProblems} complains about. */
export function standardSchema(schema: JsonObject): StandardSchema {
  const result = compile(schema, '');
  if ('problems' in result) throw new TypeError(`This JSON Schema can't be used: ${result.problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; ')}.`);
  return {
    '~standard': {
      version: 1,
      vendor: 'omnipaw-plugins',
      validate: (value) => judge(result.validate, value),
      jsonSchema: { input: () => structuredClone(schema), output: () => structuredClone(schema) },
    },
  };
}

/** What keeps a schema from being used; nothing for a good one. `at` is the path of the schema in its document. */
export function schemaProblems(schema: JsonObject, at: string): readonly Problem[] {
  const result = compile(schema, at);
  return 'problems' in result ? result.problems : [];
}

function judge(validate: ValidateFunction, value: unknown): ReturnType<StandardSchema['~standard']['validate']> {
  startBudget();
  try {
    if (validate(value)) return { value };
    return { issues: (validate.errors ?? []).slice(0, 1).map(issueOf) };
  } catch (thrown) {
    // A value can be nested so deeply that a recursive schema has no stack left for it.
    if (thrown instanceof BudgetExceeded || thrown instanceof RangeError) return { issues: [{ message: 'takes too much to be judged by this schema; pass less' }] };
    throw thrown;
  }
}

function issueOf(error: ErrorObject): { readonly message: string; readonly path: readonly string[] } {
  const { path, message } = problemOf(error);
  return { message, path: stepsOf(path) };
}

function compile(schema: JsonObject, at: string): Compiled {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const result = compileNew(schema, at);
  if ('validate' in result) compiled.set(schema, result);
  return result;
}

function compileNew(schema: JsonObject, at: string): Compiled {
  const unknown = dialectProblems(schema, at);
  const problems = unknown.some(({ path }) => path === at) ? unknown : [...shapeProblems(schema, at), ...unknown];
  if (problems.length > 0) return { problems };
  ajv ??= newAjv();
  // Only references can make the same work be done again and again.
  const counted = mapSchemas(schema, (inner) => ('$ref' in inner ? { ...inner, [STEP]: true } : inner)) as JsonObject;
  try {
    return { validate: ajv.compile(counted) };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
    return { problems: [{ path: at, message: `can't be compiled: ${said}` }] };
  } finally {
    ajv.removeSchema(counted);
  }
}

/** Whether each keyword has a value of its type, by the draft's own schema; one complaint a place. */
function shapeProblems(schema: JsonObject, at: string): readonly Problem[] {
  metaAjv ??= new Ajv2020({ allErrors: true, verbose: true, validateFormats: false, logger: false });
  if (metaAjv.validate(DRAFT, schema)) return [];
  const problems = new Map<string, Problem>();
  for (const error of metaAjv.errors ?? []) {
    const { path, message } = problemOf(error);
    if (!problems.has(path)) problems.set(path, { path: at + path, message });
  }
  return [...problems.values()].slice(0, 20);
}

function newAjv(): Ajv2020 {
  const regExp = Object.assign((pattern: string) => linearPattern(pattern), { code: 'linearPattern' });
  const made = new Ajv2020({
    ...{ strict: true, strictTypes: false, strictTuples: false, strictRequired: false, allowUnionTypes: true },
    // `format` says what a text is for, and checks nothing, as the draft has it.
    ...{ validateFormats: false, verbose: true, ownProperties: true, inlineRefs: false, logger: false },
    // What is compiled has been judged already.
    ...{ validateSchema: false, meta: false },
    code: { regExp },
  });
  made.removeKeyword('uniqueItems');
  made.addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', error: { message: 'must have no item twice' }, validate: haveNoItemTwice });
  made.addKeyword({ keyword: STEP, before: '$ref', schemaType: 'boolean', errors: false, validate: countStep });
  return made;
}

/** Ajv's own compares each item with each other one. */
function haveNoItemTwice(isWanted: boolean, items: readonly unknown[]): boolean {
  if (!isWanted) return true;
  const texts = items.map((item) => canonicalJson(item as never));
  spend(texts.reduce((length, text) => length + text.length, 0));
  return new Set(texts).size === texts.length;
}

function countStep(_isCounted: boolean, value: unknown): boolean {
  spend(sizeOf(value));
  return true;
}
