import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { applyPatchTool, hostTools, Workspace } from '@omnipaw/host';
import { describe, expect, test } from 'vitest';
import { hold } from '../../src/paths/held-directory.js';
import { afterEntering } from '../support/after-entering.js';
import { call, codeOf } from '../support/call.js';
import { tree } from '../support/workspace.js';

const modify = '--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n';
const create = '--- /dev/null\n+++ b/new/c.txt\n@@ -0,0 +1,2 @@\n+first\n+second\n';
const remove = '--- a/b.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n';
const files = { 'a.txt': 'one\ntwo\nthree\n', 'b.txt': 'gone\n' };

function textOf(root: string, name: string): string {
  return readFileSync(path.join(root, name), 'utf8');
}

function modeOf(root: string, name: string): number {
  return statSync(path.join(root, name)).mode & 0o777;
}

describe('host.fs.apply_patch', () => {
  test('changes, makes and deletes files', async () => {
    const root = tree(files);
    const { files: patched } = await call(hostTools({ root }).fs.applyPatch, { patch: modify + create + remove });
    expect(patched.map(({ path: name, change }) => [name, change])).toEqual([
      ['a.txt', 'modified'],
      ['new/c.txt', 'created'],
      ['b.txt', 'deleted'],
    ]);
    expect([textOf(root, 'a.txt'), textOf(root, 'new/c.txt'), existsSync(path.join(root, 'b.txt'))]).toEqual(['one\nTWO\nthree\n', 'first\nsecond\n', false]);
  });

  test('takes names without a/ and b/, and hunks that have moved', async () => {
    const root = tree({ 'a.txt': `zero\n${files['a.txt']}` });
    await call(hostTools({ root }).fs.applyPatch, { patch: modify.replace('a/a.txt', 'a.txt').replace('b/a.txt', 'a.txt') });
    expect(textOf(root, 'a.txt')).toBe('zero\none\nTWO\nthree\n');
  });

  test('keeps line ends and the missing one at the end', async () => {
    const root = tree({ 'a.txt': 'one\r\ntwo' });
    const patch = '--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\r\n-two\n\\ No newline at end of file\n+TWO\n\\ No newline at end of file\n';
    await call(hostTools({ root }).fs.applyPatch, { patch });
    expect(textOf(root, 'a.txt')).toBe('one\r\nTWO');
  });

  test('gives a file another name, as git writes it', async () => {
    const root = tree(files);
    const patch = 'diff --git a/a.txt b/moved.txt\nsimilarity index 50%\nrename from a.txt\nrename to moved.txt\n--- a/a.txt\n+++ b/moved.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n';
    await call(hostTools({ root }).fs.applyPatch, { patch });
    expect(readdirSync(root).sort()).toEqual(['b.txt', 'moved.txt']);
    expect(textOf(root, 'moved.txt')).toBe('one\nTWO\nthree\n');
  });

  test.skipIf(process.platform === 'win32').each([
    ['0600', 0o600],
    ['0750', 0o750],
  ])('what gets another name keeps its permissions: %s', async (_, mode) => {
    const root = tree(files);
    chmodSync(path.join(root, 'a.txt'), mode);
    await call(hostTools({ root }).fs.applyPatch, { patch: modify.replace('b/a.txt', 'b/moved.txt') });
    expect(modeOf(root, 'moved.txt')).toBe(mode);
  });

  test.each([
    ['a hunk that does not fit', modify + remove.replace('-gone', '-something else'), 'PATCH_REJECTED'],
    ['a file that is not there', modify + remove.replaceAll('b.txt', 'none.txt'), 'FILE_NOT_FOUND'],
    ['a new file that is there', modify + create.replaceAll('new/c.txt', 'b.txt'), 'PATCH_REJECTED'],
    ['a path out of the root', modify + create.replace('new/c.txt', '../c.txt'), 'PATH_REFUSED'],
    ['a path below a file', modify + create.replace('new/c.txt', 'b.txt/c.txt'), 'PATH_REFUSED'],
    ['the same file twice', modify + modify, 'PATCH_REJECTED'],
    ['a deletion that leaves lines', remove.replace('b.txt', 'a.txt').replace('-gone', '-one'), 'PATCH_REJECTED'],
    ['a link', 'diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n', 'PATCH_REJECTED'],
    ['a hunk that counts wrong', modify.replace('-1,3', '-1,9'), 'PATCH_REJECTED'],
    ['something that is no patch', 'hello', 'PATCH_REJECTED'],
    ['no name before the hunks', modify.replace('--- a/a.txt\n+++ b/a.txt\n', ''), 'PATCH_REJECTED'],
  ])('with %s, nothing of it is applied', async (_, patch, code) => {
    const root = tree(files);
    expect(await codeOf(call(hostTools({ root }).fs.applyPatch, { patch }))).toBe(code);
    expect(readdirSync(root).sort()).toEqual(['a.txt', 'b.txt']);
    expect([textOf(root, 'a.txt'), textOf(root, 'b.txt')]).toEqual([files['a.txt'], files['b.txt']]);
  });

  describe('wherever its hunks say that they are', () => {
    const ten = '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n';
    const patchOf = (...hunks: string[]): string => `--- a/a.txt\n+++ b/a.txt\n${hunks.join('')}`;
    const outcome = async (text: string, patch: string): Promise<string> => {
      const root = tree({ 'a.txt': text });
      const code = await call(hostTools({ root }).fs.applyPatch, { patch }).then(() => 'applied', (error: unknown) => (error as { readonly code: string }).code);
      if (code !== 'applied') expect(textOf(root, 'a.txt')).toBe(text);
      return code === 'applied' ? textOf(root, 'a.txt') : code;
    };

    test.each([
      ['a new line far beyond the end', patchOf('@@ -400000000,0 +1 @@\n+x\n')],
      ['a new line just beyond the end', patchOf('@@ -11,0 +12 @@\n+x\n')],
      ['a line that is nowhere, far beyond the end', patchOf('@@ -9007199254740991 +1 @@\n-nope\n+x\n')],
      ['a number that is none', patchOf(`@@ -${'9'.repeat(400)} +1 @@\n-10\n+x\n`)],
      ['a number that is no exact one', patchOf('@@ -9007199254740993 +1 @@\n-10\n+x\n')],
      ['hunks in another order', patchOf('@@ -8 +8 @@\n-8\n+X\n', '@@ -2 +2 @@\n-2\n+Y\n')],
      ['hunks that change the same line', patchOf('@@ -2,3 +2,3 @@\n-2\n-3\n-4\n+A\n+B\n+C\n', '@@ -3,3 +3,3 @@\n-3\n-4\n-5\n+D\n+E\n+F\n')],
      ['a new line before a hunk that has moved', patchOf('@@ -1 +1 @@\n-5\n+X\n', '@@ -2 +2 @@\n-3\n+Y\n')],
      ['a new line that moves beyond the end', patchOf('@@ -1 +1 @@\n-5\n+X\n', '@@ -8,0 +9 @@\n+x\n')],
    ])('%s is rejected', async (_, patch) => {
      expect(await outcome(ten, patch)).toBe('PATCH_REJECTED');
    });

    test('lines are found near and far, before and after, and the next hunk is looked for as much further on', async () => {
      expect(await outcome(ten, patchOf('@@ -999 +999 @@\n-9\n+X\n'))).toBe(ten.replace('9', 'X'));
      expect(await outcome(ten, patchOf('@@ -0 +0 @@\n-9\n+X\n'))).toBe(ten.replace('9', 'X'));
      expect(await outcome('a\na\na\na\na\n', patchOf('@@ -4 +4 @@\n-a\n+X\n'))).toBe('a\na\na\nX\na\n');
      expect(await outcome(ten, patchOf('@@ -1 +1 @@\n-3\n+X\n', '@@ -4,0 +5 @@\n+Y\n'))).toBe(ten.replace('3', 'X').replace('6\n', '6\nY\n'));
    });

    test('a hunk can begin in the context with which the one before it ends', async () => {
      expect(await outcome(ten, patchOf('@@ -1,3 +1,3 @@\n-1\n+X\n 2\n 3\n', '@@ -2,3 +2,3 @@\n 2\n 3\n-4\n+Y\n'))).toBe(ten.replace('1', 'X').replace('4', 'Y'));
    });

    test('new lines come at the end and into an empty file, and line ends there come and go', async () => {
      expect(await outcome(ten, patchOf('@@ -10,0 +11 @@\n+x\n'))).toBe(`${ten}x\n`);
      expect(await outcome('', patchOf('@@ -0,0 +1 @@\n+x\n'))).toBe('x\n');
      expect(await outcome('a\nb', patchOf('@@ -2 +2 @@\n-b\n\\ No newline at end of file\n+b\n'))).toBe('a\nb\n');
      expect(await outcome('a\nb\n', patchOf('@@ -2 +2 @@\n-b\n+b\n\\ No newline at end of file\n'))).toBe('a\nb');
      expect(await outcome('a\nb\n', patchOf('@@ -2 +2 @@\n-b\n\\ No newline at end of file\n+b\n'))).toBe('PATCH_REJECTED');
    });

    test('what would take for ever to find is given up', async () => {
      const wanted = Array.from({ length: 200 }, (_, number) => `y${number}`);
      // Each says that it is at the end, and is at the beginning.
      const patch = patchOf(...wanted.map((line, number) => `@@ -${(number + 1) * 400_000} +1 @@\n-${line}\n+z\n`));
      expect(await outcome(`${wanted.join('\n')}\n${'x\n'.repeat(400_000)}`, patch)).toBe('PATCH_REJECTED');
    });
  });

  test('what was put in place is put back when a later file can not be', async () => {
    const root = tree({ ...files, 'folder/d.txt': 'gone\n' });
    chmodSync(path.join(root, 'b.txt'), 0o600);
    // Between the look and the deletion, the file becomes a directory that is not empty.
    const how = afterEntering('folder', hold, (time) => {
      if (time !== 2) return;
      rmSync(path.join(root, 'folder/d.txt'));
      mkdirSync(path.join(root, 'folder/d.txt/full'), { recursive: true });
    });
    const tool = applyPatchTool('patch', new Workspace(root, { hold: how }));
    expect(await codeOf(call(tool, { patch: modify + create + remove + remove.replace('b.txt', 'folder/d.txt') }))).toBe('FILE_SYSTEM_FAILED');
    expect([textOf(root, 'a.txt'), textOf(root, 'b.txt')]).toEqual([files['a.txt'], files['b.txt']]);
    expect(modeOf(root, 'b.txt')).toBe(0o600);
    expect(existsSync(path.join(root, 'new/c.txt'))).toBe(false);
    expect(readdirSync(root).sort()).toEqual(['a.txt', 'b.txt', 'folder', 'new']);
  });
});
