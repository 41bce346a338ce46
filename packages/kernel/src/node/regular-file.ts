/** Opens files whose names anybody could have chosen: a pipe would block for ever, and a device never end. */
import fs from 'node:fs';
import { OmniError } from '../errors/index.js';

/** Opening a pipe does not wait for somebody at its other end. Windows has no such pipes. */
const NO_WAIT = (fs.constants as Partial<typeof fs.constants>).O_NONBLOCK ?? 0;

/** Opens a regular file, or a link to one; rejects with `LOG_READ_FAILED` for anything else. */
export async function openRegularFile(path: string, flags: number): Promise<fs.promises.FileHandle> {
  const file = await fs.promises.open(path, flags | NO_WAIT);
  try {
    assertRegular(path, await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The same at once. */
export function openRegularFileSync(path: string, flags: number): number {
  const fd = fs.openSync(path, flags | NO_WAIT);
  try {
    assertRegular(path, fs.fstatSync(fd));
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function assertRegular(path: string, stats: fs.Stats): void {
  if (stats.isFile()) return;
  throw new OmniError('LOG_READ_FAILED', `${path} is not a regular file, so it is no part of a log. Move it elsewhere.`, {
    details: { file: path },
  });
}
