/** What a unified diff does to files, pure. */
import { parsePatch, type StructuredPatch } from 'diff';
import { applyHunks, newBudget, type Budget } from './hunks.js';
import { reject } from './reject.js';

/** One file of a patch. */
export interface FileChange {
  /** Null for a file that is made. */
  readonly from: string | null;
  /** Null for a file that is deleted. */
  readonly to: string | null;
  /** The new content; throws `PATCH_REJECTED` when a hunk does not fit. */
  readonly apply: (before: string) => string;
}

const NOWHERE = '/dev/null';

/** Reads a patch as `diff -u` and git write them; throws `PATCH_REJECTED` for anything else. */
export function parseChanges(patch: string, maxFiles: number): readonly FileChange[] {
  const files = parse(patch).filter(({ oldFileName, newFileName, hunks }) => oldFileName !== undefined || newFileName !== undefined || hunks.length > 0);
  if (files.length === 0) return reject('it changes no file. Give a unified diff, with --- and +++ before the hunks of each file');
  if (files.length > maxFiles) return reject(`it changes ${files.length} files, more than ${maxFiles}`);
  const budget = newBudget();
  const changes = files.map((file) => changeOf(file, budget));
  const paths = changes.flatMap(({ from, to }) => [...new Set([from, to])].filter((path) => path !== null));
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) return reject(`it changes ${JSON.stringify(twice)} more than once`);
  return changes;
}

function parse(patch: string): StructuredPatch[] {
  try {
    return parsePatch(patch);
  } catch (cause) {
    return reject(`it is no unified diff (${(cause as Error).message})`);
  }
}

function changeOf(file: StructuredPatch, budget: Budget): FileChange {
  if (file.isBinary === true) return reject('it changes a binary file');
  if (file.isCopy === true) return reject('it copies a file; make a new one');
  // Links and submodules, which git writes as text.
  if ([file.oldMode, file.newMode].some((mode) => mode?.startsWith('100') === false)) return reject('it changes something else than files');
  const { oldFileName, newFileName } = file;
  if (oldFileName === undefined || newFileName === undefined) return reject('a file of it has no --- or no +++ before its hunks');
  const prefixed = [oldFileName, newFileName].every((name, side) => name === NOWHERE || name.startsWith(side === 0 ? 'a/' : 'b/'));
  const from = nameOf(oldFileName, prefixed);
  const to = nameOf(newFileName, prefixed);
  if (from === null && to === null) return reject('a file of it is neither before nor after');
  return { from, to, apply: (before) => applyHunks(before, file.hunks, { path: to ?? from!, budget }) };
}

/** Git puts `a/` and `b/` before the names. */
function nameOf(name: string, prefixed: boolean): string | null {
  if (name === NOWHERE) return null;
  return prefixed ? name.slice(2) : name;
}
