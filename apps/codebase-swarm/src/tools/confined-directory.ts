/**
 * A directory that nothing leads out of.
 *
 * 1. A path is relative, with `/` between its parts, and has no `.` or `..`.
 * 2. Every part but the last is a directory and the last is a regular file: no symbolic link is followed, wherever it
 *    leads, and no pipe or device is opened.
 * 3. What was opened is what was looked at: a file that was exchanged in between is refused.
 *
 * It guards against what lies in a tree, not against a process that rearranges the tree's directories meanwhile.
 */
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, realpath, rename } from 'node:fs/promises';
import path from 'node:path';
import { OmniError } from '@omnipaw/kernel';

// Absent on Windows, where the check of each part has to do.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = constants as Partial<typeof constants> & Pick<typeof constants, 'O_RDONLY'>;

export class ConfinedDirectory {
  /** Absolute and free of symbolic links. */
  readonly root: string;
  #unfinishedCount = 0;

  private constructor(root: string) {
    this.root = root;
  }

  static async at(directory: string): Promise<ConfinedDirectory> {
    return new ConfinedDirectory(await realpath(directory));
  }

  /** What a path leads to, if it is a regular file; throws `PATH_REFUSED` for anything else. */
  async inspect(relative: string): Promise<{ readonly absolute: string; readonly stats: Stats }> {
    const parts = partsOf(relative);
    let absolute = this.root;
    for (const [index, part] of parts.entries()) {
      absolute = path.join(absolute, part);
      const stats = await lstat(absolute).catch((cause: unknown) => refuse(relative, systemReason(cause)));
      if (index === parts.length - 1 && stats.isFile()) return { absolute, stats };
      if (!stats.isDirectory() || index === parts.length - 1) return refuse(relative, `${kindOf(stats)} where a file is wanted`);
    }
    return refuse(relative, 'nothing there');
  }

  /** The bytes of a regular file, if it is no larger than `maxBytes`. */
  async read(relative: string, maxBytes: number): Promise<Buffer> {
    const { absolute, stats } = await this.inspect(relative);
    if (stats.size > maxBytes) return refuse(relative, `larger than ${maxBytes} bytes`);
    const file = await open(absolute, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((cause: unknown) => refuse(relative, systemReason(cause)));
    try {
      const opened = await file.stat();
      if (opened.ino !== stats.ino || opened.dev !== stats.dev) return refuse(relative, 'exchanged while it was opened');
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  /** Puts a file in place as a whole, with the directories that lead to it. */
  async write(relative: string, content: Uint8Array): Promise<void> {
    const absolute = await this.#placeFor(relative);
    const unfinished = path.join(this.root, `.unfinished-${this.#unfinishedCount++}`);
    const file = await open(unfinished, 'w');
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    await rename(unfinished, absolute);
  }

  /** Makes a file end with `content` from `offset` on, durably: doing it twice is doing it once. */
  async writeAt(relative: string, offset: number, content: Uint8Array): Promise<number> {
    const absolute = await this.#placeFor(relative);
    const file = await open(absolute, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | O_NOFOLLOW, 0o666);
    try {
      const { size } = await file.stat();
      if (size < offset) return refuse(relative, `it ends at byte ${size}, before ${offset}`);
      await file.truncate(offset);
      await file.appendFile(content);
      await file.sync();
      return offset + content.length;
    } finally {
      await file.close();
    }
  }

  async #placeFor(relative: string): Promise<string> {
    const parts = partsOf(relative);
    let parent = this.root;
    // One after the other, since making them all at once would follow a link.
    for (const part of parts.slice(0, -1)) {
      parent = path.join(parent, part);
      await mkdir(parent).catch(unlessThere);
      const stats = await lstat(parent);
      if (!stats.isDirectory()) return refuse(relative, `${kindOf(stats)} where a directory is wanted`);
    }
    return path.join(parent, parts.at(-1)!);
  }
}

function partsOf(relative: string): string[] {
  const parts = relative.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return refuse(relative, 'no plain relative path');
  if (relative.includes('\0') || (path.sep === '\\' && /[\\:]/.test(relative))) return refuse(relative, 'a character that no file name has');
  return parts;
}

export function refuse(relative: string, reason: string): never {
  throw new OmniError('PATH_REFUSED', `${JSON.stringify(relative)} is refused: ${reason}.`, { details: { path: relative, reason } });
}

/** Why, in the words that the register of skipped files uses; the absolute path stays out. */
function systemReason(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'nothing there';
  if (code === 'ELOOP') return 'a symbolic link where a file is wanted';
  return code === 'EACCES' || code === 'EPERM' ? 'not readable' : `it could not be opened (${code ?? 'unknown reason'})`;
}

function unlessThere(cause: NodeJS.ErrnoException): void {
  if (cause.code !== 'EEXIST') throw cause;
}

function kindOf(stats: Stats): string {
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFile()) return 'a file';
  return stats.isFIFO() ? 'a pipe' : 'a device or a socket';
}
