import { createKernel, defineAgent, MemoryLogStore } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { readGrant, readPage, readPages, writeGrant, writePage } from '../../src/agents/board.js';
import { heavyChunks } from '../../src/agents/chunks.js';

async function onBoard(program: Parameters<typeof defineAgent>[1]): Promise<unknown> {
  const agent = defineAgent('scribe', program);
  const kernel = await createKernel({ log: new MemoryLogStore(), agents: [agent] });
  try {
    return await kernel.spawn(agent, null, { grants: [readGrant('list'), writeGrant('list')] }).result();
  } finally {
    await kernel.stop();
  }
}

describe('a page', () => {
  test('may be heavier than a value', async () => {
    const items = Array.from({ length: 3_000 }, (_, index) => `${index} ${'文'.repeat(400)}`);
    const read = await onBoard(function* (ctx) {
      yield* writePage(ctx, { list: 'list', page: 0, items });
      yield* writePage(ctx, { list: 'list', page: 2, items: ['last'] });
      const found = yield* readPages<string, unknown>(ctx, 'list', 3);
      return [found.length, found.every((item, index) => item === (items[index] ?? 'last'))];
    });
    expect(read).toEqual([3_001, true]);
  });

  test('is that of the last attempt, however much the one before had written', async () => {
    const read = await onBoard(function* (ctx) {
      yield* writePage(ctx, { list: 'list', page: 0, items: Array.from({ length: 10 }, (_, index) => `${index}${'x'.repeat(100_000)}`) });
      yield* writePage(ctx, { list: 'list', page: 0, items: ['a', 'b'] });
      return yield* readPage(ctx, 'list', 0);
    });
    expect(read).toEqual(['a', 'b']);
  });
});

test('chunks are bounded by weight and by number, and leave nothing out', () => {
  expect(heavyChunks(['a', 'b', 'c'], { maxItems: 2, maxChars: 100 })).toEqual([['a', 'b'], ['c']]);
  expect(heavyChunks(['aaaa', 'b', 'cccccccccc', 'd'], { maxItems: 9, maxChars: 9 })).toEqual([['aaaa', 'b'], ['cccccccccc'], ['d']]);
  expect(heavyChunks([], { maxItems: 2, maxChars: 9 })).toEqual([]);
});
