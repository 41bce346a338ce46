import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import type { Git } from './git.js';
import { path, pathspecs } from './schemas.js';

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

/**
 * Commits paths as they are; no hook runs and nothing is signed. Not idempotent: a second commit says `GIT_FAILED`, since nothing
 * is left to be committed. Throws `PATH_REFUSED` and what git's tools throw.
 */
export function commitTool(name: string, git: Git): Tool<CommitArguments, CommitResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Commits some paths as they are.',
    input: v.strictObject({
      message: v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(MAX_MESSAGE_CHARS), v.check((text) => !text.includes('\0'), 'has a NUL character')),
      paths: v.pipe(v.array(path), v.minLength(1), v.maxLength(MAX_PATHS)),
      author: v.strictObject({ name: word(), email: word() }),
    }),
    idempotent: false,
    timeoutMs: 90_000,
    run: async ({ message, paths, author }, { signal }): Promise<CommitResult> => {
      const identity = { GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email, GIT_COMMITTER_NAME: author.name, GIT_COMMITTER_EMAIL: author.email };
      const specs = pathspecs(paths);
      await git.confine(['ls-files', '-z', '--modified', '--others', '--exclude-standard', ...specs], signal);
      await git.text(['add', '--all', ...specs], signal);
      await git.text(['commit', '--quiet', '--no-verify', '--no-gpg-sign', '--cleanup=verbatim', `--message=${message}`, '--only', ...specs], signal, identity);
      return { commit: (await git.text(['rev-parse', 'HEAD'], signal)).trim() };
    },
  });
}

/** What stands in a commit beside the message; git would leave out `<`, `>` and the ends of lines. */
function word() {
  return v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(200), v.regex(/^[^<>\p{Cc}]+$/u, 'has a character that no name has'));
}
