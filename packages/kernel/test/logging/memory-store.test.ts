import { describe, expect, test } from 'vitest';
import { logStoreConformance } from '@omnipaw/testing/conformance';
import { MemoryLogStore } from '../../src/logging/index.js';
import { codec, logOf, TestChain } from './test-chain.js';

describe('MemoryLogStore as a LogStore', () => {
  logStoreConformance({
    test,
    create: () => new MemoryLogStore(),
    reopen: (store) => new MemoryLogStore({ bytes: store.bytes(), codec }),
    reopenTorn: (store, rest) => logOf(Buffer.concat([store.bytes(), rest])),
  });
});

describe('MemoryLogStore', () => {
  test('an open store is not opened again', async () => {
    const store = new MemoryLogStore();
    await store.open();
    await expect(store.open()).rejects.toMatchObject({ code: 'LOG_LOCKED' });
  });

  test('a torn last line is reported, and cut off by the first append and not before, at whatever byte it was torn', async () => {
    const chain = new TestChain();
    const good = chain.lines(2).join('');
    const end = { nextSeq: 2, head: chain.head };
    const torn = codec.utf8(chain.line());
    for (let byteCount = 1; byteCount < torn.length; byteCount++) {
      const content = Buffer.concat([codec.utf8(good), torn.subarray(0, byteCount)]);
      const store = logOf(content);
      const byteOffset = codec.utf8(good).length;
      await expect(store.open()).resolves.toEqual({ ...end, tornTail: { segment: 'memory', byteOffset, byteCount } });
      await store.close();
      expect(content.equals(store.bytes())).toBe(true);
      await expect(store.open()).resolves.toMatchObject({ tornTail: { byteOffset, byteCount } });
      const batch = new TestChain(end).batch(1);
      await store.append(batch);
      expect(codec.text(store.bytes())).toBe(good + codec.text(batch.bytes));
      await store.close();
      expect(await store.open()).not.toHaveProperty('tornTail');
    }
  });

  test('damaged content is refused, and again on the next try', async () => {
    const lines = new TestChain().lines(3);
    const store = logOf([lines[0]!, lines[2]!]);
    const refusal = { code: 'LOG_CORRUPT', details: { segment: 'memory', byteOffset: codec.utf8(lines[0]!).length, busSeq: 1 } };
    await expect(store.open()).rejects.toMatchObject(refusal);
    await expect(store.open()).rejects.toMatchObject(refusal);
  });

  test('the bytes it was made over and the bytes it gives are copies', async () => {
    const bytes = Buffer.from(new TestChain().line());
    const store = new MemoryLogStore({ bytes, codec });
    bytes.fill(0);
    store.bytes().fill(0);
    await expect(store.open()).resolves.toMatchObject({ nextSeq: 1 });
  });
});
