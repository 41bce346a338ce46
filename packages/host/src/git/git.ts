/**
 * Asks git, and lets nothing in the repository make it do more than answer.
 *
 * Settings of a repository name programs that git runs: hooks, monitors, filters, drivers, pagers, signers. What can be
 * turned off is turned off by name; filters and hooks whose names are anybody's choice are found first.
 */
import { relative } from 'node:path';
import type { ToolContext } from '@omnipaw/kernel';
import { hostError } from '../errors.js';
import type { Workspace } from '../paths/workspace.js';
import { checkOptions } from '../schemas/options.js';
import type { CommandResult, CommandRunner } from '../system/index.js';
import { assertOneName } from './one-name.js';
import { gitOptions } from './option-schemas.js';
import type { GitOptions } from './options.js';
import { assertSelfContained, repositoryOf, type Repository } from './repository.js';
import { LISTING, programsOff, variables, type Setting } from './settings.js';

export interface GitAnswer {
  readonly exitCode: number;
  /** As UTF-8. */
  readonly stdout: string;
  /** The last line of what git complained about, without what it quotes and was not asked. */
  readonly complaint: string;
}

const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_COMPLAINT_CHARS = 500;

export class Git {
  readonly #workspace: Workspace;
  readonly #runner: CommandRunner;
  readonly #options: GitOptions;

  /** Throws a `TypeError` for options that are none. */
  constructor(workspace: Workspace, runner: CommandRunner, options: GitOptions = {}) {
    checkOptions('Git', gitOptions, options);
    this.#workspace = workspace;
    this.#runner = runner;
    this.#options = options;
  }

  /** Runs git in the root; rejects with `GIT_UNAVAILABLE`, `GIT_REFUSED` and `GIT_FAILED`, but not because git says no. */
  async ask(args: readonly string[], signal: ToolContext['signal'], more: Readonly<Record<string, string>> = {}): Promise<GitAnswer> {
    const where = await this.#where();
    const programs = await this.#programsOff(where, signal);
    return this.#run([...where, ...args], signal, { ...variables(programs), ...more });
  }

  /** What git answers; throws `GIT_FAILED` with its complaint when it says no. */
  async text(args: readonly string[], signal: ToolContext['signal'], more?: Readonly<Record<string, string>>): Promise<string> {
    const { exitCode, stdout, complaint } = await this.ask(args, signal, more);
    if (exitCode !== 0) throw hostError('GIT_FAILED', `git ${args[0]!} failed: ${complaint || `exit code ${exitCode}`}`, { details: { exitCode, complaint } });
    return stdout;
  }

  /** What git lists with `-z`. */
  async names(args: readonly string[], signal: ToolContext['signal']): Promise<readonly string[]> {
    return (await this.text(args, signal)).split('\0').filter((name) => name !== '');
  }

  /** Throws `PATH_REFUSED` if one of the files that git is about to read has other names; they are named from the top of the repository. */
  async confine(names: readonly string[]): Promise<void> {
    const { top } = await this.#repository();
    await assertOneName(top, names);
  }

  /** Seen from the root, which may have another name where the runner is. */
  async #where(): Promise<readonly string[]> {
    const { top, directory, common } = await this.#repository();
    await assertSelfContained(common);
    const fromRoot = (place: string): string => relative(this.#workspace.root, place) || '.';
    return [`--git-dir=${fromRoot(directory)}`, `--work-tree=${fromRoot(top)}`];
  }

  #repository(): Promise<Repository> {
    return repositoryOf(this.#workspace.root, this.#options.around === true);
  }

  async #programsOff(where: readonly string[], signal: ToolContext['signal']): Promise<readonly Setting[]> {
    const { exitCode, stdout, complaint } = await this.#run([...where, ...LISTING], signal, variables([]));
    // 1 says that there is none.
    if (exitCode > 1) throw hostError('GIT_FAILED', `git could not tell its settings: ${complaint || `exit code ${exitCode}`}`, { details: { exitCode, complaint } });
    return programsOff(stdout);
  }

  async #run(args: readonly string[], signal: ToolContext['signal'], more: Readonly<Record<string, string>>): Promise<GitAnswer> {
    const result = await this.#runner.exec(['git', '--no-pager', '--no-optional-locks', ...args], {
      cwd: '.',
      env: { ...this.#environment(), ...more },
      timeoutMs: TIMEOUT_MS,
      signal,
      maxOutputBytes: MAX_ANSWER_BYTES,
    });
    if (result.exitCode === NOT_FOUND) {
      const where = this.#runner.mode === 'local' ? 'on this machine' : 'where commands run';
      throw hostError('GIT_UNAVAILABLE', `git could not be asked: there is no git ${where}.`);
    }
    return answerOf(result, args);
  }

  #environment(): Readonly<Record<string, string>> {
    const { home } = this.#options;
    const settings = home === undefined ? { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' } : { HOME: home };
    return { ...settings, LC_ALL: 'C.UTF-8', GIT_TERMINAL_PROMPT: '0', GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none', GIT_ATTR_NOSYSTEM: '1' };
  }
}

/** As a shell says it of a program that it has not found. */
const NOT_FOUND = 127;

function answerOf({ endedBy, exitCode, stdout, stderr }: CommandResult, args: readonly string[]): GitAnswer {
  const complaint = complaintOf(Buffer.concat([stderr.head, stderr.tail]).toString('utf8'), args);
  if (exitCode === null) throw hostError('GIT_FAILED', `git was ended before it had answered (${endedBy}).`, { details: { endedBy } });
  if (stdout.cutBytes > 0) throw hostError('GIT_FAILED', `git answered with more than ${MAX_ANSWER_BYTES} bytes. Ask for less.`);
  return { exitCode, stdout: Buffer.from(stdout.head).toString('utf8'), complaint };
}

/** Settings may name files from anywhere, and git quotes what it does not understand in them: in quotation marks, or at the end after a colon. */
function complaintOf(text: string, args: readonly string[]): string {
  const [kind = '', said, ...more] = (text.trim().split('\n').at(-1) ?? '').slice(0, MAX_COMPLAINT_CHARS).split(/(?<!'): /);
  const line = said === undefined ? kind : `${kind}: ${said}${more.length > 0 ? ': …' : ''}`;
  return line.replace(/'([^']*)'?/g, (quoted, inner: string) => (args.some((arg) => arg.includes(inner)) ? quoted : "'…'"));
}
