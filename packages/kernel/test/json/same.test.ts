import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { isSameJson, toJson } from '../../src/json/index.js';

describe('two values have the same JSON', () => {
  test('exactly if their texts are the same', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(isSameJson(one, other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      expect(isSameJson(one, JSON.parse(JSON.stringify(one)))).toBe(true);
    }));
  });

  test.each([
    ['another order of fields', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['a field more', { a: 1 }, { a: 1, b: 2 }],
    ['a field less', { a: 1, b: 2 }, { a: 1 }],
    ['an object for an array', ['x'], { 0: 'x' }],
    ['an array for an object', {}, []],
    ['null for an object', null, {}],
    ['a number as text', 1, '1'],
    ['something deep within', { a: [{ b: [1] }] }, { a: [{ b: [2] }] }],
    ['a field that JSON leaves out', { a: undefined }, {}],
  ])('not with %s', (_what, one, other) => {
    expect(isSameJson(one, other)).toBe(false);
  });

  test('with a field called __proto__ as with any other', () => {
    const text = '{"__proto__":{"a":1}}';
    expect(isSameJson(toJson(JSON.parse(text)), JSON.parse(text))).toBe(true);
    expect(isSameJson(JSON.parse('{"__proto__":{"a":2}}'), JSON.parse(text))).toBe(false);
  });
});
