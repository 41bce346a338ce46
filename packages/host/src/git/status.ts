import { defineTool, type Tool } from '@omnipaw/kernel';
import { asManyAsFit } from '../json-size.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import type { Git } from './git.js';

export interface ChangedPath {
  readonly path: string;
  /** What it was called before; null unless it was renamed. */
  readonly from: string | null;
  /** As git says it: what differs in the index, and what in the files (`M`, `A`, `D`, `R`, `?`, `.` for nothing). */
  readonly index: string;
  readonly files: string;
}

export interface StatusResult {
  /** Null when no branch is checked out. */
  readonly branch: string | null;
  /** Null before the first commit. */
  readonly head: string | null;
  readonly changes: readonly ChangedPath[];
  /** Whether there are more than these, which are 2,000 or 512 KiB of JSON at the most. */
  readonly more: boolean;
}

const MAX_CHANGES = 2_000;
/** Half of what a value may take, unless a log has been told otherwise. */
const MAX_CHANGES_BYTES = 512 * 1024;

/** Says what is changed and not committed. Throws `GIT_REFUSED`, `GIT_UNAVAILABLE`, `GIT_FAILED`. */
export function statusTool(name: string, git: Git): Tool<Record<string, never>, StatusResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Says what is changed in the repository and not committed.',
    input: argumentsOf(fields({})),
    idempotent: true,
    timeoutMs: 90_000,
    run: async (_, { signal }): Promise<StatusResult> => {
      const args = ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=all', '--ignore-submodules=all'];
      return parseStatus(await git.text(args, signal));
    },
  });
}

/** Reads `git status --porcelain=v2 --branch -z`. */
export function parseStatus(porcelain: string): StatusResult {
  const changes: ChangedPath[] = [];
  const branch = new Map<string, string>();
  const records = porcelain.split('\0').values();
  for (const record of records) {
    const fields = record.split(' ');
    if (fields[0] === '#') branch.set(fields[1]!, fields.slice(2).join(' '));
    else if (fields[0] === '?') changes.push({ path: record.slice(2), from: null, index: '?', files: '?' });
    else if (fields[0] !== '') changes.push(changeOf(fields, records));
  }
  const known = (key: string, nothing: string): string | null => (branch.get(key) === nothing ? null : (branch.get(key) ?? null));
  return { branch: known('branch.head', '(detached)'), head: known('branch.oid', '(initial)'), ...firstOf(changes) };
}

function firstOf(all: readonly ChangedPath[]): Pick<StatusResult, 'changes' | 'more'> {
  const changes = asManyAsFit(all.slice(0, MAX_CHANGES), MAX_CHANGES_BYTES);
  return { changes, more: changes.length < all.length };
}

/** How many fields come before the path, by the kind of the record; that of a rename is followed by the old path. */
const FIELDS_BEFORE: Readonly<Record<string, number>> = { '1': 8, '2': 9, u: 10 };

function changeOf(fields: readonly string[], records: Iterator<string>): ChangedPath {
  const [kind, states] = fields as [string, string];
  const from = kind === '2' ? (records.next().value as string) : null;
  return { path: fields.slice(FIELDS_BEFORE[kind]).join(' '), from, index: states[0]!, files: states[1]! };
}
