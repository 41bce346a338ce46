import { readFileSync } from 'node:fs';
import { DEFAULT_LIMITS, LABELS, SANDBOX_ERROR_CODES } from '@omnipaw/sandbox-docker';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../../docs/content/docker.md', import.meta.url), 'utf8');

test('the page has a section for every code, in the order of the catalogue, and no other', () => {
  const [, errors] = page.split('\n## Errors\n');
  expect([...errors!.matchAll(/^### (.+)$/gm)].map((heading) => heading[1])).toEqual(Object.keys(SANDBOX_ERROR_CODES));
});

test('the page has every limit and every label', () => {
  for (const name of [...Object.keys(DEFAULT_LIMITS), ...Object.values(LABELS)]) expect(page).toContain(`\`${name}\``);
});
