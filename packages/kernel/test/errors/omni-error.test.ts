import { ERROR_CODES, OmniError } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { describeThrown, fromErrorRecord, toErrorRecord } from '../../src/errors/index.js';

describe('an OmniError', () => {
  test('has the class of its code, unless its raiser says otherwise', () => {
    expect(new OmniError('TOOL_TIMEOUT', 'slow').failureClass).toBe('TRANSIENT');
    expect(new OmniError('TOOL_TIMEOUT', 'slow', { failureClass: 'PERMANENT' }).failureClass).toBe('PERMANENT');
    expect(new OmniError('SOMETHING_ELSE', 'x').failureClass).toBe('PERMANENT');
    expect(new OmniError('constructor', 'x').failureClass).toBe('PERMANENT');
  });

  test('is an Error with a name, a message and its cause', () => {
    const cause = new Error('below');
    const error = new OmniError('TOOL_FAILED', 'above', { cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.message, error.cause]).toEqual(['OmniError', 'above', cause]);
  });

  test('becomes a record and an error again, with its causes in words', () => {
    const error = new OmniError('X', 'above', { details: { n: 1 }, cause: new Error('middle', { cause: 'below' }) });
    const record = toErrorRecord(error);
    expect(record).toEqual({ code: 'X', failureClass: 'PERMANENT', message: 'above', details: { n: 1 }, causes: ['middle', 'below'] });
    const back = fromErrorRecord(record);
    expect(back).toMatchObject({ code: 'X', failureClass: 'PERMANENT', message: 'above', details: { n: 1 } });
    expect((back.cause as Error).message).toBe('middle: below');
    expect(toErrorRecord(fromErrorRecord(toErrorRecord(new OmniError('X', 'alone'))))).toEqual({ code: 'X', failureClass: 'PERMANENT', message: 'alone' });
  });

  test('says what was thrown, whatever it was', () => {
    expect(describeThrown(new Error(''))).toBe('Error');
    expect(describeThrown('text')).toBe('text');
    expect(describeThrown({ a: 1 })).toBe('{"a":1}');
    expect(describeThrown(undefined)).toMatch(/undefined/);
    expect(describeThrown({ toJSON: () => { throw new Error('no'); } })).toBe('an unprintable object');
    expect(describeThrown('a\ud800b')).toBe('a\ufffdb');
  });
});

test('every code is UPPER_SNAKE and has a class', () => {
  for (const [code, failureClass] of Object.entries(ERROR_CODES)) {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(['TRANSIENT', 'PERMANENT', 'POLICY_VIOLATION', 'INVARIANT_BREACH']).toContain(failureClass);
  }
  expect(Object.entries(ERROR_CODES).filter(([, failureClass]) => failureClass === 'INVARIANT_BREACH').map(([code]) => code)).toEqual(['INVARIANT_BREACH']);
});
