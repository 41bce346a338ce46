import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hostError } from '../errors.js';
import { liesWithin } from '../paths/lies-within.js';
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

/** Names of tools that do their work where commands run, beside commands: `fs,git`. */
const TOOLS_VARIABLE = 'SANDBOX_TOOLS';
const CONTAINABLE = ['fs', 'git'] as const;

/** Which tools are to do so; throws `SANDBOX_UNAVAILABLE` for a name of none. An option says otherwise for its own. */
export function alsoContained(environment: Readonly<Record<string, string | undefined>>): ReadonlySet<string> {
  const names = (environment[TOOLS_VARIABLE] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  const strange = names.find((name) => CONTAINABLE.every((known) => known !== name));
  if (strange === undefined) return new Set(names);
  throw hostError('SANDBOX_UNAVAILABLE', `${TOOLS_VARIABLE} names ${JSON.stringify(strange)}, and there are no such tools; there are: ${CONTAINABLE.join(', ')}. Commands are where ${SANDBOX_VARIABLE} says.`, { details: { tools: strange } });
}

/**
 * The variables of this process, and those named `SANDBOX_…` of a `.env` file in a directory unless the process has them, and not
 * empty: the others there are somebody else's.
 *
 * Throws `SANDBOX_UNAVAILABLE` when it takes some of a file in `root` (absolute and free of links): agents write there, and would
 * say where they run.
 */
export function hostEnvironment(directory: string = process.cwd(), root?: string): Readonly<Record<string, string | undefined>> {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name, value]) => value !== '' || !name.startsWith('SANDBOX_')));
  const file = join(directory, '.env');
  const named = [...textOf(file).matchAll(LINE)].map(([, name, double, single, plain]) => [name!, double ?? single ?? plain!.trim()] as const);
  const [taken] = named.find(([name]) => !Object.hasOwn(own, name)) ?? [];
  if (taken !== undefined && root !== undefined && isWrittenIn(root, file)) {
    throw hostError('SANDBOX_UNAVAILABLE', `${taken} stands in ${file}, which is in the root of the tools: agents could write there where they run. Move that file out of ${root}, start the program elsewhere, or set the variable in the environment.`, { details: { file, root } });
  }
  return { ...Object.fromEntries(named), ...own };
}

/** Whether the name of a file, or what it leads to, can be changed by who writes in a directory. */
function isWrittenIn(root: string, file: string): boolean {
  return [realpathSync(dirname(file)), dirname(realpathSync(file))].some((place) => liesWithin(root, place));
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
