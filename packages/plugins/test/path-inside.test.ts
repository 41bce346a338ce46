/** Whether a file lies in a folder, as both flavours of paths have it: what bundles are confined by. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { refusalOfSpecifier } from '../src/bundle/specifiers.js';
import { pathInside } from '../src/path-inside.js';

describe('on POSIX', () => {
  test.each([
    ['/plugins/my/a.ts', 'a.ts'], ['/plugins/my/a/b.ts', 'a/b.ts'], ['/plugins/my/..a', '..a'], ['/plugins/my/a\\b.ts', 'a\\b.ts'], ['/plugins/my/C:/x', 'C:/x'],
    ['/plugins/my', undefined], ['/plugins/my-evil/a.ts', undefined], ['/plugins/a.ts', undefined], ['/plugins/My/a.ts', undefined], ['/', undefined],
  ])('%s', (file, inside) => {
    expect(pathInside('/plugins/my', file, path.posix)).toBe(inside);
  });
});

describe('on Windows', () => {
  test.each([
    ['C:\\plugins\\my\\a.ts', 'a.ts'], ['C:\\plugins\\my\\a\\b.ts', 'a/b.ts'], ['C:/plugins/my/a.ts', 'a.ts'],
    // One folder, whatever the case; and one drive.
    ['c:\\Plugins\\MY\\a.ts', 'a.ts'],
    ['C:\\plugins\\my', undefined], ['c:\\PLUGINS\\my\\', undefined], ['C:\\plugins\\my-evil\\a.ts', undefined], ['C:\\plugins\\a.ts', undefined], ['D:\\plugins\\my\\a.ts', undefined],
    ['\\\\server\\share\\plugins\\my\\a.ts', undefined], ['\\\\?\\C:\\plugins\\my\\a.ts', undefined], ['\\\\.\\C:\\plugins\\my\\a.ts', undefined], ['C:\\', undefined],
  ])('%s', (file, inside) => {
    expect(pathInside('C:\\plugins\\my', file, path.win32)).toBe(inside);
  });

  test('of a share, too', () => {
    expect(pathInside('\\\\server\\share\\my', '\\\\server\\share\\my\\a\\b.ts', path.win32)).toBe('a/b.ts');
    expect(pathInside('\\\\server\\share\\my', '\\\\server\\other\\my\\a.ts', path.win32)).toBeUndefined();
    expect(pathInside('\\\\server\\share\\my', '\\\\evil\\share\\my\\a.ts', path.win32)).toBeUndefined();
  });
});

test.each(['/etc/passwd', '\\x', '..\\x.ts', 'a\\b', 'C:\\x.ts', 'C:/x.ts', 'c:x.ts', '\\\\server\\share', '//server/share/x.ts', 'file:///C:/x.ts', 'node:fs', 'data:text/javascript,1', 'x\0.ts'])('%j is imported on no system', (specifier) => {
  expect(refusalOfSpecifier(specifier)).toEqual(expect.any(String));
});

test.each(['./a.js', '../a.js', 'pkg', '@scope/pkg/sub', '#internal'])('%j is looked up', (specifier) => {
  expect(refusalOfSpecifier(specifier)).toBeUndefined();
});
