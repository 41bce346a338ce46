import { readFileSync } from 'node:fs';
import { OTEL_ERROR_CODES } from '@omnipaw/otel';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../../docs/content/telemetry.md', import.meta.url), 'utf8');

test('the page of telemetry explains every code', () => {
  const explained = [...page.split('\n## Errors\n')[1]!.matchAll(/^### (.+)$/gm)].map((heading) => heading[1]!);
  expect(explained).toEqual(Object.keys(OTEL_ERROR_CODES));
});
