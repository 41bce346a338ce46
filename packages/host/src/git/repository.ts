/**
 * Which repository is asked, and that its inside leads nowhere else.
 *
 * Git is told where it is and never looks for itself: to git, any directory that has HEAD, refs and objects in it is a
 * repository. What is in it is looked at before each question; what is exchanged between the look and the answer is not noticed.
 */
import type { Stats } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { hostError } from '../errors.js';
import { liesWithin } from '../paths/lies-within.js';
import { failBySystem } from '../paths/refusals.js';

export interface Repository {
  /** The directory that its files are in; absolute, like the others. */
  readonly top: string;
  readonly directory: string;
  /** The same, unless `top` is a further tree of a repository that lies elsewhere. */
  readonly common: string;
}

/** The repository in the root, or `around` it; throws `GIT_REFUSED`. */
export async function repositoryOf(root: string, around: boolean): Promise<Repository> {
  for (let top = root; ; top = path.dirname(top)) {
    const stats = await look(path.join(top, '.git'));
    if (stats !== undefined) return judge({ root, top, around }, stats);
    if (!around) return refuseRoot('there is no repository in it', 'one around it');
    if (top === path.dirname(top)) return refuseRoot('there is no repository in it or around it');
  }
}

/** What is called `.git` in `top`: the repository, or what leads to one. */
async function judge({ root, top, around }: { readonly root: string; readonly top: string; readonly around: boolean }, stats: Stats): Promise<Repository> {
  if (stats.isDirectory()) {
    if (top !== root && process.getuid !== undefined && stats.uid !== process.getuid()) return refuseRoot('the repository around it belongs to another user');
    const directory = path.join(top, '.git');
    return { top, directory, common: directory };
  }
  if (!stats.isFile()) return refuseRoot('its .git is a link, which leads elsewhere');
  if (!around) return refuseRoot('its .git is a file, which leads elsewhere', 'what git worktree add has made');
  return (await furtherTree(root, top)) ?? refuseRoot('its .git is a file, which leads elsewhere');
}

/** `more` is what would do if the operator allowed it. */
function refuseRoot(found: string, more?: string): never {
  const remedy = more === undefined ? '' : `, or allow ${more} where the tools are made (git: { around: true })`;
  throw hostError('GIT_REFUSED', `The root is asked about with git, but ${found}. Make the root a repository of its own (git init)${remedy}.`);
}

const MAX_POINTER_BYTES = 8 * 1024;

/** What `git worktree add` has made: outside of the root, where no agent writes, the repository names this tree as its own. */
async function furtherTree(root: string, top: string): Promise<Repository | undefined> {
  const pointer = await readPointer(path.join(top, '.git'));
  const directory = path.resolve(top, pointer.replace(/^gitdir: /, ''));
  const trees = path.dirname(directory);
  const common = path.dirname(trees);
  if (!pointer.startsWith('gitdir: ') || path.basename(trees) !== 'worktrees' || liesWithin(root, directory)) return undefined;
  const [back, shared] = [await readPointer(path.join(directory, 'gitdir')), await readPointer(path.join(directory, 'commondir'))];
  const isAgreed = path.resolve(directory, back) === path.join(top, '.git') && path.resolve(directory, shared) === common;
  return isAgreed ? { top, directory, common } : undefined;
}

/** The only line of a file; nothing if it is none. */
async function readPointer(place: string): Promise<string> {
  const stats = await look(place);
  return stats?.isFile() === true && stats.size <= MAX_POINTER_BYTES ? (await readFile(place, 'utf8')).trimEnd() : '';
}

/** Git does not run the one, and never looks into the other. */
const UNUSED: ReadonlySet<string> = new Set(['hooks', 'modules']);
/** Files that name further places of objects and everything else. */
const POINTERS: ReadonlySet<string> = new Set(['commondir', 'objects/info/alternates', 'objects/info/http-alternates']);

/** Throws `GIT_REFUSED` if something that git would read or write through leads out of a repository's directory. */
export async function assertSelfContained(directory: string): Promise<void> {
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(path.join(directory, folder), { withFileTypes: true }).catch(unlessGone);
    const files: string[] = [];
    for (const entry of entries ?? []) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (UNUSED.has(name)) continue;
      if (entry.isSymbolicLink()) refuseInside(name, 'is a link');
      if (POINTERS.has(name)) refuseInside(name, 'names another repository');
      if (entry.isDirectory()) folders.push(name);
      // Of objects nothing is written to, and a clone on the same disk shares them.
      else if (!name.startsWith('objects/')) files.push(name);
    }
    await Promise.all(files.map((name) => assertUnshared(directory, name)));
  }
}

async function assertUnshared(directory: string, name: string): Promise<void> {
  const stats = await look(path.join(directory, name));
  if (stats?.isFile() === true && stats.nlink > 1) refuseInside(name, 'has other names (hard links)');
}

function refuseInside(name: string, why: string): never {
  throw hostError('GIT_REFUSED', `The repository is not asked: ${JSON.stringify(`.git/${name}`)} ${why}, so that git would read or write elsewhere. Make it a repository of its own (git clone --no-local).`);
}

async function look(place: string) {
  return lstat(place).catch(unlessGone);
}

/** What is not there any more leads nowhere. */
function unlessGone(thrown: unknown): undefined {
  if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  return failBySystem('.git', thrown);
}
