import { readFileSync } from 'node:fs';
import { ERROR_CODES } from '@omnipaw/kernel';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../../../docs/content/errors.md', import.meta.url), 'utf8');

describe('the page of errors', () => {
  it('has a section for every code, in the order of the catalogue, and no other beside those of other packages', () => {
    const sections = page.split(/^## /m).filter((section) => !section.includes('\nThese are of ['));
    expect(sections.flatMap((section) => [...section.matchAll(/^### (.+)$/gm)].map((heading) => heading[1]))).toEqual(Object.keys(ERROR_CODES));
  });

  it('says something about each of them', () => {
    for (const section of page.split(/^### /m).slice(1)) {
      const [code, ...text] = section.split('\n');
      expect(text.join('').replace(/## .*/, '').trim().length, code).toBeGreaterThan(40);
    }
  });

  it('has every class', () => {
    const classes = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((row) => row[1]);
    expect([...classes].sort()).toEqual([...new Set(Object.values(ERROR_CODES))].sort());
  });
});
