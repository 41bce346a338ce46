/**
 * Asks git, and lets nothing in the repository make it do more than answer.
 *
 * Settings of a repository name programs that git runs: hooks, monitors, filters, drivers, pagers, signers. What can be
 * turned off is turned off by name, and a filter, whose name is anybody's choice, is found first.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToolContext } from '@omnipaw/kernel';
import { hostError } from '../errors.js';
import { refuse } from '../paths/refusals.js';
import type { Workspace } from '../paths/workspace.js';
import type { CommandResult, CommandRunner } from '../system/index.js';

export interface GitOptions {
  /** The home of whom git takes its global settings from; nobody's unless given. */
  readonly home?: string;
  /** Whether the repository may lie around the root, too: then its history has files outside of the root. False unless given. */
  readonly around?: boolean;
  /** Whether git runs where commands do, as `SANDBOX_MODE` says, and not on this machine. Its image must have git then. False unless given. */
  readonly contained?: boolean;
}

export interface GitAnswer {
  readonly exitCode: number;
  /** As UTF-8. */
  readonly stdout: string;
  /** The last line of what git complained about. */
  readonly complaint: string;
}

const QUIET = [
  ...['--no-pager', '--no-optional-locks'],
  ...['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.attributesFile=/dev/null', 'core.sshCommand=false', 'core.editor=false'].flatMap(setting),
  ...['commit.gpgSign=false', 'log.showSignature=false', 'gc.auto=0', 'maintenance.auto=false', 'protocol.allow=never', 'submodule.recurse=false'].flatMap(setting),
];
const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

function setting(text: string): string[] {
  return ['-c', text];
}

export class Git {
  readonly #workspace: Workspace;
  readonly #runner: CommandRunner;
  readonly #options: GitOptions;

  constructor(workspace: Workspace, runner: CommandRunner, options: GitOptions = {}) {
    this.#workspace = workspace;
    this.#runner = runner;
    this.#options = options;
  }

  /** Runs git in the root; rejects with `GIT_UNAVAILABLE`, `GIT_REFUSED` and `GIT_FAILED`, but not because git says no. */
  async ask(args: readonly string[], signal: ToolContext['signal'], more: Readonly<Record<string, string>> = {}): Promise<GitAnswer> {
    const where = this.#options.around === true ? [] : await this.#ownRepository();
    const filters = await this.#filtersOff(where, signal);
    return this.#run([...where, ...filters, ...args], signal, more);
  }

  /** What git answers; throws `GIT_FAILED` with its complaint when it says no. */
  async text(args: readonly string[], signal: ToolContext['signal'], more?: Readonly<Record<string, string>>): Promise<string> {
    const { exitCode, stdout, complaint } = await this.ask(args, signal, more);
    if (exitCode !== 0) throw hostError('GIT_FAILED', `git ${args[0]!} failed: ${complaint || `exit code ${exitCode}`}`, { details: { exitCode, complaint } });
    return stdout;
  }

  /** Throws `PATH_REFUSED` if one of the files that git is about to read has other names, which may be outside of the root. */
  async confine(listing: readonly string[], signal: ToolContext['signal']): Promise<void> {
    const names = (await this.text(listing, signal)).split('\0').filter((name) => name !== '');
    for (const name of names) {
      const stats = await lstat(join(this.#workspace.root, name)).catch(() => undefined);
      if (stats?.isFile() === true && stats.nlink > 1) refuse(name, 'the file has other names (hard links), which may be outside of the root');
    }
  }

  /** Neither a link nor a file that says where the repository really is. */
  async #ownRepository(): Promise<readonly string[]> {
    const kind = await this.#workspace.stat('.git').then(
      (found) => found.kind,
      (thrown: unknown) => {
        if ((thrown as { readonly code?: string }).code !== 'FILE_NOT_FOUND') throw thrown;
        return 'missing' as const;
      },
    );
    if (kind === 'directory') return ['--git-dir=.git', '--work-tree=.'];
    const found = kind === 'missing' ? 'there is no repository' : `its .git is a ${kind}, which leads elsewhere`;
    throw hostError('GIT_REFUSED', `The root is asked about with git, but ${found}. Make the root a repository of its own.`);
  }

  /** `filter.NAME.clean` and the like are programs that git runs over files. */
  async #filtersOff(where: readonly string[], signal: ToolContext['signal']): Promise<readonly string[]> {
    const { exitCode, stdout, complaint } = await this.#run([...where, 'config', '-z', '--includes', '--name-only', '--get-regexp', '^filter\\.'], signal, {});
    // 1 says that there is none.
    if (exitCode > 1) throw hostError('GIT_FAILED', `git could not tell its settings: ${complaint || `exit code ${exitCode}`}`, { details: { exitCode, complaint } });
    const names = new Set(stdout.split('\0').map((key) => key.slice(0, key.lastIndexOf('.'))).filter((name) => name !== ''));
    return [...names].flatMap((name) => [`${name}.clean=`, `${name}.smudge=`, `${name}.process=`, `${name}.required=false`].flatMap(setting));
  }

  async #run(args: readonly string[], signal: ToolContext['signal'], more: Readonly<Record<string, string>>): Promise<GitAnswer> {
    const result = await this.#runner.exec(['git', ...QUIET, ...args], {
      cwd: '.',
      env: { ...this.#environment(), ...more },
      timeoutMs: TIMEOUT_MS,
      signal,
      maxOutputBytes: MAX_ANSWER_BYTES,
    });
    return answerOf(result, this.#runner.mode === 'local' ? 'on this machine' : 'where commands run');
  }

  #environment(): Readonly<Record<string, string>> {
    const { home } = this.#options;
    const settings = home === undefined ? { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' } : { HOME: home };
    return { ...settings, LC_ALL: 'C.UTF-8', GIT_TERMINAL_PROMPT: '0', GIT_NO_LAZY_FETCH: '1', GIT_ATTR_NOSYSTEM: '1' };
  }
}

/** As a shell says it of a program that it has not found. */
const NOT_FOUND = 127;

function answerOf({ endedBy, exitCode, stdout, stderr }: CommandResult, where: string): GitAnswer {
  const complaint = Buffer.concat([stderr.head, stderr.tail]).toString('utf8').trim().split('\n').at(-1) ?? '';
  if (exitCode === NOT_FOUND) throw hostError('GIT_UNAVAILABLE', `git could not be asked: there is no git ${where}.`);
  if (exitCode === null) throw hostError('GIT_FAILED', `git was ended before it had answered (${endedBy}).`, { details: { endedBy } });
  if (stdout.cutBytes > 0) throw hostError('GIT_FAILED', `git answered with more than ${MAX_ANSWER_BYTES} bytes. Ask for less.`);
  return { exitCode, stdout: Buffer.from(stdout.head).toString('utf8'), complaint };
}
