/** The keywords that look at a value itself: its type, numbers, texts, and what it must be. */
import { spendOnText } from './budget.js';
import { complain, isObject, type Check, type Make, type Making } from './check.js';
import { linearPattern } from './linear-pattern.js';
import { KnownValues } from './same-values.js';

const IS_TYPE: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  object: isObject,
  array: Array.isArray,
  null: (value) => value === null,
};

function type(wanted: string | readonly string[], { schema }: Making): Check {
  const [first, ...others] = [wanted].flat().map((name) => IS_TYPE[name]!);
  const isWanted = others.length === 0 ? first! : (value: unknown) => first!(value) || others.some((isType) => isType(value));
  return (value) => (isWanted(value) ? undefined : complain('type', value, { schema, params: { type: wanted } }));
}

function oneOfThese(keyword: 'enum' | 'const', values: readonly unknown[], { schema }: Making): Check {
  const known = new KnownValues(values);
  const params = keyword === 'enum' ? { allowedValues: values } : { allowedValue: values[0] };
  return (value) => (known.has(value) ? undefined : complain(keyword, value, { schema, params }));
}

/** For numbers: what must hold, and how it is said. */
function numeric(keyword: string, fits: (value: number, limit: number) => boolean, words: string): Make {
  return (limit: number, { schema }: Making): Check =>
    (value) => (typeof value !== 'number' || fits(value, limit) ? undefined : complain(keyword, value, { schema, params: { limit }, message: `must be ${words} ${limit}` }));
}

function minLength(limit: number, { schema }: Making): Check {
  return (value) => (typeof value !== 'string' || value.length >= 2 * limit || lengthOf(value) >= limit ? undefined : complain('minLength', value, { schema, params: { limit } }));
}

function maxLength(limit: number, { schema }: Making): Check {
  return (value) => (typeof value !== 'string' || value.length <= limit || lengthOf(value) <= limit ? undefined : complain('maxLength', value, { schema, params: { limit } }));
}

/** In characters, of which some take two units. */
function lengthOf(text: string): number {
  spendOnText(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.codePointAt(at)! > 0xffff) at++;
    length++;
  }
  return length;
}

function pattern(source: string, { schema }: Making): Check {
  const wanted = linearPattern(source);
  return (value) => (typeof value !== 'string' || wanted.test(value) ? undefined : complain('pattern', value, { schema, params: { pattern: source } }));
}

export const VALUE_KEYWORDS: Readonly<Record<string, Make>> = {
  type,
  minimum: numeric('minimum', (value, limit) => value >= limit, '>='),
  maximum: numeric('maximum', (value, limit) => value <= limit, '<='),
  exclusiveMinimum: numeric('exclusiveMinimum', (value, limit) => value > limit, '>'),
  exclusiveMaximum: numeric('exclusiveMaximum', (value, limit) => value < limit, '<'),
  multipleOf: numeric('multipleOf', (value, limit) => Number.isInteger(value / limit), 'a multiple of'),
  minLength,
  maxLength,
  pattern,
  const: (value: unknown, making: Making) => oneOfThese('const', [value], making),
  enum: (values: readonly unknown[], making: Making) => oneOfThese('enum', values, making),
};
