import { expect, test } from 'vitest';
import type { Finding } from '../../src/plan/findings.js';
import { makePlan } from '../../src/plan/make-plan.js';
import { codeText, plainText, visible } from '../../src/plan/markdown.js';
import { age, registerPieces } from '../../src/plan/register.js';

const NOW = Date.UTC(2026, 10, 23);

function register(findings: readonly Partial<Finding>[], hasHistory = true): string {
  const base = { path: 'src/a.ts', line: 1, column: 4, kind: 'TODO', written: 'TODO', label: null, isBare: false, text: 'x', author: null, date: null } as const;
  const plan = makePlan(findings.map((some) => ({ ...base, ...some })), NOW);
  return registerPieces({ ...plan, now: NOW, hasHistory, filesRead: 12 }).join('');
}

test('the register has a table for each area, and says how scores come about', () => {
  const text = register([
    { text: 'make it fast', author: 'Ada', date: '2024-03-01', label: 'perf', written: 'TODO(perf)' },
    { text: '', line: 7, kind: 'FIXME' },
  ]);
  expect(text.replaceAll(/#t[0-9a-f]{7}/g, '#t0000000')).toBe(`# To do

As of 2026-11-23: 2 comments in 1 area, from 12 source files.

Score: FIXME 40, HACK 25, XXX 20, TODO 10; a point for each full month since the line was written, 36 at most; 2 points for each other such comment in the file, 10 at most. Find a comment by its id once the patch is applied: lines move, ids stay.

## \`src\`

2 comments, score 86

| id | kind | where | what | since | author | score |
| --- | --- | --- | --- | --- | --- | ---: |
| \`#t0000000\` | TODO | \`src/a.ts:1\` | (perf) make it fast | 2024-03-01 (2 years) | Ada | 44 |
| \`#t0000000\` | FIXME | \`src/a.ts:7\` | *(says nothing)* |  |  | 42 |
`);
});

test('the register says when there is nothing, and when there is no history', () => {
  expect(register([])).toBe('# To do\n\nAs of 2026-11-23: no TODO, FIXME, HACK or XXX comment in 12 source files.\n');
  expect(register([{}], false)).toContain('no git history');
});

test('no text from a source file can break the table, or be more than text', () => {
  const text = register([{ path: 'a|b`c\n.ts', text: '| x | <img src=x> [a](http://b) *c* `d` \u202E &amp;', author: 'E|ve', date: '2026-11-01' }]);
  const rows = text.split('\n').filter((line) => line.startsWith('| `#t'));
  expect(rows).toHaveLength(1);
  expect(rows[0]?.match(/(?<!\\)\|/g)).toHaveLength(8);
  expect(rows[0]).toContain('\\<img src=x\\>');
  expect(rows[0]).toContain('\\[a\\](http&#8203;://b)');
  expect(rows[0]).toContain('``');
});

test('what can not be seen is written out', () => {
  expect(visible('a\u0007b\u202Ec\u{E0041}')).toBe('a\\u{7}b\\u{202e}c\\u{e0041}');
  expect(plainText('a_b')).toBe('a\\_b');
  expect(codeText('a``b')).toBe('``` a``b ```');
  expect(codeText('plain')).toBe('`plain`');
});

test('an age is told in the largest unit that fits', () => {
  expect([0, 1, 23, 24, 40].map(age)).toEqual(['new', '1 month', '23 months', '2 years', '3 years']);
});

test('a long register comes in pieces', () => {
  const findings = Array.from({ length: 450 }, (_, index) => ({ line: index + 1, text: `number ${index}` }));
  const base = { path: 'a.ts', column: 1, kind: 'TODO', written: 'TODO', label: null, isBare: false, author: null, date: null } as const;
  const plan = makePlan(findings.map((some) => ({ ...base, ...some })), NOW);
  const pieces = registerPieces({ ...plan, now: NOW, hasHistory: true, filesRead: 1 });
  expect(pieces.length).toBeGreaterThan(4);
  expect(pieces.join('').split('\n').filter((line) => line.startsWith('| `#t'))).toHaveLength(450);
});
