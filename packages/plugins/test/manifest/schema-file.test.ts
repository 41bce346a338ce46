import { readFileSync } from 'node:fs';
import { MANIFEST_SCHEMA, MANIFEST_SCHEMA_ID } from '@omnipaw/plugins';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { weather } from '../support/weather.js';

const file = new URL('../../plugin.manifest.schema.json', import.meta.url);

test('the published schema is the one that manifests are judged by', async () => {
  // `npm test -- packages/plugins -u` writes it anew.
  await expect(`${JSON.stringify(MANIFEST_SCHEMA, null, 2)}\n`).toMatchFileSnapshot(file.pathname);
});

test('the published schema is one of draft 2020-12, under its name, and takes a good manifest', () => {
  const published = JSON.parse(readFileSync(file, 'utf8')) as { $schema: string; $id: string };
  expect(published).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: MANIFEST_SCHEMA_ID });
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false });
  expect(ajv.validateSchema(published)).toBe(true);
  expect(ajv.compile(published)(weather())).toBe(true);
});

test('an editor has something to say about every field', () => {
  const silent: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const { properties = {}, $defs = {}, items, additionalProperties } = schema as Record<string, Record<string, unknown> | undefined>;
    for (const [name, field] of Object.entries(properties)) {
      if (describes(field) === undefined) silent.push(`${path}/${name}`);
      visit(field, `${path}/${name}`);
    }
    for (const [name, inner] of Object.entries($defs)) visit(inner, name);
    visit(items, `${path}/items`);
    visit(additionalProperties, `${path}/*`);
  };
  visit(MANIFEST_SCHEMA, '');
  expect(silent).toEqual([]);
});

function describes(field: unknown): string | undefined {
  const { description, $ref } = field as { description?: string; $ref?: string };
  const referred = $ref === undefined ? undefined : (MANIFEST_SCHEMA.$defs as Record<string, { description?: string }>)[$ref.replace('#/$defs/', '')];
  return description ?? referred?.description;
}
