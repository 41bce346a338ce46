import { readFileSync } from 'node:fs';
import { PLUGIN_ERROR_CODES } from '@omnipaw/plugins';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../../docs/content/plugin-manifest.md', import.meta.url), 'utf8');

test('the page of the manifest explains every code but that of keys, which is with the others', () => {
  const explained = [...page.split('\n## Errors\n')[1]!.matchAll(/^### (.+)$/gm)].map((heading) => heading[1]!);
  const codes = Object.keys(PLUGIN_ERROR_CODES);
  expect(explained).toEqual(codes.slice(0, codes.indexOf('KEY_INVALID')));
});
