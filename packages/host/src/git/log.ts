import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { within } from '../schemas/values.js';
import type { Git } from './git.js';
import { paths, pathspecs, revision } from './schemas.js';

export interface LogArguments {
  /** Where to begin; the commit that is checked out unless given. */
  readonly from?: string;
  /** 20 unless given. */
  readonly count?: number;
  /** Only commits that change one of these. */
  readonly paths?: readonly string[];
}

export interface LoggedCommit {
  readonly commit: string;
  readonly author: string;
  /** In ISO 8601, with the author's own time zone. */
  readonly date: string;
  /** The whole message; of a long one the first 4,000 characters. */
  readonly message: string;
}

export interface LogResult {
  /** The newest first. */
  readonly commits: readonly LoggedCommit[];
}

const DEFAULT_COUNT = 20;
const MAX_COUNT = 50;
const MAX_MESSAGE_CHARS = 4_000;
const FIELDS = 4;

/** Lists commits. Throws `PATH_REFUSED` and what git's tools throw. */
export function logTool(name: string, git: Git): Tool<LogArguments, LogResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Lists commits, the newest first.',
    input: argumentsOf(fields({ from: v.exactOptional(revision), count: v.exactOptional(within(1, MAX_COUNT)), paths: v.exactOptional(paths) })),
    idempotent: true,
    timeoutMs: 90_000,
    run: async ({ from = 'HEAD', count = DEFAULT_COUNT, paths = [] }, { signal }): Promise<LogResult> => {
      const args = ['log', '-z', '--no-color', '--no-show-signature', '--format=%H%x00%an%x00%aI%x00%B', `--max-count=${count}`, from];
      const text = await git.text([...args, ...(paths.length === 0 ? ['--'] : pathspecs(paths))], signal);
      return { commits: parseLog(text) };
    },
  });
}

/** NUL stands between the fields, and between commits. */
function parseLog(text: string): LoggedCommit[] {
  const fields = text === '' ? [] : text.split('\0');
  const commits: LoggedCommit[] = [];
  for (let at = 0; at + FIELDS <= fields.length; at += FIELDS) {
    const [commit, author, date, message] = fields.slice(at, at + FIELDS) as [string, string, string, string];
    commits.push({ commit, author, date, message: message.trimEnd().slice(0, MAX_MESSAGE_CHARS).replace(/[\uD800-\uDBFF]$/, '') });
  }
  return commits;
}
