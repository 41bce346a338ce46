/**
 * JSON Schemas of plugins as Standard Schemas.
 *
 * What is compiled has passed the dialect (no references outwards, a bounded size), its patterns run on RE2, and whatever judging a value
 * repeats counts towards a budget. Ajv, which trusts the schemas that it is given, only says whether a schema is one.
 */
import type { JsonObject, StandardSchema } from '@omnipaw/kernel';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { problemOf } from './schema-error.js';
import { BudgetExceeded, startBudget } from './budget.js';
import type { Check, Complaint } from './check.js';
import { compileSchema } from './compile-schema.js';
import { dialectProblems, DRAFT } from './dialect.js';
import { pointer, stepsOf, type Problem } from './problem.js';

/** A schema that was compiled, or what keeps it from being. */
export type Compiled = { readonly check: Check } | { readonly problems: readonly Problem[] };

/** Judge schemas by the draft's own schema; made once. */
let drafts: Readonly<Record<'first' | 'all', Ajv2020>> | undefined;
/** Who has made so many mistakes is told of the others later. */
const MAX_PROBLEMS = 20;
const compiled = new WeakMap<object, Compiled>();

/** A JSON Schema as the kernel wants one for its tools; throws a `TypeError` for one that {@link schemaProblems} complains about. */
export function standardSchema(schema: JsonObject): StandardSchema {
  const result = compile(schema, '');
  if ('problems' in result) throw new TypeError(`This JSON Schema can't be used: ${result.problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; ')}.`);
  return {
    '~standard': {
      version: 1,
      vendor: 'omnipaw-plugins',
      validate: (value) => judge(result.check, value),
      jsonSchema: { input: () => structuredClone(schema), output: () => structuredClone(schema) },
    },
  };
}

/** What keeps a schema from being used; nothing for a good one. `at` is the path of the schema in its document. */
export function schemaProblems(schema: JsonObject, at: string): readonly Problem[] {
  const result = compile(schema, at);
  return 'problems' in result ? result.problems : [];
}

function judge(check: Check, value: unknown): ReturnType<StandardSchema['~standard']['validate']> {
  startBudget();
  try {
    const complaint = check(value, undefined);
    return complaint === undefined ? { value } : { issues: [issueOf(complaint)] };
  } catch (thrown) {
    // A value can be nested so deeply that a recursive schema has no stack left for it.
    if (thrown instanceof BudgetExceeded || thrown instanceof RangeError) return { issues: [{ message: 'takes too much to be judged by this schema; pass less' }] };
    throw thrown;
  }
}

function issueOf({ steps, ...complaint }: Complaint): { readonly message: string; readonly path: readonly string[] } {
  const instancePath = steps.reduceRight<string>((path, step) => pointer(path, step), '');
  const { path, message } = problemOf({ ...complaint, instancePath });
  return { message, path: stepsOf(path) };
}

function compile(schema: JsonObject, at: string): Compiled {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const result = compileNew(schema, at);
  if ('check' in result) compiled.set(schema, result);
  return result;
}

function compileNew(schema: JsonObject, at: string): Compiled {
  const unknown = dialectProblems(schema, at);
  const problems = unknown.some(({ path }) => path === at) ? unknown : [...shapeProblems(schema, at), ...unknown];
  if (problems.length > 0) return { problems };
  return { check: compileSchema(schema) };
}

/** Whether each keyword has a value of its type, by the draft's own schema; one complaint a place. */
function shapeProblems(schema: JsonObject, at: string): readonly Problem[] {
  drafts ??= { first: draft(false), all: draft(true) };
  if (drafts.first.validate(DRAFT, schema)) return [];
  // To gather errors costs time in proportion to their square.
  drafts.all.validate(DRAFT, shortened(schema));
  const problems = new Map<string, Problem>();
  for (const error of (drafts.all.errors ?? drafts.first.errors ?? []).slice(0, MAX_PROBLEMS ** 2)) {
    const { path, message } = problemOf(error);
    if (!problems.has(path)) problems.set(path, { path: at + path, message });
  }
  return [...problems.values()].slice(0, MAX_PROBLEMS);
}

function draft(allErrors: boolean): Ajv2020 {
  return new Ajv2020({ allErrors, verbose: true, validateFormats: false, logger: false });
}

/** The same with no more items or keys anywhere than there are complaints. */
function shortened(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, MAX_PROBLEMS).map(shortened);
  return Object.fromEntries(Object.entries(value).slice(0, MAX_PROBLEMS).map(([key, inner]) => [key, shortened(inner)]));
}
