import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Tally } from '../../sim/pool.js';

const SCRIPT = fileURLToPath(new URL('../../../../scripts/sim.mjs', import.meta.url));

function sim(...args: readonly string[]): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('a run without a violation ends with 0, and says what it did', async () => {
  const { exitCode, stdout, stderr } = await sim('--seeds', '4', '--workers', '1');
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^seeds from 1: 4 run, \d+ crashes, [\d,]+ steps, [\d,]+ entries\n$/);
}, 60_000);

test('a violation ends with 1, and with the seed that shows it again', async () => {
  const first = await sim('--seeds', '100', '--mutant', 'run-before-intent', '--shrinks', '200', '--json');
  expect(first.exitCode).toBe(1);
  const { failure } = JSON.parse(first.stdout) as Tally;
  const again = await sim('--seed', String(failure?.seed), '--mutant', 'run-before-intent', '--shrinks', '200');
  expect(again.exitCode).toBe(1);
  for (const broken of [...failure!.found, ...failure!.broken]) expect(again.stdout).toContain(broken.split('\n')[0]);
  expect(again.stdout).toContain(JSON.stringify(failure!.smallest, null, 2));
  expect(again.stdout).toContain(`\nAgain: pnpm sim --seed ${failure!.seed} --mutant run-before-intent\n`);
}, 120_000);

test.each([
  [['--seeds', 'many'], '--seeds is "many"; it must be a whole number from 1'],
  [['--workers', '0'], '--workers is "0"'],
  [['--mutant', 'x-man'], 'There is no mutant "x-man". Mutants: ack-before-sync, '],
  [['--fast'], "Unknown option '--fast'"],
])('a wrong call (%s) ends with 2, and says what is wrong', async (args, message) => {
  const { exitCode, stdout, stderr } = await sim(...args);
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
}, 30_000);

test('--help names every option and every mutant', async () => {
  const { exitCode, stdout } = await sim('--help');
  expect(exitCode).toBe(0);
  for (const word of ['--seeds', '--seed ', '--workers', '--shrinks', '--mutant', '--json', 'half-a-step']) expect(stdout).toContain(word);
}, 30_000);
