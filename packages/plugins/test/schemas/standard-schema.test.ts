import type { JsonObject, StandardSchema } from '@omnipaw/kernel';
import { schemaProblems, standardSchema } from '@omnipaw/plugins';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

/** What a schema says of a value: nothing, or where and what. */
function complaint(schema: JsonObject, value: unknown): string | undefined {
  const result = standardSchema(schema)['~standard'].validate(value) as Awaited<ReturnType<StandardSchema['~standard']['validate']>>;
  const issue = result.issues?.[0];
  return issue === undefined ? undefined : `${(issue.path ?? []).map(String).join('/')}: ${issue.message}`;
}

const problemsOf = (schema: unknown): string[] => schemaProblems(schema as JsonObject, '').map(({ path, message }) => `${path} ${message}`);

describe('a JSON Schema as a Standard Schema', () => {
  const place: JsonObject = {
    type: 'object',
    properties: { city: { type: 'string', minLength: 1 }, days: { type: 'integer', minimum: 1, maximum: 16 }, units: { enum: ['celsius', 'fahrenheit'] } },
    required: ['city'],
    additionalProperties: false,
  };

  test.each([
    [{ city: 'Oslo', days: 3 }, undefined],
    [{ days: 3 }, ': has no "city", which it must have'],
    [{ city: 7 }, 'city: must be a string; found 7'],
    [{ city: '' }, 'city: must not be empty; found ""'],
    [{ city: 'Oslo', days: 3.5 }, 'days: must be a whole number; found 3.5'],
    [{ city: 'Oslo', days: 17 }, 'days: must be <= 16; found 17'],
    [{ city: 'Oslo', unit: 'celsius' }, 'unit: is a key that is not known here. Did you mean "units"? Known are: city, days, units'],
    [{ city: 'Oslo', units: 'Celsius' }, 'units: must be one of "celsius", "fahrenheit"; found "Celsius". Did you mean "celsius"?'],
    [['Oslo'], ': must be an object; found an array'],
    [null, ': must be an object; found null'],
  ])('says of %j: %s', (value, expected) => {
    expect(complaint(place, value)).toBe(expected);
  });

  test('gives itself as data, for the digest in a log', () => {
    const { jsonSchema } = standardSchema(place)['~standard'];
    expect(jsonSchema!.input({ target: 'draft-2020-12' })).toEqual(place);
    expect(jsonSchema!.output({ target: 'draft-2020-12' })).toEqual(place);
  });

  test('takes what it checks as it is, and leaves it alone', () => {
    const value = Object.freeze({ city: 'Oslo' });
    const withDefault = { ...place, properties: { ...(place['properties'] as JsonObject), days: { type: 'integer', default: 3 } } };
    expect(standardSchema(withDefault)['~standard'].validate(value)).toEqual({ value: { city: 'Oslo' } });
  });

  test('tells two patterns apart', () => {
    const schema: JsonObject = { type: 'object', properties: { a: { pattern: '^a+$' }, b: { pattern: '^b+$' } }, patternProperties: { '^c': { type: 'number' }, '^d': { type: 'string' } } };
    expect(complaint(schema, { a: 'aa', b: 'bb', c: 1, d: '1' })).toBeUndefined();
    expect(complaint(schema, { a: 'bb' })).toBe('a: must match "^a+$"; found "bb"');
    expect(complaint(schema, { b: 'aa' })).toBe('b: must match "^b+$"; found "aa"');
    expect(complaint(schema, { d: 1 })).toBe('d: must be a string; found 1');
  });

  test('knows what a value owns from what every object has', () => {
    expect(complaint({ type: 'object', required: ['toString'] }, {})).toBe(': has no "toString", which it must have');
    expect(complaint({ type: 'object', properties: { constructor: { type: 'string' } } }, {})).toBeUndefined();
  });

  test('follows references to itself, and compares what it must compare literally', () => {
    const tree: JsonObject = { $ref: '#/$defs/node', $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' }, is: { const: { $ref: 'text' } } }, additionalProperties: false } } };
    expect(complaint(tree, { next: { next: { is: { $ref: 'text' } } } })).toBeUndefined();
    expect(complaint(tree, { next: { next: { other: 1 } } })).toContain('next/next/other: is a key that is not known here.');
    expect(complaint(tree, { is: { $ref: 'other' } })).toBe('is: must be an object; found an object');
  });

  test.each([
    [[1, 2, 3], undefined],
    [[{ a: 1, b: 2 }, { b: 2, a: 1 }], ': must have no item twice; found an array'],
    [['1', 1], undefined],
  ])('knows whether items of %j are unique', (value, expected) => {
    expect(complaint({ type: 'array', uniqueItems: true }, value)).toBe(expected);
  });

  test.each([
    [{ const: { valueOf: 1, toString: 2 } }, { toString: 2, valueOf: 1 }, undefined],
    [{ enum: [{ valueOf: 'x' }, { a: [1, { b: null }] }] }, { a: [1, { b: null }] }, undefined],
    [{ enum: [{ valueOf: 'x' }] }, { valueOf: 'y' }, ': must be one of an object; found an object'],
    [{ const: { constructor: [] } }, { constructor: {} }, ': must be an object; found an object'],
    [{ const: JSON.parse('{"__proto__":{"a":1}}') as JsonObject }, JSON.parse('{"__proto__":{"a":1}}'), undefined],
    [{ const: JSON.parse('{"__proto__":{"a":1}}') as JsonObject }, {}, ': must be an object; found an object'],
    [{ enum: [1, '2', [3], null] }, '1', ': must be one of 1, "2", an array, null; found "1". Did you mean "2"?'],
    [{ enum: [1, '2', [3], null] }, [3], undefined],
  ])('compares by content, whatever keys are called: %j and %j', (schema, value, expected) => {
    expect(complaint(schema, value)).toBe(expected);
  });

  test.each([
    [{ contains: { type: 'number' } }, ['a'], ': must contain 1 or more fitting items; found an array'],
    [{ contains: { type: 'number' }, minContains: 2, maxContains: 3 }, [1, 2, 3, 4], ': must contain 2 or more fitting items, and no more than 3; found an array'],
    [{ prefixItems: [{ type: 'string' }], items: false }, ['a', 1], ': must NOT have more than 1 items; found an array'],
    [{ oneOf: [{ type: 'number' }, { minimum: 3 }] }, 4, ': must match exactly one schema in oneOf; found 4'],
    [{ anyOf: [{ properties: { a: { type: 'number' } } }, { type: 'string' }] }, { a: 'x' }, 'a: must be a number; found "x"'],
    [{ not: { type: 'string' } }, 'x', ': must NOT be valid; found "x"'],
    [{ propertyNames: { maxLength: 3 } }, { long: 1 }, 'long: must have 3 characters at the most; found "long"'],
    [{ properties: { a: {} }, anyOf: [{ properties: { b: {} } }], unevaluatedProperties: false }, { a: 1, b: 2, c: 3 }, 'c: is a key that is not known here. Did you mean "a"?'],
    [{ properties: { secret: false } }, { secret: 1 }, 'secret: must not be there; found 1'],
    [{ dependentRequired: { a: ['b'] } }, { a: 1 }, ': has no "b", which it must have'],
    [{ multipleOf: 0.5 }, 1.2, ': must be a multiple of 0.5; found 1.2'],
    [{ if: { required: ['a'] }, then: { required: ['b'] }, else: { required: ['c'] } }, { b: 1 }, ': has no "c", which it must have'],
  ])('says what does not fit: %j and %j', (schema, value, expected) => {
    expect(complaint(schema as JsonObject, value)).toBe(expected);
  });

  test('keeps what a terminal would obey out of its messages', () => {
    expect(complaint({ type: 'number' }, '\u001b[31m\u202e\u009b')).toBe(': must be a number; found "\\u001b[31m\\u202e\\u009b"');
  });
});

describe('a schema of a plugin is refused', () => {
  const nested = (depth: number): unknown => (depth === 0 ? {} : { not: nested(depth - 1) });

  test.each([
    ['with a keyword that there is not', { tpye: 'object' }, '/tpye is no keyword of JSON Schema (draft 2020-12). Did you mean "type"?'],
    ['with a value that a keyword has not', { type: 'strin' }, '/type must be'],
    ['that is another draft', { $schema: 'http://json-schema.org/draft-07/schema#' }, '/$schema must be "https://json-schema.org/draft/2020-12/schema"; found "http://json-schema.org/draft-07/schema#"'],
    ['with a name', { $id: 'https://example.com/x' }, "/$id can't be used here: a schema of a plugin has no name of its own"],
    ['that refers to the network', { $ref: 'https://example.com/x.json' }, '/$ref must lead to a schema within this one'],
    ['that refers to a file', { $ref: 'file:///etc/passwd' }, '/$ref must lead to a schema within this one'],
    ['that refers to nothing', { $ref: '#/$defs/a' }, '/$ref must lead to a schema within this one'],
    ['that refers to what objects inherit', { $ref: '#/constructor' }, '/$ref must lead to a schema within this one'],
    ['that refers to what is no schema', { $ref: '#/$defs', $defs: {} }, ' refers to "#/$defs", which is no schema'],
    ['that refers to itself for ever', { $ref: '#' }, ' refers back to itself for the same value, by "#"'],
    ['that goes in a circle', { anyOf: [{ $ref: '#/$defs/a' }], $defs: { a: { not: { $ref: '#/$defs/b' } }, b: { allOf: [{ $ref: '#/$defs/a' }] } } }, 'refers back to itself'],
    ['that is dynamic', { $dynamicRef: '#x' }, `/$dynamicRef can't be used here: refer by "$ref"`],
    ['with a pattern that looks around', { pattern: '(?=a)' }, '/pattern is no pattern that can be used'],
    ['with a pattern that is none', { patternProperties: { '[': {} } }, '/patternProperties/[ is no pattern that can be used'],
    ['with a pattern that counts too far', { pattern: '(x{100}){100}' }, '/pattern is no pattern that can be used'],
    ['that is too deep', nested(40), 'is too large: a schema may have 500 schemas in it, 32 levels deep'],
    ['that has too many schemas', { allOf: Array.from({ length: 600 }, () => ({})) }, 'is too large'],
    ['that takes too many characters', { description: 'x'.repeat(70_000) }, ' takes 70018 characters; a schema may take 65536'],
  ])('%s', (_what, schema, expected) => {
    expect(problemsOf(schema)).toEqual([expect.stringContaining(expected)]);
    expect(() => standardSchema(schema as JsonObject)).toThrow(TypeError);
  });

  test('and a good one is not', () => {
    expect(problemsOf({ type: ['object', 'null'], properties: { a: { format: 'date' }, b: true }, unevaluatedProperties: false, $comment: 'x', examples: [{ tpye: 1 }] })).toEqual([]);
  });

  test('and what it names is not run', () => {
    const code = '"];globalThis.omnipawWasHere=true;["';
    const schema = { type: 'object', properties: { [code]: { const: code, description: code } }, required: [code], patternProperties: { [code.replaceAll(/[[\]]/g, '')]: {} }, $defs: { [code]: {} }, allOf: [{ $ref: `#/$defs/${encodeURIComponent(code)}` }] };
    expect(problemsOf(schema)).toEqual([]);
    expect(complaint(schema as unknown as JsonObject, { [code]: code })).toBeUndefined();
    expect('omnipawWasHere' in globalThis).toBe(false);
  });
});

describe('judging ends soon', () => {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  const keys = (count: number): JsonObject => Object.fromEntries(numbers(count).map((n) => [`k${n}`, 0]));
  const tooMuch = ': takes too much to be judged by this schema; pass less';

  test.each([
    ['a pattern that backtracks', { pattern: '^(a+)+$' }, `${'a'.repeat(50_000)}b`, /must match/],
    ['a pattern on a long text', { pattern: '^(?:ab|ba|aab){1,90}$' }, 'ab'.repeat(100_000), tooMuch],
    ['a large pattern on each of many empty texts', { items: { pattern: `^(?:${'a?'.repeat(450)})$` } }, numbers(1_000).map(() => ''), tooMuch],
    ['a small pattern on as many', { items: { pattern: '^(?:a?)$' } }, numbers(10_000).map(() => ''), undefined],
    ['references that double', { $ref: '#/$defs/d30', $defs: doubling(30) }, 'x', tooMuch],
    ['references that double with each level of the value', { $ref: '#/$defs/list', $defs: { list: { allOf: [{ items: { $ref: '#/$defs/list' } }, { items: { $ref: '#/$defs/list' } }] } } }, nestedArray(60), tooMuch],
    ['unique items that are objects', { type: 'array', uniqueItems: true }, Array.from({ length: 10_000 }, (_, index) => ({ index })), undefined],
    ['a great many unique items', { type: 'array', uniqueItems: true }, Array.from({ length: 100_000 }, (_, index) => ({ index })), tooMuch],
    ['a large enumeration for each item', { items: { enum: numbers(10_000) } }, [...numbers(150_000).map((n) => n % 10_000), -1], /^150000: must be one of/],
    ['an enumeration of objects for each item', { items: { enum: numbers(4_000).map((a) => ({ a })) } }, numbers(20_000).map((n) => ({ a: n % 4_000 })), undefined],
    ['alternatives for each item', { items: { anyOf: [...numbers(400).map((n) => ({ const: -n - 1 })), true] } }, numbers(100_000), tooMuch],
    ['references that fail for each item', { contains: { $ref: '#/$defs/text' }, $defs: { text: { type: 'string' } } }, numbers(150_000), /must contain 1 or more/],
    ['keys that are counted again and again', { allOf: numbers(450).map(() => ({ maxProperties: 1e6 })) }, keys(60_000), tooMuch],
    ['keys that were looked at by many', { anyOf: numbers(15).map((n) => ({ patternProperties: { 'k.*': {} }, minProperties: n })), unevaluatedProperties: false }, keys(60_000), tooMuch],
    ['patterns for each key', { patternProperties: Object.fromEntries(numbers(20).map((n) => [`^(?:a|k)*${n}x`, {}])) }, keys(60_000), tooMuch],
    ['unique items on each level', { $ref: '#/$defs/list', $defs: { list: { uniqueItems: true, items: { $ref: '#/$defs/list' } } } }, [[[numbers(100_000)]]], tooMuch],
    ['texts that are counted again and again', { allOf: numbers(450).map(() => ({ minLength: 400_000 })) }, 'x'.repeat(799_999), tooMuch],
    ['a key that is nearly one of many', { properties: Object.fromEntries(numbers(450).map((n) => ['y'.repeat(100) + String(n), {}])), additionalProperties: false }, { ['x'.repeat(64)]: 1 }, /not known here/],
  ])('for %s', (_what, schema, value, expected) => {
    // Without a limit some of these take hours.
    const found = complaint(schema, value);
    if (expected instanceof RegExp) expect(found).toMatch(expected);
    else expect(found).toBe(expected);
  });

  test('and no more is looked at of a long text than is shown', () => {
    const replaced = vi.spyOn(String.prototype, 'replaceAll');
    onTestFinished(() => { replaced.mockRestore(); });
    expect(complaint({ type: 'string', maxLength: 3 }, '\u200b'.repeat(100_000))).toMatch(/found "\\u200b.*…$/);
    expect(Math.max(...replaced.mock.contexts.map((text) => String(text).length))).toBeLessThan(1_000);
  });

  test('for whoever gives what no schema has, too', () => {
    const wrong = Array.from({ length: 30_000 }, () => 1);
    expect(problemsOf({ required: wrong })).toHaveLength(20);
    expect(problemsOf({ required: ['a', ...wrong.slice(0, 25).map(String), 'a'] })).toHaveLength(1);
  });

  function doubling(levels: number): JsonObject {
    const next = (level: number) => ({ $ref: `#/$defs/d${level - 1}` });
    return Object.fromEntries(Array.from({ length: levels + 1 }, (_, level) => [`d${level}`, level === 0 ? {} : { allOf: [next(level), next(level)] }]));
  }

  function nestedArray(depth: number): unknown {
    return depth === 0 ? [] : [nestedArray(depth - 1)];
  }
});
