/** The tests of authors, run by the command as users have it. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Workshop, type Finished } from '../../kernel/test/docs/workshop.js';
import { omnipaw, temporaryFolder } from './command.js';
import { TestTally } from '../src/plugins/test-tally.js';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => {
  workshop.close();
});

/** Begins a plugin, gives it one more file of tests, and runs all of them. */
async function run(source: string | undefined, ...options: readonly string[]): Promise<Finished & { readonly folder: string }> {
  const folder = path.join(temporaryFolder(), 'greet');
  await omnipaw(['plugins', 'new', 'greet', folder]);
  if (source !== undefined) {
    fs.rmSync(path.join(folder, 'test/hello.test.ts'));
    fs.writeFileSync(path.join(folder, 'test/own.test.ts'), source);
  }
  return { ...(await workshop.omnipaw('plugins', 'test', folder, ...options)), folder };
}

test('the TypeScript of a new plugin is right', async () => {
  const folder = path.join(temporaryFolder(), 'greet');
  await omnipaw(['plugins', 'new', 'greet', folder]);
  expect(workshop.mistakesIn(['tools/hello.ts', 'test/hello.test.ts'].map((file) => path.join(folder, file)))).toEqual([]);
});

const WEATHER = fileURLToPath(new URL('../../../plugins/plugin-weather', import.meta.url));

test('the example of this repository passes its own tests, here and anywhere else', async () => {
  const elsewhere = path.join(temporaryFolder(), 'weather');
  fs.cpSync(WEATHER, elsewhere, { recursive: true });
  for (const folder of [WEATHER, elsewhere]) {
    const { exitCode, stdout } = await workshop.omnipaw('plugins', 'test', folder);
    expect(stdout).toContain('test/forecast.test.ts\n  ✓ weather.get_forecast > finds the place, and asks for its days');
    expect(stdout).toMatch(/\n21 tests passed, 0 failed\n$/);
    expect(exitCode).toBe(0);
  }
});

describe('plugins test', () => {
  test('runs the tests of a new plugin, for which nothing is installed', async () => {
    const { exitCode, stdout, stderr } = await run(undefined);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.replaceAll(/\(.* m?s\)/g, '(…)')).toBe('test/hello.test.ts\n  ✓ says hello, and knows whom it has met (…)\n  ✓ uses memory, and nothing else (…)\n  ✓ takes no empty name (…)\n3 tests passed, 0 failed\n');
  });

  test('tells what failed and where, and keeps what tests print apart', async () => {
    const source = `import { describe, it, test } from 'node:test';
import assert from 'node:assert/strict';
console.log('printed');
test('is fine', () => {});
describe('a group', () => {
  it('goes wrong', () => { assert.equal(1, 2); });
  it('is left out', { skip: true }, () => {});
  it.todo('is still to come');
});
`;
    const { exitCode, stdout, stderr } = await run(source);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('printed\n');
    expect(stdout).toMatch(/✓ is fine \(.*\)\n {2}✗ a group > goes wrong \(.*\)\n {6}Expected values to be strictly equal:\n[^]*1 !== 2\n {6}at .*own\.test\.ts:6:\d+\)?\n/);
    expect(stdout).toMatch(/- a group > is left out \(skipped\)\n {2}- a group > is still to come \(skipped\)\n1 test passed, 1 failed, 2 skipped\n$/);
    expect(stdout).not.toContain('printed');
    const json = JSON.parse((await run(source, '--json')).stdout) as unknown;
    expect(json).toMatchObject({ ok: false, passed: 1, failed: 1, skipped: 2, tests: [{ file: 'test/own.test.ts', name: 'is fine', ok: true }, { name: 'a group > goes wrong', ok: false }, {}, {}] });
  });

  test.each([
    ['that does not compile', 'const = 1;'],
    ['that imports what is not there', "import 'nowhere';"],
    ['that ends the process', 'process.exit(3);'],
  ])('takes a file %s for a failure', async (_what, source) => {
    const { exitCode, stdout } = await run(source);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('✗ the file could not be run');
    expect(stdout).toContain('no tests passed, 1 failed');
  });
});

test('plugins test is a wrong call where there is no test', async () => {
  const { code, stderr } = await omnipaw(['plugins', 'test', temporaryFolder()]);
  expect(code).toBe(2);
  expect(stderr).toContain('There is no test in ');
});

describe('the tally of tests', () => {
  test('tells of a suite only if it failed by itself', () => {
    const tally = new TestTally();
    const start = (name: string, nesting: number) => tally.take({ type: 'test:start', data: { name, nesting } });
    start('suite', 0);
    start('inner', 1);
    expect(tally.take({ type: 'test:pass', data: { name: 'inner', nesting: 1, details: { duration_ms: 2 } } })).toEqual({ name: 'suite > inner', ok: true, isSkipped: false, durationMs: 2 });
    expect(tally.take({ type: 'test:fail', data: { name: 'suite', nesting: 0, details: { error: { message: 'x', failureType: 'hookFailed', cause: 'broken' } } } })).toEqual({ name: 'suite', ok: false, isSkipped: false, durationMs: 0, error: "'broken'" });
    start('other', 0);
    start('inner', 1);
    expect(tally.take({ type: 'test:fail', data: { name: 'other', nesting: 0, details: { error: { message: 'x', failureType: 'subtestsFailed' } } } })).toBeUndefined();
  });
});
