import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLOSE_CODES, DASHBOARD_ERROR_CODES, PROTOCOL_ERRORS } from '@omnipaw/dashboard';
import { VERSION } from '../../src/version.js';

function read(path: string): string {
  return readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
}

const page = read('docs/content/dashboard-protocol.md');

/** The rows of the table whose heading begins like this. */
function rowsAfter(heading: string): string[][] {
  const table = page.slice(page.indexOf(heading)).split('\n\n')[0]!;
  return table.split('\n').slice(2).map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', '')));
}

describe('the page of the protocol', () => {
  it('has every code of an error, with what the server says of it', () => {
    expect(rowsAfter('| code of an `ERROR` |')).toEqual(Object.entries(PROTOCOL_ERRORS));
  });

  it('has every code by which a connection is closed', () => {
    const named = rowsAfter('| code | name |').filter(([, name]) => name !== '').map(([code, name]) => [name, Number(code)]);
    expect(Object.fromEntries(named)).toEqual(CLOSE_CODES);
  });

  it('has every message and request of the types', () => {
    const types = [...read('packages/dashboard/src/protocol/messages.ts').matchAll(/type: '(\w+)'/g), ...read('packages/dashboard/src/protocol/requests.ts').matchAll(/type: '(\w+)'/g)].map(([, type]) => type!);
    expect(types.length).toBeGreaterThan(12);
    for (const type of types) expect(page, type).toContain(type);
  });

  it('has every field of the state', () => {
    const fields = /interface DashboardState \{(.*?)\n\}/s.exec(read('packages/dashboard/src/protocol/state.ts'))![1]!;
    for (const [, field] of fields.matchAll(/^ {2}(?:readonly )?(\w+):/gm)) if (!['mail', 'otherMessages'].includes(field!)) expect(page, field).toContain(`\`${field!}\``);
  });
});

describe('the page of the dashboard', () => {
  it('explains every code', () => {
    const explained = [...read('docs/content/dashboard.md').split('\n## Errors\n')[1]!.matchAll(/^### (.+)$/gm)].map(([, code]) => code);
    expect(explained).toEqual(Object.keys(DASHBOARD_ERROR_CODES));
  });
});

it('the version is that of package.json', () => {
  expect(VERSION).toBe((JSON.parse(read('packages/dashboard/package.json')) as { version: string }).version);
});
