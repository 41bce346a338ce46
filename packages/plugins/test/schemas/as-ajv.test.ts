/** What is judged without Ajv is judged as it does. */
import { schemaProblems, standardSchema } from '@omnipaw/plugins';
import type { JsonObject } from '@omnipaw/kernel';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';

/** What Ajv compares with does not take a key "valueOf". */
const key = fc.constantFrom('a', 'b', 'c', 'ab');
const some = fc.nat({ max: 3 });

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, true, false, 0, 1, 2, 3, 1.5, -1, '', 'a', 'ab', 'abc', '😀'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

const plain = fc.oneof(
  fc.uniqueArray(fc.constantFrom('string', 'number', 'integer', 'object', 'array', 'null', 'boolean'), { minLength: 1, maxLength: 3 }).map((type) => ({ type })),
  fc.array(value, { minLength: 1, maxLength: 3 }).map((values) => ({ enum: values })),
  some.chain((limit) => fc.constantFrom('minimum', 'exclusiveMaximum', 'maxLength', 'minLength', 'maxItems', 'minItems', 'minProperties', 'maxProperties').map((keyword) => ({ [keyword]: limit }))),
  some.map((limit) => ({ multipleOf: limit + 0.5 })),
  fc.constantFrom({ pattern: '^a' }, { uniqueItems: true }, { $ref: '#/$defs/d' }),
  fc.uniqueArray(key, { maxLength: 2 }).map((required) => ({ required })),
  fc.dictionary(key, fc.uniqueArray(key, { maxLength: 2 }), { maxKeys: 2 }).map((dependentRequired) => ({ dependentRequired })),
);

const { schema } = fc.letrec((tie) => {
  const inner = tie('schema');
  const list = fc.array(inner, { minLength: 1, maxLength: 3 });
  const combined = fc.oneof(
    fc.constantFrom('allOf', 'anyOf', 'oneOf', 'prefixItems').chain((keyword) => list.map((schemas) => ({ [keyword]: schemas }))),
    fc.constantFrom('not', 'items', 'additionalProperties', 'propertyNames', 'unevaluatedItems', 'unevaluatedProperties').chain((keyword) => inner.map((one) => ({ [keyword]: one }))),
    fc.constantFrom('properties', 'dependentSchemas').chain((keyword) => fc.dictionary(key, inner, { maxKeys: 3 }).map((schemas) => ({ [keyword]: schemas }))),
    inner.map((one) => ({ patternProperties: { '^a': one } })),
    fc.tuple(inner, inner, inner).map(([condition, then, otherwise]) => ({ if: condition, then, else: otherwise })),
    fc.tuple(inner, some, some).map(([contains, minContains, maxContains]) => ({ contains, minContains, maxContains })),
  );
  return { schema: fc.oneof({ maxDepth: 4, depthSize: 'small' }, fc.boolean(), fc.array(fc.oneof(plain, combined), { minLength: 1, maxLength: 4 }).map((parts) => Object.assign({}, ...parts) as JsonObject)) };
});

/** With a prefix, Ajv takes an empty list for one that contains everything. */
function isBeyondAjv(text: string): boolean {
  return text.includes('"contains"') && text.includes('"prefixItems"');
}

test('random values fit random schemas as Ajv has it', { timeout: 120_000 }, () => {
  const seen = { fits: 0, not: 0 };
  const property = fc.property(schema, schema, fc.array(value, { minLength: 8, maxLength: 8 }), (root, d, values) => {
    const whole = { allOf: [root], $defs: { d } } as JsonObject;
    if (isBeyondAjv(JSON.stringify(whole)) || schemaProblems(whole, '').length > 0) return;
    const validate = new Ajv2020({ strict: false, ownProperties: true }).compile(whole);
    for (const found of values) {
      const result = standardSchema(whole)['~standard'].validate(found) as { readonly issues?: readonly unknown[] };
      expect(result.issues === undefined, JSON.stringify([whole, found])).toBe(validate(found));
      seen[result.issues === undefined ? 'fits' : 'not']++;
    }
  });
  fc.assert(property, { numRuns: 200 });
  expect(Math.min(seen.fits, seen.not)).toBeGreaterThan(100);
});
