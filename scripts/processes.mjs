/** Child processes for the scripts of this workspace. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const BIN = join(ROOT, 'node_modules', '.bin');
/** Windows can start the tools in node_modules/.bin, which are .cmd files there, by a shell only. */
const shell = process.platform === 'win32';

/** The environment in which the tools of the workspace are found, also by each other (turbo runs pnpm). */
export const toolEnv = {
  ...process.env,
  PATH: `${BIN}${delimiter}${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
};

export function runTurbo(args, options = {}) {
  return run('turbo', args, { env: toolEnv, shell, ...options });
}

/**
 * Runs a command on this terminal and resolves with its exit code, 128 + n after signal n.
 *
 * Signals sent to this process go on to the child, and this process waits for it: the child decides
 * how to end. With `onOutput`, what the child prints goes there, as text, and not to the terminal.
 */
export function run(command, args, { onOutput, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = onOutput === undefined ? 'inherit' : ['inherit', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd: ROOT, stdio, ...options });
    if (onOutput !== undefined) for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput);
    const forward = (signal) => {
      // At a terminal, a Ctrl-C has reached the child already: a second one would cut its farewell short.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
