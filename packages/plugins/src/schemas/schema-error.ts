/** What does not fit a schema, in words: what is wanted, what was found. */
import { didYouMean } from './nearest.js';
import { pointer, shown, type Problem } from './problem.js';

/** As Ajv says it, if it is made with `verbose: true`. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly data?: unknown;
  readonly params: Params;
  readonly message?: string | undefined;
  readonly parentSchema?: Params | undefined;
  readonly propertyName?: string | undefined;
}

type Params = Readonly<Record<string, unknown>>;

export function problemOf(error: SchemaError): Problem {
  const { keyword, instancePath, data, params } = error;
  const unknown = params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (typeof unknown === 'string') return { path: pointer(instancePath, unknown), message: unknownKey(unknown, error) };
  const missing = params['missingProperty'];
  if (typeof missing === 'string') return { path: instancePath, message: missingKey(missing, error) };
  const wanted = wantedBy(keyword, params, error);
  const path = error.propertyName === undefined ? instancePath : pointer(instancePath, error.propertyName);
  return { path, message: `must ${wanted}; found ${shown(data)}${hintFor(keyword, data, params)}` };
}

function unknownKey(key: string, { parentSchema, keyword }: SchemaError): string {
  const known = Object.keys((parentSchema?.['properties'] ?? {}));
  const list = keyword === 'additionalProperties' && known.length > 0 && known.length <= 20 ? ` Known are: ${known.join(', ')}` : '';
  const hint = didYouMean(key, known) + list;
  return `is a key that is not known here${hint === '' ? '' : `.${hint}`}`;
}

function missingKey(key: string, { parentSchema }: SchemaError): string {
  const properties = (parentSchema?.['properties'] ?? {}) as Readonly<Record<string, { readonly description?: unknown } | undefined>>;
  const description = Object.hasOwn(properties, key) ? properties[key]?.description : undefined;
  return `has no ${JSON.stringify(key)}, which it must have${typeof description === 'string' ? `: ${withoutStop(description)}` : ''}`;
}

const WORDS: Readonly<Record<string, (params: Params) => string>> = {
  type: ({ type }) => `be ${[type].flat().map((name) => TYPES[String(name)] ?? String(name)).join(' or ')}`,
  enum: ({ allowedValues }) => `be one of ${(allowedValues as readonly unknown[]).slice(0, 20).map(shown).join(', ')}`,
  const: ({ allowedValue }) => `be ${shown(allowedValue)}`,
  minLength: ({ limit }) => atLeast(limit, 'characters'),
  maxLength: ({ limit }) => atMost(limit, 'character'),
  minItems: ({ limit }) => atLeast(limit, 'items'),
  maxItems: ({ limit }) => atMost(limit, 'item'),
  minProperties: ({ limit }) => atLeast(limit, 'keys'),
  maxProperties: ({ limit }) => atMost(limit, 'key'),
  uniqueItems: () => 'have no item twice',
  pattern: ({ pattern }) => `match ${shown(pattern)}`,
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'an array',
  null: 'null',
};

function atLeast(limit: unknown, what: string): string {
  return limit === 1 ? 'not be empty' : `have ${String(limit)} ${what} or more`;
}

function atMost(limit: unknown, what: string): string {
  return `have ${String(limit)} ${what}${limit === 1 ? '' : 's'} at the most`;
}

/** After "must". A schema that says in its description what a pattern is for is quoted with that. */
function wantedBy(keyword: string, params: Params, { message, parentSchema }: SchemaError): string {
  const description: unknown = parentSchema?.['description'];
  if (keyword === 'pattern' && typeof description === 'string') return `be ${lowerFirst(withoutStop(description))}`;
  const words = Object.hasOwn(WORDS, keyword) ? WORDS[keyword] : undefined;
  return words?.(params) ?? (message ?? 'fit its schema').replace(/^must /, '').replaceAll('"', "'");
}

/** Messages are parts of sentences: who puts them together sets the stop. */
function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}

function hintFor(keyword: string, data: unknown, { allowedValues }: Params): string {
  if (keyword !== 'enum' || typeof data !== 'string') return '';
  const hint = didYouMean(data, (allowedValues as readonly unknown[]).filter((value) => typeof value === 'string'));
  return hint === '' ? '' : `.${hint}`;
}
