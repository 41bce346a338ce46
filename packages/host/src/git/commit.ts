import { defineTool, type Tool, type ToolContext } from '@omnipaw/kernel';
import * as v from 'valibot';
import { hostError } from '../errors.js';
import { refuse } from '../paths/refusals.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { path, withoutNul } from '../schemas/values.js';
import type { Git } from './git.js';
import { pathspecs } from './schemas.js';

export interface CommitArguments {
  readonly message: string;
  /** Whose changes are committed: these paths as they are, deleted ones too, and nothing else. */
  readonly paths: readonly string[];
  readonly author: { readonly name: string; readonly email: string };
}

export interface CommitResult {
  readonly commit: string;
}

const MAX_PATHS = 500;
const MAX_MESSAGE_CHARS = 16 * 1024;

/** What stands in a commit beside the message; git would leave out `<`, `>` and the ends of lines. */
const word = v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(200), v.regex(/^[^<>\p{Cc}]+$/u, 'must be one line without < and >'));

/**
 * Commits paths as they are; no hook runs and nothing is signed. Not idempotent: a second commit says `GIT_FAILED`, since nothing
 * is left to be committed. Throws `PATH_REFUSED` and what git's tools throw.
 */
export function commitTool(name: string, git: Git): Tool<CommitArguments, CommitResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Commits some paths as they are.',
    input: argumentsOf(
      fields({
        message: v.pipe(withoutNul, v.trim(), v.nonEmpty(), v.maxLength(MAX_MESSAGE_CHARS)),
        paths: v.pipe(v.array(path), v.nonEmpty(), v.maxLength(MAX_PATHS)),
        author: fields({ name: word, email: word }),
      }),
    ),
    idempotent: false,
    timeoutMs: 90_000,
    run: async ({ message, paths, author }, { signal }): Promise<CommitResult> => {
      const identity = { GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email, GIT_COMMITTER_NAME: author.name, GIT_COMMITTER_EMAIL: author.email };
      const specs = pathspecs(paths);
      await assertPlain(git, specs, signal);
      await git.text(['add', '--all', ...specs], signal);
      await assertChanged(git, specs, signal);
      // Allowed to be empty, or else git may look into nested repositories to say why there is nothing to be committed.
      await git.text(['commit', '--quiet', '--allow-empty', '--no-verify', '--no-gpg-sign', '--cleanup=verbatim', `--message=${message}`, '--only', ...specs], signal, identity);
      return { commit: (await git.text(['rev-parse', 'HEAD'], signal)).trim() };
    },
  });
}

/** A line of `git ls-files -v --stage --others`: what git makes of a path, its mode if it is in the index, and the path. */
const LISTED = /^(\S) (?:(\d+) [0-9a-f]+ \d\t)?(.*)$/s;
const UNCHANGED = 'H';
const NESTED_REPOSITORY = '160000';

/**
 * Throws `PATH_REFUSED` if git would read a file that has other names, or look into a nested repository, whose settings name
 * programs as well. Files that the index calls unchanged whatever they are count as changed: they are committed, too.
 */
async function assertPlain(git: Git, specs: readonly string[], signal: ToolContext['signal']): Promise<void> {
  const listed = await git.names(['ls-files', '-z', '-v', '--stage', '--modified', '--others', '--exclude-standard', '--full-name', ...specs], signal);
  const read: string[] = [];
  for (const line of listed) {
    const [, state, mode, name] = LISTED.exec(line) as unknown as [string, string, string | undefined, string];
    if (mode === NESTED_REPOSITORY || name.endsWith('/')) refuse(name, 'a repository of its own, into which git would look; name the other paths');
    if (state !== UNCHANGED) read.push(name);
  }
  await git.confine(read);
}

/** Throws `GIT_FAILED` when there is nothing to be committed. */
async function assertChanged(git: Git, specs: readonly string[], signal: ToolContext['signal']): Promise<void> {
  const changed = await git.names(['diff', '--cached', '--no-ext-diff', '--name-only', '-z', '--ignore-submodules=all', ...specs], signal);
  if (changed.length === 0) throw hostError('GIT_FAILED', 'git commit failed: nothing is changed in these paths.', { details: { exitCode: 1, complaint: 'nothing to commit' } });
}

