/** Child processes for the scripts of this workspace. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIN = join(ROOT, 'node_modules', '.bin');

/**
 * Runs a command on this terminal and resolves with its exit code, 128 + n after signal n.
 *
 * Signals sent to this process go on to the child, and this process waits for it: the child decides
 * how to end. (A Ctrl-C in a terminal reaches the child by itself; a second SIGINT does no harm.)
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

export function runTurbo(args) {
  const env = {
    ...process.env,
    PATH: `${BIN}${delimiter}${process.env.PATH}`, // turbo looks for pnpm there
    TURBO_TELEMETRY_DISABLED: '1',
  };
  return run(join(BIN, 'turbo'), args, { env, shell: process.platform === 'win32' });
}
