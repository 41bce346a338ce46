/** Links that are made between the look and the use. */
import { execFile } from 'node:child_process';
import { chmodSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { open, rename, rm, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import { Workspace } from '@omnipaw/host';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hold, holdByName } from '../../src/paths/held-directory.js';
import { afterEntering } from '../support/after-entering.js';
import { temporaryDirectory, tree } from '../support/workspace.js';

const SECRET = 'secret';

function scene(): { readonly root: string; readonly outside: string; readonly exchange: () => void } {
  const outside = tree({ 'file.txt': SECRET });
  const root = tree({ 'folder/file.txt': 'inside' });
  const folder = path.join(root, 'folder');
  const exchange = (): void => {
    renameSync(folder, `${folder}-moved`);
    symlinkSync(outside, folder);
  };
  return { root, outside, exchange };
}

describe.skipIf(process.platform !== 'linux')('where directories are held by descriptor', () => {
  test('a directory that is exchanged for a link after it was entered is read as what it was', async () => {
    const { root, exchange } = scene();
    const workspace = new Workspace(root, { hold: afterEntering('folder', hold, exchange) });
    await expect(workspace.read('folder/file.txt', 100)).resolves.toEqual(Buffer.from('inside'));
  });

  test('what is written goes to the directory that was entered, not to where the link leads', async () => {
    const { root, outside, exchange } = scene();
    const workspace = new Workspace(root, { hold: afterEntering('folder', hold, exchange) });
    await workspace.write('folder/file.txt', Buffer.from('written'));
    expect(readFileSync(path.join(root, 'folder-moved/file.txt'), 'utf8')).toBe('written');
    expect(readdirSync(outside)).toEqual(['file.txt']);
    expect(readFileSync(path.join(outside, 'file.txt'), 'utf8')).toBe(SECRET);
  });

  test('what is deleted is deleted in the directory that was entered', async () => {
    const { root, outside, exchange } = scene();
    const workspace = new Workspace(root, { hold: afterEntering('folder', hold, exchange) });
    await expect(workspace.remove('folder/file.txt')).resolves.toBe(true);
    expect(readdirSync(path.join(root, 'folder-moved'))).toEqual([]);
    expect(readFileSync(path.join(outside, 'file.txt'), 'utf8')).toBe(SECRET);
  });

  test('while a directory and a file are exchanged for links without pause, nothing outside is read or written', async () => {
    const outside = tree({ 'file.txt': SECRET });
    const root = tree({ 'folder/file.txt': 'inside' });
    const workspace = new Workspace(root);
    let isOver = false;
    const exchanging = exchangeUntil(root, outside, () => isOver);
    const seen = new Set<string>();
    for (let round = 0; round < 300; round++) {
      const results = await Promise.allSettled([
        workspace.read('folder/file.txt', 100),
        workspace.write('folder/file.txt', Buffer.from('inside')),
        workspace.writeAt('folder/log.txt', 0, Buffer.from('inside')),
      ]);
      for (const result of results) if (result.status === 'fulfilled') seen.add(String(result.value));
    }
    isOver = true;
    await exchanging;
    expect([...seen]).not.toContain(SECRET);
    expect(readdirSync(outside)).toEqual(['file.txt']);
    expect(readFileSync(path.join(outside, 'file.txt'), 'utf8')).toBe(SECRET);
  }, 60_000);
});

describe.skipIf(process.platform === 'win32').each([
  ['by descriptor', hold],
  ['by name', holdByName],
])('where directories are held %s', (_, how) => {
  const opened = async (act: (root: string, outside: string) => string, then: (file: string) => void) => {
    const root = temporaryDirectory();
    const name = act(root, path.join(tree({ 'file.txt': SECRET }), 'file.txt'));
    const file = await open(path.join(root, name));
    onTestFinished(() => file.close());
    then(path.join(root, name));
    return { root: await how(root), file, name };
  };
  const linkAs = (name: string) => (root: string, outside: string) => {
    linkSync(outside, path.join(root, name));
    return name;
  };
  const confirm = async ({ root, file, name }: Awaited<ReturnType<typeof opened>>): Promise<void> => root.confirmFile(file, name, name).finally(() => root.release());

  test('a hard link that is taken away after it was opened is refused, though the file has one name then', async () => {
    await expect(confirm(await opened(linkAs('a.txt'), unlinkSync))).rejects.toMatchObject({ code: expect.stringMatching(/^(PATH_REFUSED|FILE_NOT_FOUND)$/) as string });
  });

  test('a hard link that gets another name before that is refused, whatever it was called', async () => {
    const rename = (file: string): void => {
      renameSync(file, file.replace(' (deleted)', ''));
      unlinkSync(file.replace(' (deleted)', ''));
    };
    await expect(confirm(await opened(linkAs('a.txt (deleted)'), rename))).rejects.toMatchObject({ code: expect.stringMatching(/^(PATH_REFUSED|FILE_NOT_FOUND)$/) as string });
  });

  test('a hard link in whose place there is another file by now is refused', async () => {
    const replace = (file: string): void => {
      writeFileSync(`${file}.new`, 'inside');
      renameSync(`${file}.new`, file);
    };
    await expect(confirm(await opened(linkAs('a.txt'), replace))).rejects.toMatchObject({ code: 'PATH_REFUSED' });
  });
});

test.skipIf(process.platform !== 'linux')('while a hard link to a file outside is made and taken away without pause, it is neither read nor written', async () => {
  const outside = path.join(tree({ 'file.txt': SECRET }), 'file.txt');
  const root = temporaryDirectory();
  const workspace = new Workspace(root);
  const program = 'const { linkSync, unlinkSync } = require("fs"); for (;;) { try { linkSync(process.argv[1], process.argv[2]); } catch {} try { unlinkSync(process.argv[2]); } catch {} }';
  const linking = execFile(process.execPath, ['-e', program, outside, path.join(root, 'a.txt')]);
  onTestFinished(() => void linking.kill('SIGKILL'));
  for (let round = 0; round < 3_000; round++) {
    await expect(workspace.read('a.txt', 100).then(String, () => 'refused')).resolves.not.toBe(SECRET);
    await workspace.writeAt('a.txt', 0, Buffer.from('written')).catch(() => undefined);
    expect(readFileSync(outside, 'utf8')).toBe(SECRET);
  }
}, 60_000);

describe.skipIf(process.platform === 'win32')('where directories are held by name', () => {
  test('a directory that is exchanged for a link after it was entered is refused', async () => {
    const { root, outside, exchange } = scene();
    await expect(new Workspace(root, { hold: afterEntering('folder', holdByName, exchange) }).read('folder/file.txt', 100)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    const other = scene();
    await expect(new Workspace(other.root, { hold: afterEntering('folder', holdByName, other.exchange) }).list('folder', 10)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    expect(readFileSync(path.join(outside, 'file.txt'), 'utf8')).toBe(SECRET);
  });

  test('files are read and written as with descriptors', async () => {
    const workspace = new Workspace(tree({ 'a/b.txt': 'b' }), { hold: holdByName });
    await workspace.write('a/new/c.txt', Buffer.from('c'));
    await workspace.writeAt('a/new/c.txt', 1, Buffer.from('d'));
    await expect(workspace.read('a/new/c.txt', 10)).resolves.toEqual(Buffer.from('cd'));
    await expect(workspace.list('a', 10)).resolves.toEqual({ items: [{ name: 'b.txt', kind: 'file' }, { name: 'new', kind: 'directory' }], more: false });
    await expect(workspace.remove('a/b.txt')).resolves.toBe(true);
    await expect(workspace.stat('.')).resolves.toMatchObject({ kind: 'directory' });
  });
});

test('a root that is exchanged for another directory is no root any more', async () => {
  const root = tree({ 'file.txt': 'inside' });
  const other = tree({ 'file.txt': SECRET });
  const workspace = new Workspace(root);
  rmSync(root, { recursive: true });
  symlinkSync(other, root);
  await expect(workspace.read('file.txt', 100)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
  rmSync(root);
  renameSync(other, root);
  await expect(workspace.read('file.txt', 100)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
});

test('a root that is named by a link is the directory that it leads to', async () => {
  const root = tree({ 'a.txt': 'a' });
  const link = path.join(temporaryDirectory(), 'link');
  symlinkSync(root, link);
  const workspace = new Workspace(link);
  expect(workspace.root).toBe(root);
  await expect(workspace.read('a.txt', 10)).resolves.toEqual(Buffer.from('a'));
});

test('names that the system has are taken where that is wanted, and lead out no more than others', async () => {
  const names = ['new\nline', 'back\\slash', 'C:drive', '..\\..\\x', 'cafe\u0301', '．．'];
  const workspace = new Workspace(temporaryDirectory(), { names: 'any' });
  for (const name of names) {
    await workspace.write(`${name}/${name}`, Buffer.from(name));
    await expect(workspace.read(`${name}/${name}`, 100)).resolves.toEqual(Buffer.from(name));
  }
  for (const name of ['..', 'a/../b', '/etc/passwd', '', 'a//b', './a', 'a\0b']) await expect(workspace.read(name, 100)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
});

test('a root that is no directory is a mistake of whoever names it', () => {
  const root = tree({ 'a.txt': 'a' });
  expect(() => new Workspace(path.join(root, 'a.txt'))).toThrow(TypeError);
});

/** Steps that fail, since the other side made something meanwhile, are left out. */
async function exchangeUntil(root: string, outside: string, isOver: () => boolean): Promise<void> {
  const folder = path.join(root, 'folder');
  const moved = path.join(root, 'moved');
  const nothing = (): void => undefined;
  while (!isOver()) {
    await rm(moved, { recursive: true, force: true });
    await rename(folder, moved).catch(nothing);
    await symlink(outside, folder).catch(nothing);
    await unlink(folder).catch(nothing);
    await rename(moved, folder).catch(nothing);
    await rename(path.join(folder, 'file.txt'), path.join(folder, 'moved.txt')).catch(nothing);
    await symlink(path.join(outside, 'file.txt'), path.join(folder, 'file.txt')).catch(nothing);
    await rename(path.join(folder, 'moved.txt'), path.join(folder, 'file.txt')).catch(nothing);
  }
}

describe('the root', () => {
  test('has a file that nobody knew before while something is done, in the directory that it was', async () => {
    const root = temporaryDirectory();
    const workspace = new Workspace(root);
    const names: string[] = [];
    for (let time = 0; time < 2; time++) {
      const seen = await workspace.whileMarked((name) => { names.push(name); return Promise.resolve(readdirSync(root)); });
      expect(seen).toEqual([names.at(-1)]);
    }
    await expect(workspace.whileMarked(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect([readdirSync(root), new Set(names).size]).toEqual([[], 2]);
    renameSync(root, `${root}-moved`);
    symlinkSync(`${root}-moved`, root);
    onTestFinished(() => { unlinkSync(root); renameSync(`${root}-moved`, root); });
    await expect(workspace.whileMarked(() => Promise.resolve())).rejects.toMatchObject({ code: 'PATH_REFUSED' });
  });

  test.runIf(process.platform === 'linux')('gives its owner back what somebody has taken away, and nothing else', async () => {
    const root = temporaryDirectory();
    const modeOf = (place: string): number => statSync(place).mode & 0o7777;
    chmodSync(root, 0o750);
    const workspace = new Workspace(root);
    for (const [mode, then] of [[0, 0o700], [0o500, 0o700], [0o1055, 0o1755], [0o770, 0o770]] as const) {
      chmodSync(root, mode);
      await workspace.list('.', 10);
      expect(modeOf(root)).toBe(then);
    }
    chmodSync(root, 0o500);
    await new Workspace(root).list('.', 10);
    expect(modeOf(root)).toBe(0o500);
    const other = temporaryDirectory();
    chmodSync(other, 0o500);
    renameSync(root, `${root}-moved`);
    symlinkSync(other, root);
    onTestFinished(() => { unlinkSync(root); renameSync(`${root}-moved`, root); });
    await expect(workspace.list('.', 10)).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    expect(modeOf(other)).toBe(0o500);
  });
});
