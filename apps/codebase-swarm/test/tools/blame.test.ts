import { expect, test } from 'vitest';
import { parseBlame } from '../../src/tools/blame.js';

const COMMIT = 'a'.repeat(40);

function porcelain(line: number, facts: readonly string[], commit = COMMIT): string {
  return `${commit} 1 ${line} 1\n${facts.join('\n')}\nfilename x\n\tauthor-time 0 // as text\n`;
}

test('what git tells of each line is read', () => {
  const answer = porcelain(3, ['author Zoë  B', 'author-time 1709287200', 'boundary']) + porcelain(9, ['author ', 'author-time 0']);
  expect(parseBlame(answer)).toEqual([
    { line: 3, author: 'Zoë  B', date: '2024-03-01' },
    { line: 9, author: 'unknown', date: '1970-01-01' },
  ]);
});

test('a line that is not committed has nobody', () => {
  expect(parseBlame(porcelain(3, ['author Not Committed Yet', 'author-time 1709287200'], '0'.repeat(40)))).toEqual([]);
});

test('a time that no calendar has is the first day', () => {
  expect(parseBlame(porcelain(3, ['author A', 'author-time 99999999999999999']))[0]?.date).toBe('1970-01-01');
  expect(parseBlame(porcelain(3, ['author A', 'author-time 99999999999']))[0]?.date).toBe('5138-11-16');
  expect(parseBlame(porcelain(3, ['author A', 'author-time -5']))[0]?.date).toBe('1970-01-01');
});

test('nothing is read of nothing', () => {
  expect(parseBlame('')).toEqual([]);
});
