import { readFileSync } from 'node:fs';
import { INVARIANTS, InvariantChecker, OmniError } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';

/** The rows of the table in `test/INVARIANTS.md`: the invariant, and its tests as `file: title`. */
const rows = readFileSync(new URL('../INVARIANTS.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| INV-'))
  .map((line) => {
    const [id, kind, tests] = line.split('|').slice(1, -1).map((cell) => cell.trim()) as [string, string, string];
    return { id, kind, tests: tests.split('<br>').map((item) => /^`([^`]+)`: (.+)$/.exec(item.trim())) };
  });

describe('the table of invariants and their tests', () => {
  test('names every invariant, each with a breaker and a property test, or says that the next issue brings them', () => {
    const kinds = (id: string): string[] => rows.filter((row) => row.id === id).map(({ kind }) => kind);
    for (const id of Object.keys(INVARIANTS)) {
      const found = kinds(id);
      const isComplete = found.includes('breaker') && found.includes('property');
      expect(isComplete || found.includes('next issue'), id).toBe(true);
    }
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(Object.keys(INVARIANTS)));
  });

  test.each(rows.filter(({ kind }) => kind !== 'next issue'))('$id $kind: every test that it names is there', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const named of tests) {
      expect(named, 'a test is named as `file`: title').not.toBeNull();
      const [, file, title] = named!;
      const source = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
      expect(source, `${file} has no test "${title}"`).toContain(title!.replaceAll("'", "\\'"));
    }
  });
});

describe('InvariantChecker', () => {
  const checker = new InvariantChecker();

  test('lets pass what holds, without asking for words', () => {
    checker.assert('INV-01', true, () => {
      throw new Error('nobody asked');
    });
  });

  test.each(Object.entries(INVARIANTS))('throws INVARIANT_BREACH with %s and what was found', (id, statement) => {
    const breach = (): void => { checker.assert(id as keyof typeof INVARIANTS, false, () => 'by somebody.'); };
    expect(breach).toThrow(OmniError);
    expect(breach).toThrow(expect.objectContaining({
      code: 'INVARIANT_BREACH',
      failureClass: 'INVARIANT_BREACH',
      details: { invariant: id, found: 'by somebody.' },
      message: `${id} was about to be broken (${statement}) by somebody.`,
    }));
  });
});
