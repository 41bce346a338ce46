import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Git, Workspace } from '@omnipaw/host';
import { defineTool, OmniError, type Tool, type ToolContext } from '@omnipaw/kernel';
import * as v from 'valibot';
import { languageByName, needsFirstLine } from '../comments/languages.js';
import { count } from './schemas.js';

export interface ListArguments {
  /** Index of the first file wanted, in the order of the list. */
  readonly from: number;
}

export interface ListResult {
  /** Source files, relative to the root. */
  readonly files: readonly string[];
  /** Where the next page starts; null at the end. */
  readonly next: number | null;
  readonly total: number;
  /** Files in languages whose comments nobody here understands. */
  readonly otherFiles: number;
  /** Why git was not asked, or null if it was. */
  readonly withoutGit: string | null;
}

const FILES_PER_PAGE = 2_000;
const TIMEOUT_MS = 120_000;
const LOOKS_AT_ONCE = 64;
/** What tools make or fetch, whatever git says of it. */
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['.git', '.hg', '.svn', '.omnipaw', 'node_modules', 'dist', 'coverage']);
const MINIFIED = /\.min\.(?:js|css)$/;

interface Listing {
  readonly files: readonly string[];
  readonly otherFiles: number;
  readonly withoutGit: string | null;
}

/** What is listed, and by what. */
interface Listed {
  readonly source: Workspace;
  readonly git: Git;
  /** The output directory as the source sees it, if it lies inside. */
  readonly excluded: string | undefined;
}

/** Lists source files, once for all pages: by git where it is there, since it knows what is ignored, or else by looking. */
export function listTool(listed: Listed): Tool<ListArguments, ListResult> {
  let listing: Promise<Listing> | undefined;
  return defineTool({
    name: 'code.list',
    description: 'Lists the source files of the tree, page by page.',
    input: v.strictObject({ from: count }),
    idempotent: true,
    timeoutMs: TIMEOUT_MS,
    run: async ({ from }, { signal }): Promise<ListResult> => {
      listing ??= list(listed, signal).catch((thrown: unknown) => {
        listing = undefined;
        throw thrown;
      });
      const { files, otherFiles, withoutGit } = await listing;
      const end = from + FILES_PER_PAGE;
      return { files: files.slice(from, end), next: end < files.length ? end : null, total: files.length, otherFiles, withoutGit };
    },
  });
}

async function list({ source, git, excluded }: Listed, signal: ToolContext['signal']): Promise<Listing> {
  const found = await listByGit(git, signal);
  const names = typeof found === 'string' ? await walk(source.root) : found;
  const wanted = names.filter((name) => !isSkipped(name) && name !== excluded && !name.startsWith(`${excluded ?? '\0'}/`));
  const understood = wanted.filter((name) => (languageByName(name) !== undefined || needsFirstLine(name)) && !MINIFIED.test(name));
  const files = await regularFiles(source.root, understood.sort());
  return { files, otherFiles: wanted.length - understood.length, withoutGit: typeof found === 'string' ? found : null };
}

/** All that git tracks or would track; a text says why git can't tell. */
async function listByGit(git: Git, signal: ToolContext['signal']): Promise<string[] | string> {
  try {
    const { exitCode, stdout, complaint } = await git.ask(['ls-files', '-z', '--cached', '--others', '--exclude-standard'], signal);
    if (exitCode !== 0) return complaint;
    const names = [...new Set(stdout.split('\0'))].filter((name) => name !== '');
    if (names.length > 0) return names;
    const { exitCode: isIgnored } = await git.ask(['check-ignore', '--quiet', '.'], signal);
    return isIgnored === 0 ? 'the repository around this directory ignores it' : names;
  } catch (thrown) {
    if (thrown instanceof OmniError) return thrown.message;
    throw thrown;
  }
}

/** Everything below a directory but links and what is skipped, or says of itself that it is to be ignored as a whole. */
async function walk(root: string): Promise<string[]> {
  const names: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch(() => []);
    if (folder !== '' && entries.some(({ name }) => name === '.gitignore') && (await ignoresItself(path.join(root, folder)))) continue;
    for (const entry of entries) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) folders.push(name);
      else if (entry.isFile()) names.push(name);
    }
  }
  return names;
}

/** As caches and results of runs do, these of this program too. */
async function ignoresItself(folder: string): Promise<boolean> {
  const file = path.join(folder, '.gitignore');
  const stats = await lstat(file).catch(() => undefined);
  if (stats?.isFile() !== true || stats.size > '*\n'.length) return false;
  return (await readFile(file, 'utf8').catch(() => '')).trim() === '*';
}

function isSkipped(name: string): boolean {
  return name.split('/').slice(0, -1).some((folder) => SKIPPED_FOLDERS.has(folder));
}

/** Git lists links, submodules and deleted files, too. */
async function regularFiles(root: string, names: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (let from = 0; from < names.length; from += LOOKS_AT_ONCE) {
    const some = names.slice(from, from + LOOKS_AT_ONCE);
    const stats = await Promise.all(some.map((name) => lstat(path.join(root, name)).catch(() => undefined)));
    files.push(...some.filter((_, index) => stats[index]?.isFile()));
  }
  return files;
}
