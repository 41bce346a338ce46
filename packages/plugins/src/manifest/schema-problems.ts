/** What the schema says of a manifest, in words: one complaint for each mistake, not one for each alternative that it might have meant. */
import type { Json } from '@omnipaw/kernel';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { problemOf, type Problem } from '../schemas/index.js';
import { MANIFEST_SCHEMA, MANIFEST_SCHEMA_ID } from './manifest-schema.js';
import { permissionProblem } from './permission-problem.js';

const PERMISSION = /^\/permissions\/(\d+)/;
/** They say that something below them is wrong, which is said there. */
const SUMMARIES = new Set(['anyOf', 'propertyNames']);

/** A large file that is no manifest has an error for each of its values. */
const MAX_ERRORS = 500;
const MAX_LIST = 101;

/** Made once, when they are first needed. */
let validators: Readonly<Record<'first' | 'all' | 'permission', ValidateFunction>> | undefined;

/** Everything in which a manifest does not fit the schema; nothing for one that does. */
export function schemaProblems(manifest: Json): readonly Problem[] {
  validators ??= compiled();
  if (validators.first(manifest)) return [];
  // To gather errors costs time in proportion to their square.
  validators.all(shortened(manifest));
  const errors = (validators.all.errors ?? validators.first.errors ?? []).slice(0, MAX_ERRORS);
  const problems = errors.flatMap((error) => problemsOf(error, errors, manifest));
  // Whatever the words: what the schema refuses is refused.
  return problems.length > 0 ? distinct(problems) : errors.slice(0, 1).map(problemOf);
}

/** In which a permission does not fit the schema; nothing for one that does. */
export function permissionErrors(spec: unknown): readonly Problem[] {
  validators ??= compiled();
  if (validators.permission(spec)) return [];
  const problem = permissionProblem(spec, '');
  return problem === undefined ? ofKind((spec as { readonly name: string }).name, validators.permission.errors ?? []).map(problemOf) : [problem];
}

function compiled(): NonNullable<typeof validators> {
  const options = { strict: true, allowUnionTypes: true, strictRequired: false, verbose: true, ownProperties: true };
  const ajv = new Ajv2020({ ...options, allErrors: true });
  return {
    first: new Ajv2020(options).compile(MANIFEST_SCHEMA),
    all: ajv.compile(MANIFEST_SCHEMA),
    permission: ajv.compile({ $ref: `${MANIFEST_SCHEMA_ID}#/$defs/permission` }),
  };
}

/** The same with no list longer than this, which is longer than any may be. */
function shortened(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, MAX_LIST).map(shortened);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shortened(inner)]));
}

function problemsOf(error: ErrorObject, all: readonly ErrorObject[], manifest: Json): readonly Problem[] {
  const { instancePath, schemaPath, keyword } = error;
  if (instancePath === '' && schemaPath.startsWith('#/anyOf/')) return [];
  if (instancePath === '' && keyword === 'anyOf') return [{ path: '', message: 'must have "tools" or "agents": this plugin offers nothing' }];
  const index = PERMISSION.exec(instancePath)?.[1];
  if (index !== undefined) return problemsOfPermission(Number(index), error, { all, manifest });
  return SUMMARIES.has(keyword) ? [] : [problemOf(error)];
}

function problemsOfPermission(index: number, error: ErrorObject, { all, manifest }: { readonly all: readonly ErrorObject[]; readonly manifest: Json }): readonly Problem[] {
  const path = `/permissions/${index}`;
  const spec = (manifest as { readonly permissions: readonly Json[] }).permissions[index];
  const problem = permissionProblem(spec, path);
  if (problem !== undefined) return [problem];
  const { name } = spec as { readonly name: string };
  const ofItsKind = ofKind(name, all.filter(({ instancePath }) => `${instancePath}/`.startsWith(`${path}/`)));
  return ofItsKind.length === 0 || ofItsKind.includes(error) ? [problemOf(error)] : [];
}

/** What the alternative for permissions of this name says. */
function ofKind(name: string, errors: readonly ErrorObject[]): readonly ErrorObject[] {
  return errors.filter(({ schemaPath }) => schemaPath.includes(`/${name}Permission/`));
}

/** An alternative says the same as another one of it. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem])).values()];
}
