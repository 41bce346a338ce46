import { describe, expect, it, test } from 'vitest';
import { findFixes, fixScript } from '../../src/fixes/fix-script.js';
import { differenceOf } from '../../src/fixes/same-program.js';

/** Path, before, after. */
const FIXED: readonly (readonly [what: string, path: string, before: string, after: string])[] = [
  ['an import of nothing that is used, in TypeScript', 'a.ts', "import { a } from './a';\nexport const b = 1;\n", 'export const b = 1;\n'],
  ['an import of nothing that is used, in JavaScript, which runs the module still', 'a.mjs', "import { a } from './a.mjs';\nexport const b = 1;\n", "import './a.mjs';\nexport const b = 1;\n"],
  ['some names of an import', 'a.ts', "import x, { a, b as c, type D } from './a';\nexport default [c];\n", "import { b as c } from './a';\nexport default [c];\n"],
  ['a namespace beside a default', 'a.ts', "import x, * as all from './a';\nexport default x;\n", "import x from './a';\nexport default x;\n"],
  ['the attributes of an import stay', 'a.mjs', "import data from './a.json' with { type: 'json' };\n", "import './a.json' with { type: 'json' };\n"],
  ['types of which none is used', 'a.ts', "import type { A } from './a';\nlet b: number;\n", 'let b: number;\n'],
  ['a variable', 'a.mjs', 'var a = 1;\nexport { a };\n', 'let a = 1;\nexport { a };\n'],
  ['a variable of a function in a script', 'a.js', 'function f() { var a = 1; return a; }\n', 'function f() { let a = 1; return a; }\n'],
  ['a comparison of a type', 'a.cjs', 'module.exports = (x) => typeof x == "string" || typeof x != "number";\n', 'module.exports = (x) => typeof x === "string" || typeof x !== "number";\n'],
];

const LEFT: readonly (readonly [what: string, path: string, text: string])[] = [
  ['a name that only a type uses', 'a.ts', "import { A } from './a';\nexport type B = A;\n"],
  ['a name that is exported', 'a.ts', "import { a } from './a';\nexport { a };\n"],
  ['a name that a comment mentions, since it may be a type', 'a.mjs', "import { A } from './a.mjs';\n/** @param {A} a */\nexport const f = (a) => a;\n"],
  ['all imports where there is JSX', 'a.tsx', "import React from 'react';\nexport const a = <p>hello</p>;\n"],
  ['declarations', 'a.d.ts', "import { a } from './a';\ndeclare var b: number;\n"],
  ["a script's own variables, which are everybody's", 'a.js', 'var a = 1;\n'],
  ['a variable that is used before it is there', 'a.mjs', 'export function f() { return v; var v = 1; }\n'],
  ['a variable that a later function sees change', 'a.mjs', 'for (var i = 0; i < 3; i++) setTimeout(() => i);\n'],
  ['a comparison that converts', 'a.mjs', 'export const f = (x) => x == null || x == 1;\n'],
  ['what a comment keeps', 'a.mjs', '// eslint-disable-next-line no-var\nexport var a = 1;\n'],
  ['what a comment asks of other rules', 'a.mjs', '/* eslint quotes: ["error", "single"], semi: "error" */\nexport let a = "b"\n'],
  ['what does not parse', 'a.mjs', 'var a = ;\n'],
  ['what is deeper than a stack', 'a.mjs', `var a = ${'['.repeat(50_000)}`],
  ['what a machine has made', 'a.mjs', `var a = 1;\n${'//\n'.repeat(100_000)}`],
  ['what would change nearly everywhere', 'a.mjs', Array.from({ length: 2_001 }, (_, index) => `var a${index};\n`).join('')],
  ['other languages', 'a.py', 'var a = 1\n'],
];

describe('a fix changes', () => {
  test.each(FIXED)('%s', (_, path, before, after) => {
    expect(findFixes(path, before)).not.toHaveLength(0);
    expect(fixScript(path, before)).toBe(after);
    expect(differenceOf(path, before, after)).toBeUndefined();
    expect(findFixes(path, after)).toHaveLength(0);
  });
});

describe('a fix leaves', () => {
  test.each(LEFT)('%s', (_, path, text) => {
    expect(findFixes(path, text)).toHaveLength(0);
    expect(fixScript(path, text)).toBe(text);
  });
});

test('what can be fixed is told with its line', () => {
  expect(findFixes('a.ts', "import { a, b } from './a';\n\nvar c = 1;\nexport default typeof c == 'number';\n")).toEqual([
    { kind: 'unused-import', line: 1, endLine: 1, what: 'nothing uses a, b' },
    { kind: 'var', line: 3, endLine: 3, what: '"var" where "let" does' },
    { kind: 'equality', line: 4, endLine: 4, what: '"==" between values of one type' },
  ]);
});

describe('another parser sees', () => {
  it('that comments and blanks may change', () => {
    expect(differenceOf('a.ts', '// TODO: x\nf( 1 );\n', '// TODO(#1): x\nf(1);\n')).toBeUndefined();
  });

  it.each([
    ['another value', 'a.ts', 'f(1);', 'f(2);', '"1" has become "2"'],
    ['a word too many', 'a.ts', 'f(1)', 'f(1);', '";" was added'],
    ['a word too few', 'a.ts', 'f(1);g();', 'f(1);', '"g" has become "nothing"'],
    ['const for let', 'a.ts', 'let a = 1;', 'const a = 1;', '"let" has become "const"'],
    ['a comparison that is weaker', 'a.ts', 'f(a === b);', 'f(a == b);', '"===" has become "=="'],
    ['a comparison that is none', 'a.ts', 'f(/a==b/);', 'f(/a===b/);', '"/a==b/" has become "/a===b/"'],
    ['text between tags', 'a.tsx', 'f(<p>a == b</p>);', 'f(<p>a === b</p>);', '"a == b" has become "a === b"'],
    ['an import that is new', 'a.ts', "import { a } from 'a';", "import { a, b } from 'a';", "the import b from 'a' was added"],
    ['an import from elsewhere', 'a.ts', "import { a } from 'a';", "import { a } from 'b';", "the import a from 'b' was added"],
    ['code in a comment no more', 'a.ts', '/* f() */', '/* */ f()', '"f" was added'],
    ['what does not parse any more', 'a.ts', 'f(1);', 'f(1', "it does not parse any more: ')' expected."],
    ['a change of what did not parse', 'a.ts', 'f(;', 'g(;', 'it did not parse before, and has other words now'],
  ])('%s', (_, path, before, after, difference) => {
    expect(differenceOf(path, before, after)).toBe(difference);
  });
});
