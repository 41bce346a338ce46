import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pathProblem, placeInFolder } from '../../src/manifest/index.js';

describe.each([
  ['POSIX', path.posix, '/plugins/plugin-weather'],
  ['Windows', path.win32, 'C:\\plugins\\plugin-weather'],
])('on %s', (_name, flavour, folder) => {
  test.each(['src/index.ts', 'a b/ü.ts', '[id].ts', '.hidden/x.js', 'a/b/c/d.mts', '...ts', 'console.ts', 'nullable/com10.ts'])('%s is in its folder', (text) => {
    expect(placeInFolder(folder, text, flavour)).toBe(`${folder}${flavour.sep}${text.replaceAll('/', flavour.sep)}`);
  });

  test.each([
    '', '.', '..', './x.ts', 'a/./x.ts', 'a//x.ts', 'a/', '../x.ts', 'a/../x.ts', 'a/../../x.ts', '../plugin-weather-evil/x.ts', '/etc/passwd', '//server/share/x.ts',
    '\\x.ts', '..\\x.ts', 'a\\..\\..\\x.ts', '\\\\server\\share\\x.ts', '\\\\?\\C:\\x.ts', 'C:\\x.ts', 'C:/x.ts', 'C:x.ts', 'c:', 'x.ts:stream', 'x.ts::$DATA',
    'con', 'CON.ts', 'src/aux.ts', 'nul.', 'lpt1.js', 'COM¹.ts', 'conin$', 'x.ts.', 'x.ts ', 'a./x.ts', '.. /x.ts', '.../x.ts', 'x\0.ts', 'x\n.ts', 'x\u202ets.ts', 'x\u200b.ts',
    '．．/x.ts', '‥/x.ts', 'a／x.ts', 'a＼x.ts', 'a⁄x.ts', 'u\u0308.ts', 'x?.ts', 'x*.ts', 'x|y.ts', 'x<y.ts', '"x".ts', 'a'.repeat(300), `${'a/'.repeat(50)}x.ts`, 'ab/'.repeat(400), 'x\ud800.ts',
  ])('%j is not', (text) => {
    expect(pathProblem(text)).toEqual(expect.any(String));
    expect(() => placeInFolder(folder, text, flavour)).toThrow(TypeError);
  });

  test('whatever is a path stays in its folder', () => {
    const part = fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('..', '.', '', 'C:', '\\', '/', '~', 'con', 'a'));
    fc.assert(fc.property(fc.array(part, { maxLength: 6 }).map((parts) => parts.join('/')), (text) => {
      fc.pre(pathProblem(text) === undefined);
      const place = placeInFolder(folder, text, flavour);
      expect(place.startsWith(folder + flavour.sep)).toBe(true);
      expect(flavour.normalize(place)).toBe(place);
    }));
  });
});
