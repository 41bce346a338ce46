import { hostError } from '../errors.js';
import type { CommandRunner } from './command-runner.js';

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
