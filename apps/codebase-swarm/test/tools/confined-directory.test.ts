import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfinedDirectory } from '../../src/tools/confined-directory.js';
import { temporaryDirectory, tree } from '../support/tree.js';

const LIMIT = 1024;

describe('a confined directory', () => {
  test('gives regular files, and nothing else', async () => {
    const root = tree({ 'a/b.txt': 'content' });
    mkdirSync(path.join(root, 'a/folder'));
    const directory = await ConfinedDirectory.at(root);
    await expect(directory.read('a/b.txt', LIMIT)).resolves.toEqual(Buffer.from('content'));
    for (const wrong of ['a', 'a/folder', 'a/none.txt', 'a/b.txt/c', 'none/b.txt']) {
      await expect(directory.read(wrong, LIMIT), wrong).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    }
  });

  test.each(['../outside.txt', 'a/../../outside.txt', 'a/./b.txt', '/etc/passwd', '', 'a//b.txt', 'a/', './a/b.txt', 'a/b.txt\0', '..'])(
    'does not understand %j',
    async (wrong) => {
      const directory = await ConfinedDirectory.at(tree({ 'a/b.txt': 'content' }));
      await expect(directory.read(wrong, LIMIT)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
      await expect(directory.write(wrong, Buffer.from('x'))).rejects.toMatchObject({ code: 'PATH_REFUSED' });
      await expect(directory.writeAt(wrong, 0, Buffer.from('x'))).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    },
  );

  test('follows no link, neither to a file nor to a directory, out or in', async () => {
    const outside = tree({ 'secret.txt': 'secret' });
    const root = tree({ 'inside.txt': 'inside', 'folder/x.txt': 'x' });
    symlinkSync(path.join(outside, 'secret.txt'), path.join(root, 'to-file'));
    symlinkSync(outside, path.join(root, 'to-folder'));
    symlinkSync('inside.txt', path.join(root, 'to-inside'));
    symlinkSync('folder', path.join(root, 'to-inner-folder'));
    const directory = await ConfinedDirectory.at(root);
    for (const link of ['to-file', 'to-folder/secret.txt', 'to-inside', 'to-inner-folder/x.txt']) {
      await expect(directory.read(link, LIMIT), link).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    }
    await expect(directory.write('to-folder/new.txt', Buffer.from('x'))).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    await expect(directory.write('to-folder/deep/new.txt', Buffer.from('x'))).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    expect(readdirSync(outside)).toEqual(['secret.txt']);
    await expect(directory.writeAt('to-file', 0, Buffer.from('x'))).rejects.toThrow();
    expect(readFileSync(path.join(outside, 'secret.txt'), 'utf8')).toBe('secret');
  });

  test.skipIf(process.platform === 'win32')('does not wait at a pipe, and opens no socket', async () => {
    const root = temporaryDirectory();
    expect(spawnSync('mkfifo', [path.join(root, 'pipe')]).status).toBe(0);
    const server = createServer().listen(path.join(root, 'socket'));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const directory = await ConfinedDirectory.at(root);
    await expect(directory.read('pipe', LIMIT)).rejects.toThrow('a pipe');
    await expect(directory.read('socket', LIMIT)).rejects.toThrow('a device or a socket');
  });

  test('refuses what is too large', async () => {
    const directory = await ConfinedDirectory.at(tree({ 'a.txt': 'x'.repeat(11) }));
    await expect(directory.read('a.txt', 10)).rejects.toThrow('larger than 10 bytes');
  });

  test('is the directory that a link leads to when it is named by a link itself', async () => {
    const root = tree({ 'a.txt': 'a' });
    const link = path.join(temporaryDirectory(), 'link');
    symlinkSync(root, link);
    const directory = await ConfinedDirectory.at(link);
    expect(directory.root).toBe(root);
    await expect(directory.read('a.txt', LIMIT)).resolves.toEqual(Buffer.from('a'));
  });

  test('writes whole files, and leaves nothing unfinished beside them', async () => {
    const directory = await ConfinedDirectory.at(temporaryDirectory());
    const name = `deep/${'n'.repeat(250)}`;
    await directory.write(name, Buffer.from('one'));
    await directory.write(name, Buffer.from('two'));
    await expect(directory.read(name, LIMIT)).resolves.toEqual(Buffer.from('two'));
    await expect(directory.read('.unfinished-0', LIMIT)).rejects.toThrow('nothing there');
  });

  test('writes at a place, and the same again changes nothing', async () => {
    const directory = await ConfinedDirectory.at(temporaryDirectory());
    expect(await directory.writeAt('f', 0, Buffer.from('one '))).toBe(4);
    expect(await directory.writeAt('f', 4, Buffer.from('two'))).toBe(7);
    expect(await directory.writeAt('f', 4, Buffer.from('two'))).toBe(7);
    await expect(directory.read('f', LIMIT)).resolves.toEqual(Buffer.from('one two'));
    await expect(directory.writeAt('f', 99, Buffer.from('x'))).rejects.toMatchObject({ code: 'PATH_REFUSED' });
  });

  test('tells no absolute path to whoever asks', async () => {
    const root = tree({ 'a.txt': 'a' });
    const directory = await ConfinedDirectory.at(root);
    const failure: unknown = await directory.read('none', LIMIT).catch((error: unknown) => error);
    expect(String(failure)).not.toContain(root);
    renameSync(path.join(root, 'a.txt'), path.join(root, 'b.txt'));
    writeFileSync(path.join(root, 'a.txt'), 'new');
    await expect(directory.read('a.txt', LIMIT)).resolves.toEqual(Buffer.from('new'));
  });
});
