import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { refuse } from '../paths/refusals.js';

/** Throws `PATH_REFUSED` if one of these files has other names, which may be outside of the root. */
export async function assertOneName(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const stats = await lstat(path.join(directory, name)).catch(() => undefined);
    if (stats?.isFile() === true && stats.nlink > 1) refuse(name, 'the file has other names (hard links), which may be outside of the root');
  }
}
