import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { nodePorts } from '../../src/node/index.js';

const { clock, codec, createAbort, random, timers } = nodePorts;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('codec', () => {
  const text = 'plain, ü, €, 😀, \u0000';

  test('hashes a string as its UTF-8 bytes', () => {
    const expected = createHash('sha256').update(text, 'utf8').digest('hex');
    expect(codec.sha256(text)).toBe(expected);
    expect(codec.sha256(codec.utf8(text))).toBe(expected);
    expect(codec.sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  test('hashes alike on a Node without the one-shot hash', async () => {
    vi.doMock('node:crypto', async (original) => {
      const { default: crypto } = await original<{ default: object }>();
      return { default: { ...crypto, hash: undefined } };
    });
    vi.resetModules();
    const { nodePorts: older } = await import('../../src/node/node-ports.js');
    vi.doUnmock('node:crypto');
    expect(older.codec).not.toBe(codec);
    expect(older.codec.sha256(text)).toBe(codec.sha256(text));
    expect(older.codec.sha256(codec.utf8(text))).toBe(codec.sha256(text));
  });

  test('gives back the text of UTF-8, a byte order mark included', () => {
    for (const each of [text, '', '\uFEFFmarked']) expect(codec.text(codec.utf8(each))).toBe(each);
  });

  test('throws for bytes that are no UTF-8', () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      expect(() => codec.text(Uint8Array.from(bytes))).toThrow(TypeError);
    }
  });
});

describe('timers', () => {
  test('call back once after the delay', () => {
    vi.useFakeTimers();
    const callback = vi.fn();
    timers.set(1000, callback);
    vi.advanceTimersByTime(999);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  test('wait for a delay that is longer than Node can wait at once', () => {
    vi.useFakeTimers();
    const callback = vi.fn();
    const days = 24 * 3600 * 1000;
    timers.set(100 * days, callback);
    vi.advanceTimersByTime(100 * days - 1);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  test('a cancelled timer does not call, armed again or not', () => {
    vi.useFakeTimers();
    const callback = vi.fn();
    for (const waitedMs of [0, 2 ** 31 + 5]) {
      const cancel = timers.set(2 ** 32, callback);
      vi.advanceTimersByTime(waitedMs);
      cancel();
      vi.advanceTimersByTime(2 ** 33);
    }
    expect(callback).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('defer comes after all promises that can go on', async () => {
    const order: string[] = [];
    const deferred = new Promise<void>((resolve) => {
      timers.defer(() => resolve(void order.push('deferred')));
    });
    for (let step = 0; step < 5; step++) await Promise.resolve(order.push(`step ${step}`));
    await deferred;
    expect(order.at(-1)).toBe('deferred');
    expect(order).toHaveLength(6);
  });
});

test('the clock gives whole milliseconds', () => {
  expect(Number.isSafeInteger(clock.now())).toBe(true);
});

test('random gives so many bytes in hexadecimal, others each time', () => {
  expect(random.hex(16)).toMatch(/^[0-9a-f]{32}$/);
  expect(random.hex(16)).not.toBe(random.hex(16));
});

test('an abort handle aborts its signal with the reason', () => {
  const { signal, abort } = ((handle) => ({ signal: handle.signal, abort: handle.abort.bind(handle) }))(createAbort());
  expect(signal.aborted).toBe(false);
  abort('enough');
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toBe('enough');
});
