import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/plan/findings.js';
import { makePlan } from '../../src/plan/make-plan.js';
import { parseTag, referenceIn, tagText } from '../../src/plan/tag.js';

const NOW = Date.UTC(2026, 10, 23);

function finding(some: Partial<Finding>): Finding {
  const base = { path: 'src/a.ts', line: 1, column: 4, kind: 'TODO', written: 'TODO', label: null, isBare: false, text: 'x', author: null, date: null } as const;
  return { ...base, ...some };
}

describe('a tag', () => {
  test.each([
    { id: '#t1234567', label: null, author: null, date: null },
    { id: '#t1234567', label: 'perf', author: null, date: null },
    { id: '#t1234567', label: null, author: 'Ada Lovelace', date: '2024-03-01' },
    { id: '#t1234567', label: 'one, two', author: 'Ada Lovelace', date: '2024-03-01' },
  ])('can be read back: $label, $author', (tag) => {
    expect(parseTag(tagText(tag))).toEqual(tag);
  });

  test('is nothing that people write themselves', () => {
    for (const label of ['alice', '#12', 'T-12', '#t12', '2024-03-01']) expect(parseTag(label)).toBeUndefined();
  });

  test('names nobody twice', () => {
    expect(tagText({ id: '#t1234567', label: 'ada', author: 'Ada', date: '2024-03-01' })).toBe('#t1234567, Ada, 2024-03-01');
  });

  test.each([
    ['*/ evil(); /*', 'evil'],
    ['--> <script>', '- script'],
    ['a\u202Eb\nc\u0000d', 'a b c d'],
    ['Zoë O\'Brien-Müller', "Zoë O'Brien-Müller"],
    ['$(rm -rf /)', 'rm -rf'],
    ['{}[]', 'unknown'],
  ])('lets no name end a comment: %j', (author, expected) => {
    expect(tagText({ id: '#t1234567', label: null, author, date: '2024-03-01' })).toBe(`#t1234567, ${expected}, 2024-03-01`);
  });

  test('an issue that a comment names is recognised', () => {
    for (const label of ['#12', 'gh-12', 'ABC-12', 'https://example.org/1', 'alice, #12']) expect(referenceIn(label)).toBe(label);
    for (const label of ['alice', 'v2', 'UTF8']) expect(referenceIn(label)).toBeUndefined();
  });
});

describe('ids', () => {
  const idsOf = (findings: readonly Finding[]): string[] => makePlan(findings, NOW).items.map(({ id }) => id);

  test('come from the content, and not from the line', () => {
    expect(idsOf([finding({ line: 1 })])).toEqual(idsOf([finding({ line: 900, column: 30, author: 'Ada', date: '2020-01-01' })]));
    expect(idsOf([finding({ text: 'x' })])).not.toEqual(idsOf([finding({ text: 'y' })]));
    expect(idsOf([finding({})])[0]).toMatch(/^#t[0-9a-f]{7}$/);
  });

  test('tell two of the same words apart', () => {
    expect(new Set(idsOf([finding({ line: 1 }), finding({ line: 2 }), finding({ line: 3 })])).size).toBe(3);
  });

  test('that stand in the source stay, and nobody else gets them', () => {
    const [id] = idsOf([finding({})]);
    const label = `${id!}, Ada, 2020-01-01`;
    const { items } = makePlan([finding({ line: 1 }), finding({ line: 2, label, written: `TODO(${label})` })], NOW);
    const [first, second] = [1, 2].map((wanted) => items.find(({ line }) => line === wanted));
    expect(second).toMatchObject({ id, author: 'Ada', date: '2020-01-01', edit: null });
    expect(first!.id).not.toBe(id);
  });

  test('are those of the issues that comments name', () => {
    expect(makePlan([finding({ label: '#12', written: 'TODO(#12)' })], NOW).items).toMatchObject([{ id: '#12', edit: null }]);
  });
});

describe('an edit', () => {
  const editOf = (some: Partial<Finding>): unknown => {
    const [item] = makePlan([finding(some)], NOW).items;
    return { ...item!.edit, to: item!.edit?.to.replace(item!.id, 'ID') };
  };

  test('puts id, owner, author and day into the parentheses', () => {
    const origin = { author: 'Ada Lovelace', date: '2024-03-01' };
    expect(editOf(origin)).toEqual({ from: 'TODO', to: 'TODO(ID, Ada Lovelace, 2024-03-01)' });
    expect(editOf({ ...origin, written: 'TODO (bob)', label: 'bob' })).toEqual({ from: 'TODO (bob)', to: 'TODO(ID, bob, Ada Lovelace, 2024-03-01)' });
    expect(editOf({})).toEqual({ from: 'TODO', to: 'TODO(ID)' });
    expect(editOf({ isBare: true })).toEqual({ from: 'TODO', to: 'TODO(ID):' });
  });
});

describe('the ranking', () => {
  test('adds points for kind, age and company, and says so', () => {
    const { items } = makePlan(
      [finding({ kind: 'FIXME', date: '2026-08-23', author: 'Ada' }), finding({ line: 2 }), finding({ path: 'b.ts', date: '1999-01-01', author: 'Ada' })],
      NOW,
    );
    expect(items.map(({ path, kind, score, points, ageMonths }) => ({ path, kind, score, points, ageMonths }))).toEqual([
      { path: 'src/a.ts', kind: 'FIXME', score: 45, points: { kind: 40, age: 3, company: 2 }, ageMonths: 3 },
      { path: 'src/a.ts', kind: 'TODO', score: 12, points: { kind: 10, age: 0, company: 2 }, ageMonths: null },
      { path: 'b.ts', kind: 'TODO', score: 46, points: { kind: 10, age: 36, company: 0 }, ageMonths: 334 },
    ]);
  });

  test('groups by area, the heaviest first, and depends on no order', () => {
    const findings = ['z.ts', 'packages/kernel/src/a.ts', 'packages/kernel/b.ts', 'packages/cli/c.ts'].map((path) => finding({ path }));
    const plan = makePlan(findings, NOW);
    expect(plan.areas).toEqual([
      { area: 'packages/kernel', count: 2, score: 20 },
      { area: '.', count: 1, score: 10 },
      { area: 'packages/cli', count: 1, score: 10 },
    ]);
    expect(makePlan([...findings].reverse(), NOW)).toEqual(plan);
  });

  test('takes a line from the future as new', () => {
    expect(makePlan([finding({ date: '2999-01-01', author: 'Ada' })], NOW).items[0]).toMatchObject({ ageMonths: 0, score: 10 });
  });
});
