import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import type { Workspace } from '../paths/workspace.js';
import { refuse } from '../paths/refusals.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { path, within } from '../schemas/values.js';
import type { Git } from './git.js';
import { assertOneName } from './one-name.js';

export interface BlameArguments {
  readonly path: string;
  /** From 1. */
  readonly lines: readonly number[];
}

/** Who wrote a line, and when. */
export interface Origin {
  readonly line: number;
  readonly commit: string;
  readonly author: string;
  /** The day in UTC, `2024-03-01`. */
  readonly date: string;
}

export interface BlameResult {
  /** Without lines that are not committed. */
  readonly origins: readonly Origin[];
  /** Why there are none at all. */
  readonly note: string | null;
}

const MAX_LINES = 500;

/** Says who wrote lines of a file; a file that nobody has committed has a note. Throws `PATH_REFUSED` and what git's tools throw. */
export function blameTool(name: string, git: Git, workspace: Workspace): Tool<BlameArguments, BlameResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Tells author and day of lines of one file.',
    input: argumentsOf(fields({ path, lines: v.pipe(v.array(within(1)), v.maxLength(MAX_LINES)) })),
    idempotent: true,
    timeoutMs: 90_000,
    retry: { limit: 0, backoffMs: 0 },
    run: async ({ path, lines }, { signal }): Promise<BlameResult> => {
      const { kind } = await workspace.stat(path);
      if (kind !== 'file') return refuse(path, `a ${kind} where a file is wanted`);
      await assertOneName(workspace.root, [path]);
      if (lines.length === 0) return { origins: [], note: null };
      const ranges = lines.flatMap((line) => ['-L', `${line},${line}`]);
      const args = ['blame', '--line-porcelain', '--encoding=UTF-8', '--no-textconv', '-w', ...ranges, '--', path];
      const { exitCode, stdout, complaint } = await git.ask(args, signal);
      return exitCode === 0 ? { origins: parseBlame(stdout), note: null } : { origins: [], note: complaint };
    },
  });
}

const HEADER = /^([0-9a-f]{40,64}) \d+ (\d+)/;
const NOT_COMMITTED = /^0+$/;

/** Reads `git blame --line-porcelain`: for each line a header, facts by name, and the line itself after a tab. */
export function parseBlame(porcelain: string): Origin[] {
  const origins: Origin[] = [];
  let commit = '';
  let line = 0;
  let facts = new Map<string, string>();
  for (const text of porcelain.split('\n')) {
    const header = HEADER.exec(text);
    if (text.startsWith('\t')) {
      const author = facts.get('author')?.trim() ?? '';
      const seconds = Number(facts.get('author-time'));
      if (!NOT_COMMITTED.test(commit) && Number.isFinite(seconds)) origins.push({ line, commit, author: author === '' ? 'unknown' : author, date: dayOf(seconds) });
      facts = new Map();
    } else if (header !== null && facts.size === 0) {
      commit = header[1]!;
      line = Number(header[2]);
    } else {
      const space = text.indexOf(' ');
      facts.set(text.slice(0, space), text.slice(space + 1));
    }
  }
  return origins;
}

/** Git takes any number for a time; what no calendar has is the first day of its own. */
function dayOf(seconds: number): string {
  const day = new Date(seconds * 1000);
  const year = day.getUTCFullYear();
  return year >= 1970 && year <= 9999 ? day.toISOString().slice(0, 10) : '1970-01-01';
}
