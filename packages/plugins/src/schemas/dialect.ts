/**
 * Which JSON Schemas a plugin may bring along, pure: draft 2020-12 without what leads out of the schema, and of a bounded size.
 *
 * They judge values that agents invent, in the host's process. So nothing is compiled whose keywords are not known here.
 */
import { linearPattern } from './linear-pattern.js';
import { didYouMean } from './nearest.js';
import { pointer, shown, type Problem } from './problem.js';
import { at, pathOf, referredTo } from './reference.js';

export const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

export const MAX_SCHEMA_CHARS = 64 * 1024;
export const MAX_SUBSCHEMAS = 500;
export const MAX_SCHEMA_DEPTH = 32;
/** To compile one takes up to some milliseconds. */
const MAX_PATTERNS = 20;
/** Who has made so many mistakes is told of the others later. */
const MAX_PROBLEMS = 20;

/** What stands under a keyword: one schema, several, several by name, or no schema at all. */
type Shape = 'schema' | 'list' | 'map' | 'plain';

/** The shape of each keyword, and whether its schemas judge the same value as the one around them. */
const KEYWORDS: Readonly<Record<string, readonly [Shape, 'same' | 'part']>> = {
  ...each(['$schema', '$comment', 'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'], 'plain'),
  ...each(['format', 'contentEncoding', 'contentMediaType'], 'plain'),
  ...each(['type', 'enum', 'const', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'], 'plain'),
  ...each(['minLength', 'maxLength', 'pattern', 'minItems', 'maxItems', 'uniqueItems', 'minContains', 'maxContains'], 'plain'),
  ...each(['required', 'minProperties', 'maxProperties', 'dependentRequired', '$ref'], 'plain'),
  ...each(['properties', 'patternProperties', '$defs'], 'map'),
  ...each(['additionalProperties', 'unevaluatedProperties', 'propertyNames', 'items', 'unevaluatedItems', 'contains'], 'schema'),
  ...each(['prefixItems'], 'list'),
  ...each(['allOf', 'anyOf', 'oneOf'], 'list', 'same'),
  ...each(['not', 'if', 'then', 'else'], 'schema', 'same'),
  ...each(['dependentSchemas'], 'map', 'same'),
};

/** What draft 2020-12 has and a plugin's schema must do without, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  $id: 'a schema of a plugin has no name of its own',
  $anchor: 'refer by "#/$defs/…"',
  $dynamicRef: 'refer by "$ref"',
  $dynamicAnchor: 'refer by "#/$defs/…"',
  $vocabulary: 'only the vocabularies of draft 2020-12 are known',
};

type Schema = Readonly<Record<string, unknown>>;

/** What keeps a schema from being compiled; nothing for a good one. `at` is the path of the schema in its document. */
export function dialectProblems(schema: unknown, at: string): readonly Problem[] {
  const size = JSON.stringify(schema).length;
  if (size > MAX_SCHEMA_CHARS) return [{ path: at, message: `takes ${size} characters; a schema may take ${MAX_SCHEMA_CHARS}` }];
  const walk = new Walk(schema, at);
  walk.visit(schema, [], 0);
  return walk.problems.length > 0 ? walk.problems : walk.endlessReferences();
}

class Walk {
  readonly problems: Problem[] = [];
  readonly #root: unknown;
  readonly #at: string;
  /** By path in the schema: the schemas that judge the same value. */
  readonly #same = new Map<string, string[]>();
  #patterns = 0;

  constructor(root: unknown, at: string) {
    this.#root = root;
    this.#at = at;
  }

  visit(schema: unknown, steps: readonly string[], depth: number): void {
    const here = pathOf(steps);
    if (this.#same.size >= MAX_SUBSCHEMAS || depth > MAX_SCHEMA_DEPTH) {
      if (this.problems.length === 0) this.#complain(here, `is too large: a schema may have ${MAX_SUBSCHEMAS} schemas in it, ${MAX_SCHEMA_DEPTH} levels deep`);
      return;
    }
    this.#same.set(here, []);
    if (!isObject(schema)) return;
    for (const [keyword, value] of Object.entries(schema)) {
      if (this.problems.length < MAX_PROBLEMS) this.#visitKeyword(keyword, value, { steps, depth });
    }
  }

  #visitKeyword(keyword: string, value: unknown, { steps, depth }: { readonly steps: readonly string[]; readonly depth: number }): void {
    const path = pathOf([...steps, keyword]);
    const known = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (known === undefined) {
      this.#complain(path, unknownKeyword(keyword));
      return;
    }
    this.#judgePlain(keyword, value, { path, here: pathOf(steps) });
    const [shape, what] = known;
    for (const [key, inner] of innerSchemas(shape, value)) {
      const innerSteps = [...steps, keyword, ...key];
      if (what === 'same') this.#same.get(pathOf(steps))!.push(pathOf(innerSteps));
      this.visit(inner, innerSteps, depth + 1);
    }
  }

  #judgePlain(keyword: string, value: unknown, { path, here }: { readonly path: string; readonly here: string }): void {
    if (keyword === '$schema' && value !== DRAFT) this.#complain(path, `must be ${shown(DRAFT)}; found ${shown(value)}`);
    if (keyword === '$ref') this.#judgeReference(value, { path, here });
    if (keyword === 'pattern' && typeof value === 'string') this.#judgePattern(value, path);
    if (keyword === 'patternProperties' && isObject(value)) for (const pattern of Object.keys(value)) this.#judgePattern(pattern, pointer(path, pattern));
  }

  #judgeReference(value: unknown, { path, here }: { readonly path: string; readonly here: string }): void {
    const target = referredTo(value);
    if (target === undefined || !isObjectOrBoolean(at(this.#root, target))) {
      this.#complain(path, `must lead to a schema within this one, as "#/$defs/name" does; found ${shown(value)}`);
    } else {
      this.#same.get(here)!.push(target);
    }
  }

  #judgePattern(pattern: string, path: string): void {
    this.#patterns++;
    if (this.#patterns === MAX_PATTERNS + 1) this.#complain(path, `is one pattern too many; a schema may have ${MAX_PATTERNS}`);
    if (this.#patterns > MAX_PATTERNS) return;
    try {
      linearPattern(pattern);
    } catch (error) {
      this.#complain(path, `is no pattern that can be used: ${(error as SyntaxError).message}`);
    }
  }

  /** References that lead back to the same value: judging would never end. And those to what is no schema, but a part of one. */
  endlessReferences(): readonly Problem[] {
    const state = new Map<string, 'open' | 'done'>();
    const follow = (path: string): void => {
      state.set(path, 'open');
      for (const next of this.#same.get(path)!) {
        if (!this.#same.has(next)) this.#complain(path, `refers to ${shown(`#${next}`)}, which is no schema`);
        else if (state.get(next) === 'open') this.#complain(path, `refers back to itself for the same value, by ${shown(`#${next}`)}`);
        else if (!state.has(next)) follow(next);
      }
      state.set(path, 'done');
    };
    for (const path of this.#same.keys()) if (!state.has(path)) follow(path);
    return this.problems;
  }

  #complain(path: string, message: string): void {
    this.problems.push({ path: this.#at + path, message });
  }
}

function each(keywords: readonly string[], shape: Shape, what: 'same' | 'part' = 'part'): Record<string, readonly [Shape, 'same' | 'part']> {
  return Object.fromEntries(keywords.map((keyword) => [keyword, [shape, what] as const]));
}

function innerSchemas(shape: Shape, value: unknown): readonly (readonly [readonly string[], unknown])[] {
  if (shape === 'schema') return [[[], value]];
  if (shape === 'list' && Array.isArray(value)) return value.map((inner, index) => [[String(index)], inner] as const);
  return shape === 'map' && isObject(value) ? Object.entries(value).map(([key, inner]) => [[key], inner] as const) : [];
}

function unknownKeyword(keyword: string): string {
  const reason = Object.hasOwn(REFUSED, keyword) ? REFUSED[keyword] : undefined;
  if (reason !== undefined) return `can't be used here: ${reason}`;
  const hint = didYouMean(keyword, Object.keys(KEYWORDS));
  return `is no keyword of JSON Schema (draft 2020-12)${hint === '' ? '' : `.${hint}`}`;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isObject(value: unknown): value is Schema {
  return isContainer(value) && !Array.isArray(value);
}

function isObjectOrBoolean(value: unknown): boolean {
  return isObject(value) || typeof value === 'boolean';
}
