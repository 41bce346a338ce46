import { describe, expect, test } from 'vitest';
import { languageByName } from '../../src/comments/languages.js';
import { findMarkers, type Marker } from '../../src/comments/markers.js';

function markersIn(source: string, name = 'a.ts', limit = 100): readonly Marker[] {
  return findMarkers(source, languageByName(name)!.syntax, limit).markers;
}

function kindsAndTexts(source: string, name?: string): string[] {
  return markersIn(source, name).map(({ kind, text }) => `${kind} ${text}`);
}

describe('a marker', () => {
  test('has its place, its words and what stands in its parentheses', () => {
    expect(markersIn('\n  call(); // FIXME(perf): too slow\n')).toEqual([
      { line: 2, column: 14, kind: 'FIXME', written: 'FIXME(perf)', label: 'perf', isBare: false, text: 'too slow' },
    ]);
  });

  test.each([
    ['// TODO fix it', 'TODO fix it', true],
    ['// TODO: fix it', 'TODO fix it', false],
    ['// TODO - fix it', 'TODO fix it', false],
    ['//TODO fix it', 'TODO fix it', true],
    ['// @TODO fix it', 'TODO fix it', true],
    ['// - [ ] TODO: fix it', 'TODO fix it', false],
    ['/** HACK: it works */', 'HACK it works', false],
    ['// XXX', 'XXX ', false],
    ['// It works. TODO: make it fast', 'TODO make it fast', false],
  ])('is seen in %s', (source, expected, isBare) => {
    expect(kindsAndTexts(source)).toEqual([expected]);
    expect(markersIn(source)[0]?.isBare).toBe(isBare);
  });

  test.each([
    '// see the TODO below',
    '// TODO.md holds them all',
    '// TODO-list',
    '// TODOs are bad',
    '// TODO, FIXME and HACK are what it finds',
    '// TODO / FIXME comments',
    '// todo: lower case is prose',
    '// "TODO: x" is what people write, and `FIXME: y`',
    '// context.TODO() is no marker',
    '// MY_TODO: neither',
    '// call 555-XXX-XXXX',
    '// XXX-XXX-XXXX',
    'const TODO = "// TODO: not a comment";',
  ])('is not seen in %s', (source) => {
    expect(kindsAndTexts(source)).toEqual([]);
  });

  test('two on one line are two', () => {
    expect(kindsAndTexts('// TODO: one FIXME: two')).toEqual(['TODO one', 'FIXME two']);
  });

  test('its text goes on over the lines that belong to it', () => {
    const source = ['// TODO: this is', '// more than', '//', '// not this', '/*', ' * FIXME: first', ' *   second.', ' * third', ' */'].join('\n');
    expect(kindsAndTexts(source)).toEqual(['TODO this is more than', 'FIXME first second.']);
  });

  test('its text does not go on in the comment of another statement', () => {
    expect(kindsAndTexts('a(); // TODO: one\nb(); // other')).toEqual(['TODO one']);
    expect(kindsAndTexts('// TODO: bring back\n// test("it", () => {')).toEqual(['TODO bring back']);
    expect(kindsAndTexts('// TODO: one\n// FIXME: two')).toEqual(['TODO one', 'FIXME two']);
  });

  test('its text is cut, but not within a character', () => {
    const [marker] = markersIn(`// TODO: ${'x'.repeat(238)}😀😀`);
    expect(marker?.text).toHaveLength(239);
    expect(marker?.text.endsWith('x…')).toBe(true);
  });

  test('counts columns as editors do, with tabs, wide characters and Windows line ends', () => {
    expect(markersIn('\t"😀"; // TODO: x\r\n// TODO: y\r\n').map(({ line, column, text }) => [line, column, text])).toEqual([
      [1, 11, 'x'],
      [2, 4, 'y'],
    ]);
  });

  test('is found in every style of comment', () => {
    expect(kindsAndTexts('# TODO: a', 'a.py')).toEqual(['TODO a']);
    expect(kindsAndTexts('<!-- TODO: a -->', 'a.md')).toEqual(['TODO a']);
    expect(kindsAndTexts('--TODO: a', 'a.sql')).toEqual(['TODO a']);
    expect(kindsAndTexts('{- TODO: a -}', 'a.hs')).toEqual(['TODO a']);
    expect(kindsAndTexts(';; TODO a', 'a.el')).toEqual(['TODO a']);
  });
});

test('of more markers than wanted, the rest is counted', () => {
  const report = findMarkers('// TODO: x\n'.repeat(10), languageByName('a.ts')!.syntax, 4);
  expect(report.markers).toHaveLength(4);
  expect(report.omitted).toBe(6);
});
