/** Runs commands on this machine. No sandbox: a command can do what this process can do, but not outlive its call. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { delimiter, isAbsolute } from 'node:path';
import { hostError } from '../errors.js';
import { liesWithin } from '../paths/lies-within.js';
import type { Workspace } from '../paths/workspace.js';
import { checkOptions } from '../schemas/options.js';
import { assertPlainCommand, type Command, type CommandResult, type CommandRunner, type ExecOptions } from './command-runner.js';
import { TAG_VARIABLE } from './descendants.js';
import { namespacePrefix } from './namespace.js';
import { localRunnerOptions } from './option-schemas.js';
import type { LocalRunnerOptions } from './options.js';
import { processLimit } from './process-limit.js';
import { RunningCommand } from './running-command.js';

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
const MAX_FILE_BYTES = 1024 * 1024 * 1024;
/** Beyond its timeout, for the processor time of one process. */
const CPU_MARGIN_S = 5;
/**
 * Limits that the system has lower already stay as they are (that of processes is `-p` in some shells). Its first three arguments
 * are the two limits of processes and that of seconds; after them comes the command, which lets everybody else go first: this
 * process above all, which must end it.
 */
const WRAPPER = [
  `{ ulimit -c 0; ulimit -f ${MAX_FILE_BYTES / 512}; [ -z "$1" ] || ulimit -u "$1" || ulimit -p "$1"; ulimit -t "$3"`,
  // The lowest that Linux takes depends on how many processors there are.
  '[ -z "$2" ] || for times in 1 2 4 8; do echo $(($2 * times)) > /proc/sys/kernel/pid_max && break; done; } 2>/dev/null',
  'shift 3; ! command -v nice >/dev/null || set -- nice -n 19 "$@"; "$@"; exit $?',
].join('; ');

export class LocalRunner implements CommandRunner {
  readonly mode = 'local';
  readonly #workspace: Workspace;
  readonly #options: LocalRunnerOptions;
  #prefix: Promise<readonly string[]> | undefined;

  /** Throws a `TypeError` for options that are none, and `SANDBOX_UNAVAILABLE` at the first command on a system that is none of Unix's kind. */
  constructor(workspace: Workspace, options: LocalRunnerOptions) {
    checkOptions('LocalRunner', localRunnerOptions, options);
    this.#workspace = workspace;
    this.#options = options;
  }

  async exec(command: Command, options: ExecOptions): Promise<CommandResult> {
    if (process.platform === 'win32') throw hostError('SANDBOX_UNAVAILABLE', 'Commands do not run on Windows itself. Give hostTools a runner for containers, or use WSL.');
    assertPlainCommand(command, options.env);
    this.#prefix ??= this.#options.namespaces === 'none' ? Promise.resolve([]) : namespacePrefix(this.#environment({}, 'probe'));
    const tag = randomUUID();
    const prefix = await this.#prefix;
    const [program, ...args] = this.#argv(command, prefix, options.timeoutMs);
    // Held until the child is in it, so that no other directory can take its name.
    const running = await this.#workspace.within(options.cwd, async (directory) => {
      const child = spawn(program!, args, {
        cwd: directory.place,
        env: this.#environment(options.env, tag),
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      const begun = new RunningCommand(child, { tag, hasNamespace: prefix.length > 0, maxProcesses: this.#options.maxProcesses, options });
      await begun.started;
      return begun;
    });
    return running.untilOver();
  }

  #argv(command: Command, prefix: readonly string[], timeoutMs: number): readonly string[] {
    const { ofUser, endOfIds } = processLimit(prefix, this.#options.maxProcesses);
    return [...prefix, '/bin/sh', '-c', WRAPPER, 'sh', ofUser, endOfIds, String(Math.ceil(timeoutMs / 1_000) + CPU_MARGIN_S), ...command];
  }

  #environment(more: Readonly<Record<string, string>>, tag: string): NodeJS.ProcessEnv {
    const { PATH = DEFAULT_PATH, TZ } = this.#options.environment;
    return { PATH: searchPath(PATH, this.#workspace.root), HOME: this.#workspace.root, LANG: 'C.UTF-8', ...(TZ === undefined ? {} : { TZ }), ...more, [TAG_VARIABLE]: tag };
  }
}

/**
 * Without places where agents can write: what stands there under the name of a program is no program of the operator's.
 *
 * A place is called what it really is, since a link on the way to it may lie in the root, and lead elsewhere by then.
 */
function searchPath(given: string, root: string): string {
  const places = given.split(delimiter).flatMap((place) => (isAbsolute(place) ? realPlace(place) : []));
  const outside = new Set(places.filter((place) => !liesWithin(root, place)));
  return outside.size === 0 ? DEFAULT_PATH : [...outside].join(delimiter);
}

/** What is not there has nothing to run, and may be in the root once it is. */
function realPlace(place: string): readonly string[] {
  try {
    return [realpathSync(place)];
  } catch {
    return [];
  }
}
