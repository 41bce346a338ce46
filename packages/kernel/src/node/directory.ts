/** Directories that survive a power cut: a new name is durable only once the directory that holds it is synced. */
import fs from 'node:fs';
import path from 'node:path';

/** Makes a directory with all that leads to it, durably. */
export async function makeDirectory(directory: string): Promise<void> {
  const firstMade = await fs.promises.mkdir(directory, { recursive: true });
  if (firstMade === undefined) return;
  const stop = path.dirname(path.resolve(firstMade));
  for (let made = path.resolve(directory); made !== stop; made = path.dirname(made)) {
    await syncDirectory(path.dirname(made));
  }
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
