import { access, constants, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Workspace } from '@omnipaw/host';
import { UsageError } from './usage-error.js';

/** Where a run reads and where it writes. */
export interface RunDirectories {
  readonly source: Workspace;
  readonly output: Workspace;
  /** The output as the source sees it, if it lies inside. */
  readonly excluded: string | undefined;
}

export const LOG_FOLDER = 'log';
/** Paths come from git and the disk, and a code base may have any. */
const ANY_NAMES = { names: 'any' } as const;

/** Makes the output directory; throws a UsageError for a source or an output that can't be. `now` names it. */
export async function prepareDirectories(sourcePath: string, out: string | undefined, now: Date): Promise<RunDirectories> {
  const source = await openSource(sourcePath);
  const directory = out === undefined ? await makeRunDirectory(now) : await makeGivenDirectory(out);
  const output = new Workspace(directory, ANY_NAMES);
  if (isInside(source.root, output.root)) {
    throw new UsageError(`--out ${output.root} holds the code base ${source.root}, which would be written to. Name a directory beside it.`);
  }
  // So that no git that looks here lists the results as new files.
  await writeFile(path.join(output.root, '.gitignore'), '*\n');
  const excluded = isInside(output.root, source.root) ? path.relative(source.root, output.root).split(path.sep).join('/') : undefined;
  return { source, output, excluded };
}

async function openSource(sourcePath: string): Promise<Workspace> {
  const absolute = path.resolve(sourcePath);
  const stats = await stat(absolute).catch((cause: unknown) => refuse(`--path ${absolute}`, cause));
  if (!stats.isDirectory()) throw new UsageError(`--path ${absolute} is no directory.`);
  await access(absolute, constants.R_OK | constants.X_OK).catch((cause: unknown) => refuse(`--path ${absolute}`, cause));
  return new Workspace(absolute, ANY_NAMES);
}

async function makeRunDirectory(now: Date): Promise<string> {
  const runs = path.resolve('.omnipaw', 'runs');
  await mkdir(runs, { recursive: true }).catch((cause: unknown) => refuse(runs, cause));
  const name = `${now.toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
  for (let number = 1; ; number++) {
    const directory = path.join(runs, number === 1 ? name : `${name}-${number}`);
    try {
      await mkdir(directory);
      return directory;
    } catch (cause) {
      // Another run of the same second.
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') return refuse(directory, cause);
    }
  }
}

async function makeGivenDirectory(out: string): Promise<string> {
  const absolute = path.resolve(out);
  await mkdir(absolute, { recursive: true }).catch((cause: unknown) => refuse(`--out ${absolute}`, cause));
  const found = await readdir(absolute);
  if (found.length > 0) throw new UsageError(`--out ${absolute} is not empty. Name a new directory: a run mixes with nothing.`);
  return absolute;
}

function isInside(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative === '' || !(relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative));
}

function refuse(what: string, cause: unknown): never {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = { ENOENT: 'is not there', ENOTDIR: 'is no directory', EEXIST: 'is no directory', EACCES: 'is not accessible' };
  throw new UsageError(`${what} ${reasons[code ?? ''] ?? `can't be used: ${message}`}.`, { cause });
}
