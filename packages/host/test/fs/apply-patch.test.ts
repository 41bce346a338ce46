import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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

  test('what was put in place is put back when a later file can not be', async () => {
    const root = tree({ ...files, 'folder/d.txt': 'gone\n' });
    // Between the look and the deletion, the file becomes a directory that is not empty.
    const how = afterEntering('folder', hold, (time) => {
      if (time !== 2) return;
      rmSync(path.join(root, 'folder/d.txt'));
      mkdirSync(path.join(root, 'folder/d.txt/full'), { recursive: true });
    });
    const tool = applyPatchTool('patch', new Workspace(root, { hold: how }));
    expect(await codeOf(call(tool, { patch: modify + create + remove.replace('b.txt', 'folder/d.txt') }))).toBe('FILE_SYSTEM_FAILED');
    expect(textOf(root, 'a.txt')).toBe(files['a.txt']);
    expect(existsSync(path.join(root, 'new/c.txt'))).toBe(false);
    expect(readdirSync(root).sort()).toEqual(['a.txt', 'b.txt', 'folder', 'new']);
  });
});
