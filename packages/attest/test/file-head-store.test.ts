import fs from 'node:fs';
import path from 'node:path';
import { FileHeadStore } from '@omnipaw/attest';
import { describe, expect, test } from 'vitest';
import { headOf, linesOf } from './signed-logs.js';
import { rejectionOf } from '../../kernel/test/support/index.js';
import { temporaryDirectory } from '../../kernel/test/node/temporary-directory.js';

const lines = linesOf(12);

describe('heads in a directory', () => {
  test('are files of their own, named by their size, and read in that order', async () => {
    const store = FileHeadStore.beside(path.join(temporaryDirectory(), 'log'));
    expect(await store.read()).toEqual([]);
    const heads = [await headOf(lines.slice(0, 9)), await headOf(lines)];
    for (const head of [...heads].reverse()) await store.write(head);
    expect(await store.read()).toEqual(heads);
    expect(fs.readdirSync(store.directory)[0]).toMatch(/^0000000000000009\.[0-9a-f]{8}\.head$/);
    expect(fs.readFileSync(store.pathOf(heads[1]!), 'utf8')).toBe(heads[1]);
  });

  test('are the same file when they are written twice', async () => {
    const store = new FileHeadStore(temporaryDirectory());
    for (let time = 0; time < 2; time++) await store.write(await headOf(lines));
    expect(await store.read()).toHaveLength(1);
  });

  test('are there whole or not at all, whatever a crash has left', async () => {
    const store = new FileHeadStore(temporaryDirectory());
    await store.write(await headOf(lines));
    fs.writeFileSync(path.join(store.directory, '0000000000000013.00000000.head.0123456789abcdef.tmp'), 'omnipaw/lo');
    expect(await store.read()).toHaveLength(1);
    expect(fs.readdirSync(store.directory).filter((name) => name.endsWith('.tmp'))).toHaveLength(1);
  });

  test('leave nothing unfinished where they cannot be kept', async () => {
    const store = new FileHeadStore(temporaryDirectory());
    const head = await headOf(lines);
    fs.mkdirSync(store.pathOf(head));
    await expect(store.write(head)).rejects.toThrow();
    expect(fs.readdirSync(store.directory)).toEqual([path.basename(store.pathOf(head))]);
    expect(await rejectionOf(store.read())).toMatchObject({ code: 'LOG_READ_FAILED' });
  });

  test('are refused where a file is none, or much too long', async () => {
    const store = new FileHeadStore(temporaryDirectory());
    expect(await rejectionOf(store.write('nonsense'))).toMatchObject({ code: 'HEAD_INVALID' });
    fs.writeFileSync(path.join(store.directory, 'long.head'), 'x'.repeat(65 * 1024));
    expect(await rejectionOf(store.read())).toMatchObject({ code: 'HEAD_INVALID' });
  });

  test('cannot be kept in a file', async () => {
    const file = path.join(temporaryDirectory(), 'file');
    fs.writeFileSync(file, '');
    expect(await rejectionOf(new FileHeadStore(file).read())).toMatchObject({ code: 'LOG_READ_FAILED' });
  });
});
