import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MUTANTS } from '../../sim/mutants.js';

const SCRIPT = fileURLToPath(new URL('../../../../scripts/sim.mjs', import.meta.url));

interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function sim(...args: string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SCRIPT, '--of=swarm', ...args], (_error, stdout, stderr) => { resolve({ status: child.exitCode, stdout, stderr }); });
  });
}

test('a bug is found, with the seed that shows it and the smallest plan', { timeout: 120_000 }, async () => {
  const { status, stdout } = await sim('--seeds', '200', '--workers', '1', '--shrinks', '20', '--mutant', 'takes-any-report');
  expect(status).toBe(1);
  const [, seed] = /Seed (\d+) breaks:/.exec(stdout) ?? [];
  expect(stdout).toContain(`Again: npm run sim:swarm -- --seed ${seed} --mutant takes-any-report\n`);
  expect(stdout).toMatch(/"hasStranger": true|"what": "lie"/);
});

test.each(MUTANTS.map(({ name, bug }) => [name, bug]))('%s is found: %s', { timeout: 600_000 }, async (name) => {
  const { status, stdout } = await sim('--seeds', '2000', '--workers', '2', '--shrinks', '1', '--mutant', name);
  expect([status, stdout]).toEqual([1, expect.stringMatching(/Seed \d+ breaks:/)]);
});

test('a call that is wrong is told so', async () => {
  expect(await sim('--seeds', 'many')).toMatchObject({ status: 2, stderr: '--seeds is "many"; it must be a whole number from 1.\n' });
  expect((await sim('--mutant', 'none')).stderr).toContain('There is no mutant "none". Mutants: takes-any-report,');
});
