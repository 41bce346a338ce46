import { parseGrant } from '@omnipaw/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holder } from './holder.js';

/** Whether a pattern lets a resource through, as the permission model sees it. */
function matches(pattern: string, resource: string): boolean {
  return holder({ grants: [{ action: 'read', resource: pattern }] }).may('read', resource).startsWith('ALLOW');
}

/** Whether the holder of one pattern may delegate another. */
function covers(outer: string, inner: string): boolean {
  return holder({ grants: [{ action: 'read', resource: outer }] }).escalation([{ action: 'read', resource: inner }]) === undefined;
}

describe('a pattern', () => {
  it.each<readonly [pattern: string, yes: readonly string[], no: readonly string[]]>([
    ['echo', ['echo'], ['echo2', 'Echo', 'ech', 'xecho', 'echo/', 'echo.a']],
    ['host.fs.*', ['host.fs.read', 'host.fs.', 'host.fs.read.all'], ['host.fs', 'hostXfs.read', 'host.fs.a/b', 'xhost.fs.read']],
    ['shared:team/*', ['shared:team/plan', 'shared:team/'], ['shared:team', 'shared:team/a/b', 'shared:teams/plan']],
    ['shared:team/**', ['shared:team/plan', 'shared:team/a/b/c', 'shared:team/'], ['shared:team', 'shared:teams/a']],
    ['*', ['x', 'a/b/c', 'ä.$'], []],
    ['**', ['x', 'a/b/c'], []],
    ['***', ['x', 'a/b/c'], []],
    ['a*/b', ['a/b', 'ax/b'], ['a/x/b', 'a/']],
    ['a**b', ['ab', 'a/b', 'axxb', 'a/x/b/b'], ['a', 'b', 'abc']],
    ['*/b', ['/b', 'a/b'], ['a/a/b', 'b']],
    ['a*b*c', ['abc', 'axbxc', 'abbcc'], ['ab', 'ac', 'a/bc', 'abcx']],
    ['**/x/*', ['/x/', 'a/b/x/c', '/x/x/y'], ['x/c', 'a/x/c/d']],
    ['a.b', ['a.b'], ['axb', 'a..b']],
    ['a+', ['a+'], ['aa', 'a']],
    ['(a|b)', ['(a|b)'], ['a', 'b']],
    ['[a-z]*', ['[a-z]', '[a-z]x'], ['a', 'b']],
    ['^a$', ['^a$'], ['a']],
    ['a\\*', ['a\\', 'a\\b'], ['a*', 'a']],
    ['a?', ['a?'], ['a', 'ab']],
    ['{a,b}*', ['{a,b}c'], ['a', 'b']],
    ['\\d*', ['\\d', '\\d1'], ['1']],
    ['ä*ö', ['äö', 'äxö', 'ä😀ö'], ['aö']],
    ['😀*', ['😀', '😀😀'], ['😁']],
    ['$&*', ['$&', '$&x'], ['x']],
  ])('%j matches what it says, and nothing else', (pattern, yes, no) => {
    expect(yes.filter((resource) => !matches(pattern, resource))).toEqual([]);
    expect(no.filter((resource) => matches(pattern, resource))).toEqual([]);
  });

  it('takes no time for a resource that fails late, however many wildcards it has', () => {
    const startedAt = performance.now();
    for (const wildcard of ['*', '**']) {
      const pattern = `${`${wildcard}a`.repeat(40)}${wildcard}b`;
      expect(matches(pattern, 'a'.repeat(5_000))).toBe(false);
      expect(matches(pattern, `${'a'.repeat(5_000)}b`)).toBe(true);
      expect(covers(pattern, 'a'.repeat(1_000))).toBe(false);
    }
    // A regular expression would not be done with the first of these in the lifetime of the universe.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it.each(['', 'a\u0001', 'a\u0002', 'a\u0000b', 'a\n', '\u007f', 'x'.repeat(1_025)])('like %j is refused', (resource) => {
    expect(() => parseGrant(`read:${resource}`)).toThrow(TypeError);
  });

  it('matches resources with any character, since keys of shared memory may have them', () => {
    expect(matches('shared:team/**', 'shared:team/a\nb\u0001\u0002')).toBe(true);
    expect(matches('shared:team/*', 'shared:team/a\nb')).toBe(true);
    expect(matches('shared:team/*', 'shared:team/*')).toBe(true);
  });
});

