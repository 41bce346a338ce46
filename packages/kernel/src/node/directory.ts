/** Directories that survive a power cut: a new name is durable only once the directory that holds it is synced. */
import fs from 'node:fs';
import path from 'node:path';

/** Makes a directory with all that leads to it, durably. */
export async function makeDirectory(directory: string): Promise<void> {
  const missing: string[] = [];
  for (let place = path.resolve(directory); !(await isThere(place)); place = path.dirname(place)) missing.unshift(place);
  // One by one: where a system has room for no directory (/proc, for instance), Node's recursive mkdir never ends.
  for (const place of missing) {
    await fs.promises.mkdir(place).catch(unlessThere);
    await syncDirectory(path.dirname(place));
  }
}

async function isThere(place: string): Promise<boolean> {
  try {
    await fs.promises.stat(place);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw thrown;
  }
}

/** Somebody else may have made it meanwhile. */
function unlessThere(thrown: unknown): void {
  if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
}

/** Makes the names in a directory durable: of files that were made, renamed or removed. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows can't sync a directory, and keeps names in a journal of its own.
  if (process.platform === 'win32') return;
  const handle = await fs.promises.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
