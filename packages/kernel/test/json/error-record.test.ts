import { OmniError } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { isWellFormed, recordThrown, toJson } from '../../src/json/index.js';

function record(thrown: unknown): ReturnType<typeof recordThrown> {
  return recordThrown(thrown, 'TOOL_FAILED', 'Tool "saw"');
}

describe('what is thrown becomes a record', () => {
  test('of the fallback code, with what it was in words', () => {
    expect(record(new RangeError('too far'))).toEqual({
      code: 'TOOL_FAILED',
      failureClass: 'PERMANENT',
      message: 'Tool "saw" threw RangeError: too far',
      causes: ['too far'],
    });
    expect(record('a string').message).toBe('Tool "saw" threw a string: a string');
    expect(record(null).message).toBe('Tool "saw" threw null: null');
    expect(record(undefined).message).toBe('Tool "saw" threw undefined: undefined');
    expect(record({ status: 500 }).message).toBe('Tool "saw" threw an object: {"status":500}');
    expect(record(10n).message).toBe('Tool "saw" threw a bigint: 10');
  });

  test('of its own code and class when it is an OmniError', () => {
    const error = new OmniError('RATE_LIMITED', 'later', { failureClass: 'TRANSIENT', details: { waitMs: 5 } });
    expect(record(error)).toEqual({ code: 'RATE_LIMITED', failureClass: 'TRANSIENT', message: 'later', details: { waitMs: 5 } });
  });

  test('of its own code and class when another copy of the kernel made it', () => {
    const foreign = Object.assign(new Error('later'), { name: 'OmniError', code: 'RATE_LIMITED', failureClass: 'TRANSIENT', details: { waitMs: 5 } });
    expect(record(foreign)).toEqual({ code: 'RATE_LIMITED', failureClass: 'TRANSIENT', message: 'later', details: { waitMs: 5 } });
    expect(record({ name: 'OmniError', code: 'RATE_LIMITED', failureClass: 'TRANSIENT', message: 'later' }).code).toBe('TOOL_FAILED');
  });

  test('that claims no breach of an invariant: only the kernel can', () => {
    expect(record(new OmniError('INVARIANT_BREACH', 'me?')).failureClass).toBe('PERMANENT');
  });

  test('without details that are not JSON or too large', () => {
    expect(record(new OmniError('X', 'x', { details: { when: new Date(0) } }))).not.toHaveProperty('details');
    expect(record(new OmniError('X', 'x', { details: { text: 'x'.repeat(100_000) } }))).not.toHaveProperty('details');
    expect(record(Object.assign(new OmniError('X', 'x'), { details: 'text' }))).not.toHaveProperty('details');
  });

  test('of a bounded length, cut between characters', () => {
    const { message, causes } = record(new Error('😀'.repeat(50_000)));
    expect(message.length).toBeLessThan(9_000);
    expect(isWellFormed(message)).toBe(true);
    expect(causes?.[0]?.length).toBeLessThan(9_000);
  });

  test('that is frozen, down to its causes', () => {
    const error = record(new Error('outer', { cause: new Error('inner') }));
    expect(error.causes).toEqual(['outer', 'inner']);
    expect(Object.isFrozen(error) && Object.isFrozen(error.causes)).toBe(true);
  });
});

describe('a hostile error is recorded like any other', () => {
  const trap = (): never => {
    throw new Error('trapped');
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const cyclic = new Error('a cause of itself');
  cyclic.cause = cyclic;
  const hostile: Record<string, unknown> = {
    'a message that is a number': Object.assign(new Error(), { message: 42 }),
    'a message that throws': Object.defineProperty(new Error(), 'message', { get: trap }),
    'a cause that throws': Object.defineProperty(new Error('x'), 'cause', { get: trap }),
    'a cause of itself': cyclic,
    'a name that throws': Object.defineProperty(new Error(''), 'name', { get: trap }),
    'a prototype that throws': new Proxy({}, { getPrototypeOf: trap }),
    'a revoked proxy': revoked.proxy,
    'an object whose toJSON throws': { toJSON: trap },
    'an object whose toString throws': Object.assign(() => undefined, { toString: trap }),
    'something that poses as an OmniError': Object.create(OmniError.prototype),
    'an OmniError with a number for a code': new OmniError(5 as never, 'x'),
    'an OmniError with an object for a code': new OmniError({ toJSON: () => 'X' } as never, 'x'),
    'an OmniError with an endless code': new OmniError('X'.repeat(100_000), 'x'),
    'an OmniError of a class that there is not': new OmniError('X', 'x', { failureClass: 'BOGUS' as never }),
    'an OmniError whose details throw': Object.defineProperty(new OmniError('X', 'x'), 'details', { get: trap }),
    'lone surrogates': new Error('\ud800', { cause: '\udfff' }),
    'a symbol': Symbol('s'),
  };

  test.each(Object.entries(hostile))('%s', (_name, thrown) => {
    const error = record(thrown);
    expect(toJson(error)).toEqual(error);
    expect(error.code).toMatch(/^(TOOL_FAILED|X)$/);
    expect(['TRANSIENT', 'PERMANENT', 'POLICY_VIOLATION']).toContain(error.failureClass);
    expect(typeof error.message).toBe('string');
  });
});
