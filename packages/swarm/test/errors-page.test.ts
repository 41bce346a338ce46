import { readFileSync } from 'node:fs';
import { SWARM_ERROR_CODES } from '@omnipaw/swarm';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../../docs/content/swarm.md', import.meta.url), 'utf8');

test('the page of swarms explains every code', () => {
  const explained = [...page.split('\n## Errors\n')[1]!.matchAll(/^### (.+)$/gm)].map((heading) => heading[1]!);
  expect(explained).toEqual(Object.keys(SWARM_ERROR_CODES));
});
