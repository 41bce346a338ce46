import { toJson, type OmniError } from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWellFormed, MAX_JSON_DEPTH, toJsonWithin } from '../../src/json/index.js';

function refusal(value: unknown): OmniError {
  try {
    toJson(value);
  } catch (error) {
    return error as OmniError;
  }
  throw new Error('It was accepted.');
}

class Point {
  readonly x = 1;
}
const cyclic: { list: unknown[] } = { list: [] };
cyclic.list.push({ back: cyclic });
const sparse = Object.assign([1], { length: 3 });

describe('what is not JSON is refused, with the place where it is', () => {
  test.each([
    ['undefined', undefined, '$'],
    ['undefined in an object', { a: undefined }, '$.a'],
    ['undefined in a list', [1, undefined], '$[1]'],
    ['a function', { run: () => null }, '$.run'],
    ['a symbol', [Symbol('s')], '$[0]'],
    ['a bigint', { big: 10n }, '$.big'],
    ['NaN', { a: [1, 2, 3, { b: Number.NaN }] }, '$.a[3].b'],
    ['Infinity', [Infinity], '$[0]'],
    ['-Infinity', [-Infinity], '$[0]'],
    ['-0', { zero: -0 }, '$.zero'],
    ['a Date', { 'the day': new Date(0) }, '$["the day"]'],
    ['a Map', new Map(), '$'],
    ['a Set', [new Set()], '$[0]'],
    ['an instance', { at: new Point() }, '$.at'],
    ['an Error', new Error('x'), '$'],
    ['a typed array', { bytes: new Uint8Array(2) }, '$.bytes'],
    ['a boxed string', [Object('text')], '$[0]'],
    ['a promise', Promise.resolve(1), '$'],
    ['a cycle', { a: cyclic }, '$.a.list[0].back'],
    ['a hole', { list: sparse }, '$.list'],
    ['a list with a property', Object.assign([1], { extra: 1 }), '$'],
    ['a lone high surrogate', { text: 'a\ud800' }, '$.text'],
    ['a lone low surrogate', ['\udc00a'], '$[0]'],
    ['surrogates in the wrong order', '\udc00\ud800', '$'],
    ['a lone surrogate in a key', { a: { '\ud800': 1 } }, '$.a'],
    ['a symbol as a key', { [Symbol('s')]: 1 }, '$'],
  ])('%s', (_name, value, path) => {
    expect(refusal(value)).toMatchObject({ code: 'SERIALIZATION_ERROR', details: { path } });
  });

  test('and what is nested too deep for its readers', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(toJson(nested(MAX_JSON_DEPTH))).toEqual(nested(MAX_JSON_DEPTH));
    expect(refusal(nested(MAX_JSON_DEPTH + 1)).message).toContain('deeper than 256');
  });

  test('while the error of a getter is its own', () => {
    const thrown = new Error('hands off');
    expect(() => toJson({ get a() { throw thrown; } })).toThrow(thrown);
  });
});

describe('what is JSON', () => {
  test('is copied as JSON.stringify and JSON.parse would copy it, and frozen all the way', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        if (JSON.stringify(value).includes('-0') || !isWellFormed(JSON.stringify(value)) || hasMinusZero(value)) return;
        const copy = toJson(value);
        expect(copy).toEqual(JSON.parse(JSON.stringify(value)));
        expect(isDeeplyFrozen(copy)).toBe(true);
      }),
    );
  }, 60_000);

  test('keeps __proto__ as a plain key, and takes nothing from it', () => {
    const value: unknown = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":1,"toString":2}');
    const copy = toJson(value) as Record<string, unknown>;
    expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
    expect(copy['isAdmin']).toBeUndefined();
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  test('may have no prototype, or one of another realm', () => {
    expect(toJson(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
  });

  test('may hold the same object twice: it is copied twice', () => {
    const shared = { n: 1 };
    const copy = toJson({ a: shared, b: shared }) as Record<string, unknown>;
    expect(copy).toEqual({ a: { n: 1 }, b: { n: 1 } });
  });

  test('is read once: a getter is asked once, and what it answered stays', () => {
    let reads = 0;
    const copy = toJson({ get n() { return ++reads; } });
    expect([copy, reads]).toEqual([{ n: 1 }, 1]);
    expect(JSON.stringify(copy)).toBe('{"n":1}');
  });

  test('needs no toJSON, and does not call one', () => {
    expect(refusal({ toJSON: () => 'something else' }).code).toBe('SERIALIZATION_ERROR');
  });
});

describe('a value that is too large', () => {
  test('is refused by the bytes of its JSON, neither more nor less', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        if (hasMinusZero(value) || !isWellFormed(JSON.stringify(value))) return;
        const bytes = Buffer.byteLength(JSON.stringify(value));
        expect(toJsonWithin(value, bytes, 'It')).toEqual(value);
        expect(() => toJsonWithin(value, bytes - 1, 'It')).toThrow(expect.objectContaining({ code: 'VALUE_TOO_LARGE', details: { bytes, maxBytes: bytes - 1 } }));
      }),
    );
  }, 60_000);

  test('is measured by itself, though a getter of it measures another', () => {
    const inner = { get text() {
      toJsonWithin('x'.repeat(1000), 10_000, 'It');
      return 'y';
    } };
    expect(toJsonWithin(inner, 20, 'It')).toEqual({ text: 'y' });
  });
});

function hasMinusZero(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0);
  return Object.values(value).some(hasMinusZero);
}

function isDeeplyFrozen(value: unknown): boolean {
  return typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));
}
