import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createKernel, FileLogReader, FileLogStore } from '@omnipaw/kernel';
import { assertReplays } from '@omnipaw/testing';
import { expect, test } from 'vitest';
import { SwarmCoordinator } from '@omnipaw/swarm';
import { PIECES, squares, toolsIn } from '../fixtures/squares.js';
import { bundle } from '../../../../testing/bundle.js';

test('a process is killed in the middle of a map-reduce, and the next one finishes it', { timeout: 60_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'omnipaw-swarm-'));
  try {
    const log = join(directory, 'log');
    const effects = join(directory, 'effects');
    appendFileSync(effects, '');
    await untilKilled(await bundle(new URL('../fixtures/squares-process.ts', import.meta.url)), [log, effects]);
    const before = readFileSync(effects, 'utf8').trim().split('\n');

    const kernel = await createKernel({ log: new FileLogStore(log), agents: [...squares.agents], tools: toolsIn(effects) });
    const { result, account } = await SwarmCoordinator.resume(kernel, { swarm: squares, id: 'squares-1', log: new FileLogReader(log) });
    await kernel.stop();

    expect(before.length).toBeLessThan(PIECES);
    expect(result).toEqual(Array.from({ length: PIECES }, (_, index) => index ** 2));
    expect(account.tasks.done).toBe(account.tasks.total);
    // Whatever was under way was done again under the same key, and nothing else.
    const after = readFileSync(effects, 'utf8').trim().split('\n');
    expect(new Set(after).size).toBe(PIECES);
    expect(after.length - PIECES).toBeLessThanOrEqual(4);
    await assertReplays(new FileLogReader(log), { agents: [...squares.agents], tools: toolsIn(effects) });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

/** Kills the process as soon as it says that it is in the middle of its work. */
function untilKilled(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => { if (line === 'half') child.kill('SIGKILL'); });
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve();
      else reject(new Error(`It ended by itself, with ${String(code ?? signal)}.`));
    });
  });
}
