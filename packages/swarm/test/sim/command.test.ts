import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MUTANTS } from '../../sim/mutants.js';

const SCRIPT = fileURLToPath(new URL('../../../../scripts/sim.mjs', import.meta.url));

function sim(...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [SCRIPT, '--of=swarm', ...args], { encoding: 'utf8' });
}

test('a bug is found, with the seed that shows it and the smallest plan', { timeout: 120_000 }, () => {
  const { status, stdout } = sim('--seeds', '200', '--workers', '1', '--shrinks', '20', '--mutant', 'takes-any-report');
  expect(status).toBe(1);
  const [, seed] = /Seed (\d+) breaks:/.exec(stdout) ?? [];
  expect(stdout).toContain(`Again: npm run sim:swarm -- --seed ${seed} --mutant takes-any-report\n`);
  expect(stdout).toContain('"hasStranger": true');
});

test.each(MUTANTS.map(({ name, bug }) => [name, bug]))('%s is found: %s', { timeout: 600_000 }, (name) => {
  const { status, stdout } = sim('--seeds', '2000', '--workers', '2', '--shrinks', '1', '--mutant', name);
  expect([status, stdout]).toEqual([1, expect.stringMatching(/Seed \d+ breaks:/)]);
});

test('a call that is wrong is told so', () => {
  expect(sim('--seeds', 'many')).toMatchObject({ status: 2, stderr: '--seeds is "many"; it must be a whole number from 1.\n' });
  expect(sim('--mutant', 'none').stderr).toContain('There is no mutant "none". Mutants: takes-any-report,');
});
