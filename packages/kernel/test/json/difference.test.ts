import { toJson, type Json } from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differences } from '../../src/json/index.js';

describe('the differences of two JSON values', () => {
  test('are none for equal values, whatever the order of their fields', () => {
    expect(differences({ a: [1, { b: null }], c: 'x' }, { c: 'x', a: [1, { b: null }] })).toEqual([]);
  });

  test('name the path to each place, with what is on both sides', () => {
    expect(differences({ a: [1, { b: true }], 'a key': 1 }, { a: [1, { b: false }], 'a key': '1' })).toEqual([
      { path: '$.a[1].b', expected: true, actual: false },
      { path: '$["a key"]', expected: 1, actual: '1' },
    ]);
  });

  test('leave out the side that has nothing there', () => {
    expect(differences({ a: 1, list: [1, 2] }, { b: 2, list: [1] })).toEqual([
      { path: '$.a', expected: 1 },
      { path: '$.list[1]', expected: 2 },
      { path: '$.b', actual: 2 },
    ]);
  });

  test('take an array, an object and null for different things', () => {
    expect(differences([], {})).toEqual([{ path: '$', expected: [], actual: {} }]);
    expect(differences({ a: null }, { a: {} })).toEqual([{ path: '$.a', expected: null, actual: {} }]);
  });

  test('are the first twenty', () => {
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    const found = differences(numbers, numbers.map((number) => number + 1));
    expect(found).toHaveLength(20);
    expect(found.at(-1)?.path).toBe('$[19]');
  });

  test('show the beginning of a value that is large', () => {
    const [difference] = differences([{ text: '😀'.repeat(10_000) }], ['short']);
    expect(difference?.actual).toBe('short');
    const { expected } = difference as { readonly expected: string };
    expect(expected).toMatch(/^\{"text":"(😀)+…$/u);
    expect(expected.length).toBeLessThanOrEqual(1_001);
  });

  test('are none exactly for values that are equal', () => {
    const json = fc.jsonValue().map((value) => toJson(JSON.parse(JSON.stringify(value).replaceAll('-0', '0'))));
    fc.assert(fc.property(json, json, (one, other) => {
      const isEqual = canonical(one) === canonical(other);
      expect(differences(one, one)).toEqual([]);
      expect(differences(one, other).length === 0).toBe(isEqual);
    }));
  });
});

/** With the fields of every object in order. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_key, child: Json) =>
    typeof child === 'object' && child !== null && !Array.isArray(child)
      ? { fields: Object.entries(child).sort(([one], [other]) => (one < other ? -1 : 1)).flat() }
      : child,
  );
}
