import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostError } from '../errors.js';
import type { CommandRunner } from './command-runner.js';

/** A line of a `.env` file, with its value in quotes or up to a comment. */
const LINE = /^[ \t]*(?:export[ \t]+)?(SANDBOX_\w+)[ \t]*=[ \t]*(?:"([^"\r\n]*)"|'([^'\r\n]*)'|([^#\r\n]*))/gm;

/** What chooses a runner: a variable of the process's environment. */
export const SANDBOX_VARIABLE = 'SANDBOX_MODE';

/** The runner that `SANDBOX_MODE` names, `local` unless it is set; throws `SANDBOX_UNAVAILABLE` when it was not given. */
export function chooseRunner(runners: readonly CommandRunner[], environment: Readonly<Record<string, string | undefined>>): CommandRunner {
  const set = environment[SANDBOX_VARIABLE] ?? '';
  const mode = set === '' ? 'local' : set;
  const runner = runners.find((one) => one.mode === mode);
  if (runner !== undefined) return runner;
  const known = runners.map((one) => one.mode).join(', ');
  const remedy = mode === 'docker' ? 'Install @omnipaw/sandbox-docker and give hostTools its runner' : 'Set one of these, or give hostTools such a runner';
  throw hostError('SANDBOX_UNAVAILABLE', `${SANDBOX_VARIABLE} is ${JSON.stringify(mode)}, and there is no runner for it; there is: ${known}. ${remedy}.`, { details: { mode } });
}

/**
 * The variables of this process, and those named `SANDBOX_…` of a `.env` file in a directory unless the process has them, and not
 * empty: the others there are somebody else's.
 */
export function hostEnvironment(directory: string = process.cwd()): Readonly<Record<string, string | undefined>> {
  const named = [...textOf(join(directory, '.env')).matchAll(LINE)].map(([, name, double, single, plain]) => [name!, double ?? single ?? plain!.trim()] as const);
  const own = Object.entries(process.env).filter(([name, value]) => value !== '' || !name.startsWith('SANDBOX_'));
  return { ...Object.fromEntries(named), ...Object.fromEntries(own) };
}

/** Empty when there is no such file; one that can't be read is not passed over. */
function textOf(file: string): string {
  try {
    // Some editors begin a file with a mark that would be taken for a part of the first name.
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw hostError('SANDBOX_UNAVAILABLE', `${file} could not be read, and it may say where commands run: ${(thrown as Error).message}.`, { cause: thrown });
  }
}
