import { describe, expect, test } from 'vitest';
import { applyEdits } from '../../src/tools/edit.js';
import { filePatch } from '../../src/tools/unified-diff.js';

describe('edits', () => {
  test('of one line do not move each other', () => {
    const text = '// TODO: a TODO: b\n';
    const edits = [
      { line: 1, column: 4, from: 'TODO', to: 'TODO(long)' },
      { line: 1, column: 12, from: 'TODO', to: 'TODO(longer)' },
    ];
    expect(applyEdits(text, edits)).toEqual({ edited: '// TODO(long): a TODO(longer): b\n', stale: [] });
  });

  test('that no longer fit are told, and change nothing', () => {
    const edit = { column: 4, from: 'TODO', to: 'X' };
    expect(applyEdits('// DONE\n// TODO\n', [{ line: 1, ...edit }, { line: 2, ...edit }, { line: 9, ...edit }])).toEqual({
      edited: '// DONE\n// X\n',
      stale: [1, 9],
    });
  });

  test('put in their text as it is', () => {
    expect(applyEdits('// TODO', [{ line: 1, column: 4, from: 'TODO', to: "$& $1 $'" }]).edited).toBe("// $& $1 $'");
  });
});

describe('the patch of a file', () => {
  test('has the form that git gives it', () => {
    expect(filePatch('a/b.ts', '1\n2\n3\n4\n5\n', '1\n2\n3\nfour\n5\n')).toEqual({
      text: '--- a/a/b.ts\n+++ b/a/b.ts\n@@ -1,5 +1,5 @@\n 1\n 2\n 3\n-4\n+four\n 5\n',
      hunks: 1,
    });
  });

  test('is empty when nothing changed', () => {
    expect(filePatch('a', 'x\n', 'x\n')).toEqual({ text: '', hunks: 0 });
  });
});
