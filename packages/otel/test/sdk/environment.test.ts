import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { environmentIn, settingsOf, withEnvironment } from '../../src/sdk/environment.js';

const HERE = 'http://127.0.0.1:4318';

describe('where telemetry goes', () => {
  test.each([{}, { OTEL_SERVICE_NAME: 'x' }, { OTEL_EXPORTER_ENDPOINT: '' }, { OTEL_EXPORTER_ENDPOINT: HERE, OTEL_SDK_DISABLED: 'TRUE' }, { OTEL_TRACES_EXPORTER: 'none' }])('is nowhere for %j', (environment) => {
    expect(settingsOf(environment)).toBeUndefined();
  });

  test('is said by the variable of the roadmap, and by the standard one, which wins', () => {
    expect(settingsOf({ OTEL_EXPORTER_ENDPOINT: HERE })).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: HERE, OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'otlp', OTEL_LOGS_EXPORTER: 'otlp', OTEL_SERVICE_NAME: 'omnipaw' });
    expect(settingsOf({ OTEL_EXPORTER_ENDPOINT: 'http://other', OTEL_EXPORTER_OTLP_ENDPOINT: HERE })).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: HERE });
  });

  test('is said for one signal, and the others go nowhere', () => {
    expect(settingsOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: HERE })).toMatchObject({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' });
    expect(settingsOf({ OTEL_METRICS_EXPORTER: 'prometheus' })).toMatchObject({ OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1' });
  });

  test.each([[{ OTEL_SERVICE_NAME: 'mine' }, 'mine'], [{ OTEL_RESOURCE_ATTRIBUTES: 'a=b, service.name=mine' }, undefined], [{ OTEL_RESOURCE_ATTRIBUTES: 'my.service.name=x' }, 'omnipaw']])('has the name that %j says', (more, name) => {
    expect(settingsOf({ OTEL_EXPORTER_ENDPOINT: HERE, ...more })!['OTEL_SERVICE_NAME']).toBe(name);
  });
});

describe('a .env file', () => {
  let directory = '';
  beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'omnipaw-env-')); });
  afterEach(() => { rmSync(directory, { recursive: true, force: true }); });

  test('says what the process does not, in quotes or without, and only of this', () => {
    writeFileSync(join(directory, '.env'), `\uFEFFOTEL_EXPORTER_ENDPOINT=${HERE} # here\nexport OTEL_SERVICE_NAME="one two"\nOTEL_LOG_LEVEL='info'\nSECRET=x\n#OTEL_A=1\n`);
    expect(environmentIn(directory, { OTEL_LOG_LEVEL: 'debug', HOME: '/' })).toEqual({ OTEL_EXPORTER_ENDPOINT: HERE, OTEL_SERVICE_NAME: 'one two', OTEL_LOG_LEVEL: 'debug', HOME: '/' });
  });

  test('need not be there', () => {
    expect(environmentIn(directory, {})).toEqual({});
  });
});

test('what the SDK finds in the environment is gone afterwards, also when it throws', () => {
  const before = { ...process.env };
  expect(withEnvironment({ OTEL_OMNIPAW_TEST: 'x' }, () => process.env['OTEL_OMNIPAW_TEST'])).toBe('x');
  expect(() => withEnvironment({ OTEL_OMNIPAW_TEST: 'x', PATH: 'y' }, () => { throw new Error('no'); })).toThrow('no');
  expect({ ...process.env }).toEqual(before);
});
