import { describe, expect, test } from 'vitest';
import { unplannedChange, type Range } from '../../src/tools/unplanned-change.js';

const lines = (...some: readonly string[]): string => some.map((line) => `${line}\n`).join('');

describe('a change is as planned', () => {
  test.each([
    ['of nothing', lines('a', 'b'), lines('a', 'b'), []],
    ['of a line', lines('a', 'b', 'c'), lines('a', 'B', 'c'), [[2, 2]]],
    ['that takes lines away', lines('a', 'b', 'c', 'd'), lines('a', 'd'), [[2, 3]]],
    ['of the first line and of the last', 'a\nb\nc', 'A\nb\nC', [[1, 1], [3, 3]]],
    ['of all there is', lines('a', 'b'), '', [[1, 3]]],
    ['of some of many lines that are the same', lines(...Array.from({ length: 450 }, () => 'x')), lines(...Array.from({ length: 450 }, (_, index) => (index < 400 ? `y${index}` : 'x'))), Array.from({ length: 400 }, (_, index): Range => [index + 1, index + 1])],
  ] as const)('%s', (_, before, after, planned) => {
    expect(unplannedChange(before, after, planned)).toBeUndefined();
  });
});

describe('it is found out', () => {
  test.each([
    ['when another line is changed', lines('a', 'b', 'c'), lines('a', 'B', 'C'), [[2, 2]], 'line 3 was changed, which nobody had planned'],
    ['when the first line is', lines('a', 'b'), lines('A', 'B'), [[2, 2]], 'line 1 was changed, which nobody had planned'],
    ['when another line is taken away', lines('a', 'b', 'c'), lines('a', 'b'), [[2, 2]], 'line 3 was changed, which nobody had planned'],
    ['when a line is added', lines('a', 'b'), lines('a', 'b', 'c'), [[2, 2]], '1 more lines than before'],
    ['when lines change places', lines('a', 'b', 'c', 'd', 'e'), lines('c', 'b', 'a', 'd', 'e'), [[2, 2]], 'line 1 was changed, which nobody had planned'],
    ['when the last line break goes', lines('a', 'b'), 'a\nB', [[2, 2]], 'line 3 was changed, which nobody had planned'],
  ] as const)('%s', (_, before, after, planned, problem) => {
    expect(unplannedChange(before, after, planned)).toBe(problem);
  });
});