const pattern = fc.array(fc.constantFrom('a', 'b', '/', '.', '*', '**'), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
const resource = fc.array(fc.constantFrom('a', 'b', '/', '.', 'x'), { maxLength: 12 }).map((parts) => parts.join(''));

/** What a pattern means, said as simply as possible: try every length for each wildcard. */
function means(parts: readonly string[], text: string): boolean {
  const [first, ...rest] = parts;
  if (first === undefined) return text === '';
  if (!first.startsWith('*')) return text.startsWith(first) && means(rest, text.slice(first.length));
  for (let length = 0; length <= text.length; length++) {
    if (first === '*' && text.slice(0, length).includes('/')) return false;
    if (means(rest, text.slice(length))) return true;
  }
  return false;
}

/** A text that a pattern matches: each wildcard replaced. */
function instance(of: string, fillings: readonly string[]): string {
  let count = 0;
  const fill = (): string => fillings[count++ % Math.max(1, fillings.length)] ?? '';
  return of.replace(/\*{2,}|\*/g, (run) => (run === '*' && of !== '*' ? fill().replaceAll('/', '') : fill()));
}

describe('patterns in general', () => {
  it('match what their definition says', () => {
    fc.assert(fc.property(pattern, resource, (one, text) => {
      const expected = one === '*' || means(one.match(/\*{2,}|\*|[^*]/g) ?? [], text);
      expect(matches(one, text)).toBe(expected);
    }), { numRuns: 3_000 });
  });

  it('never let the narrower one through what the wider one stops', () => {
    fc.assert(fc.property(pattern, pattern, fc.array(resource, { maxLength: 4 }), resource, (outer, inner, fillings, text) => {
      fc.pre(covers(outer, inner));
      const matching = instance(inner, fillings);
      expect(matches(inner, matching)).toBe(true);
      expect(matches(outer, matching)).toBe(true);
      if (matches(inner, text)) expect(matches(outer, text)).toBe(true);
    }), { numRuns: 3_000 });
  });

  it('cover themselves, and what is covered covers on', () => {
    fc.assert(fc.property(pattern, pattern, pattern, (one, two, three) => {
      expect(covers(one, one)).toBe(true);
      expect(covers('*', one) && covers('**', one)).toBe(true);
      if (covers(one, two) && covers(two, three)) expect(covers(one, three)).toBe(true);
    }), { numRuns: 2_000 });
  });

  it('cover what they contain, and nothing else: all patterns of up to four characters, against all texts of up to seven', () => {
    const patterns = strings(['a', '/', '*'], 4);
    // A character that is in no pattern stands for all those that are in none.
    const texts = strings(['a', '/', 'x'], 7);
    const holders = patterns.map((one) => holder({ grants: [{ action: 'read', resource: one }] }));
    const matched = holders.map(({ may }) => texts.map((text) => may('read', text).startsWith('ALLOW')));
    const unsafe: string[] = [];
    const tooStrict = new Set<string>();
    for (const [outerIndex, { escalation }] of holders.entries()) {
      for (const [innerIndex, inner] of patterns.entries()) {
        const isContained = matched[innerIndex]!.every((isMatched, text) => !isMatched || matched[outerIndex]![text]);
        const isCovered = escalation([{ action: 'read', resource: inner }]) === undefined;
        if (isCovered && !isContained) unsafe.push(`${patterns[outerIndex]!} ⊇ ${inner}`);
        if (!isCovered && isContained) tooStrict.add(patterns[outerIndex]!);
      }
    }
    expect(unsafe).toEqual([]);
    // Two odd ways to say "whatever has a slash": written as **/** they cover all of it.
    expect([...tooStrict]).toEqual(['*/**', '**/*']);
  });
});

/** All strings over an alphabet, from one character up to so many. */
function strings(alphabet: readonly string[], maxLength: number): readonly string[] {
  const byLength = [['']];
  for (let length = 1; length <= maxLength; length++) {
    byLength.push(byLength[length - 1]!.flatMap((start) => alphabet.map((character) => start + character)));
  }
  return byLength.slice(1).flat();
}
