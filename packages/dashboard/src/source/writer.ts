import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const LOCK = /^writer\..+\.lock$/;

/** Whether somebody writes a log, by the files with which writers show themselves. Who can't be seen from here counts as there. */
export async function isWritten(directory: string): Promise<boolean> {
  for (const name of await namesIn(directory)) {
    if (LOCK.test(name) && (await isThere(path.join(directory, name)))) return true;
  }
  return false;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await fs.promises.readdir(directory);
  } catch {
    return [];
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    const { pid, host } = JSON.parse(await fs.promises.readFile(file, 'utf8')) as { readonly pid?: unknown; readonly host?: unknown };
    if (host !== os.hostname() || !Number.isSafeInteger(pid)) return true;
    process.kill(pid as number, 0);
    return true;
  } catch (thrown) {
    // No such process, or no such file any more. EPERM: it is there, and somebody else's.
    const { code } = thrown as NodeJS.ErrnoException;
    return code !== 'ESRCH' && code !== 'ENOENT';
  }
}
