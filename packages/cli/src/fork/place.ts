/** The place of a new fork: what may be there, and what an interrupted fork has left beside it. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { FileLogStore, OmniError } from '@omnipaw/kernel';
import { UsageError } from '../failure.js';

/** Where a fork is written until it is whole: beside its place, under a name that nobody else has. */
export function partialOf(into: string): string {
  return `${prefixOf(into)}${randomBytes(4).toString('hex')}`;
}

/** An empty directory is a place for a log; anything else is somebody's. */
export function assertFree(into: string, log: string): void {
  const stats = statsOf(into);
  if (stats !== undefined && !(stats.isDirectory() && fs.readdirSync(into).length === 0)) {
    const found = stats.isDirectory() ? 'a directory that is not empty' : stats.isSymbolicLink() ? 'a symbolic link' : 'a file';
    throw new OmniError('LOG_NOT_EMPTY', `A fork needs a place of its own, and ${into} is ${found}. Name another one.`);
  }
  const way = path.relative(realPath(log), realPath(into));
  if (way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way)) {
    throw new UsageError(`${into} lies in the directory of the log ${log}, which holds nothing but that log. Name another place.`);
  }
}

/** Not of what a link leads to: the fork takes the place itself. */
function statsOf(into: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(into, { throwIfNoEntry: false });
  } catch (thrown) {
    throw new UsageError(`No log can be in ${into}: ${(thrown as Error).message}.`);
  }
}

/** The path without links, as far as there is something. */
function realPath(place: string): string {
  const full = path.resolve(place);
  if (fs.existsSync(full)) return fs.realpathSync(full);
  const parent = path.dirname(full);
  return parent === full ? full : path.join(realPath(parent), path.basename(full));
}

/** Removes what forks into this place have left that were killed; one that is being written is locked, and stays. */
export async function removeLeftovers(into: string): Promise<void> {
  const prefix = prefixOf(into);
  const folder = path.dirname(prefix);
  if (!fs.existsSync(folder)) return;
  const names = fs.readdirSync(folder).filter((name) => name.startsWith(path.basename(prefix)) && /^[0-9a-f]{8}$/.test(name.slice(path.basename(prefix).length)));
  for (const name of names) {
    const leftover = path.join(folder, name);
    if (!fs.lstatSync(leftover).isDirectory() || !(await isAbandoned(leftover))) continue;
    removeWhole(leftover, partialOf(into));
  }
}

/** Removes a fork that nobody has taken up; under its lock, since somebody may be about to. */
export async function removeUntouched(into: string, head: string): Promise<void> {
  const store = new FileLogStore(into);
  try {
    if ((await store.open()).head === head) removeWhole(into, partialOf(into));
  } catch {
    // It is somebody's by now.
  } finally {
    await store.close().catch(() => undefined);
  }
}

/** By another name first: of two that want it, one gets it whole. What can't be removed is in nobody's way. */
function removeWhole(directory: string, taken: string): void {
  try {
    fs.renameSync(directory, taken);
    fs.rmSync(taken, { recursive: true, force: true });
  } catch {
    // The next fork tries again.
  }
}

/** Whether nobody writes there: whoever does holds the lock of the log, which only the dead lose. */
async function isAbandoned(directory: string): Promise<boolean> {
  const store = new FileLogStore(directory);
  try {
    await store.open();
    await store.close();
    return true;
  } catch (thrown) {
    return thrown instanceof OmniError && thrown.code === 'LOG_CORRUPT';
  }
}

function prefixOf(into: string): string {
  return `${path.resolve(into)}.partial-`;
}
