import { HOST_ERROR_CODES, hostTools } from '@omnipaw/host';
import { expect, test } from 'vitest';
import { hostOptions } from '../src/option-schemas.js';
import { placesOf } from '../src/schemas/options.js';
import { section } from './support/page.js';
import { temporaryDirectory } from './support/workspace.js';

test('the page has a section for every code, in the order of the catalogue, and no other', () => {
  expect([...section('Errors').matchAll(/^### (.+)$/gm)].map((heading) => heading[1])).toEqual(Object.keys(HOST_ERROR_CODES));
});

test('the page says of every tool whether it is idempotent', () => {
  const rows = [...section('All of them').matchAll(/^\| `(host\.[a-z_.]+)` \| `([a-zA-Z.]+)` \| [^|]+ \| (yes|no|if [^|]+) \|/gm)];
  const host = hostTools({ root: temporaryDirectory() });
  expect(rows.map((row) => row[1])).toEqual(host.all.map(({ name }) => name));
  for (const [, name, , isIdempotent] of rows) {
    const tool = host.all.find((one) => one.name === name)!;
    if (isIdempotent === 'yes' || isIdempotent === 'no') expect(tool.idempotent, name).toBe(isIdempotent === 'yes');
    expect(tool.version, name).toBe('1');
  }
});

test('the page has a row for every option, and no other', () => {
  const rows = [...section('Options').matchAll(/^\| `([\w.[\]]+)` \| /gm)].map((row) => row[1]!);
  const parts = new Set(['fs', 'bash', 'net', 'git']);
  expect(rows.sort()).toEqual(placesOf(hostOptions).filter((place) => !parts.has(place)).sort());
});
