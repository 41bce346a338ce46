/**
 * What the files of a plugin are: the SHA-256 of each.
 *
 * A folder comes from somebody else. Links are refused, since what they lead to is not the plugin's, and so is everything else that is no
 * regular file; what is read is what was opened; and there is a limit to everything.
 */
import { createHash } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { foldedName, MANIFEST_FILE, pathProblem } from '../manifest/index.js';
import { integrityFailed } from './integrity-failed.js';

/** The most that a plugin's folder may hold. */
export interface FolderLimits {
  readonly files: number;
  readonly fileBytes: number;
  readonly bytes: number;
  /** Levels of directories. */
  readonly depth: number;
}

export const FOLDER_LIMITS: FolderLimits = Object.freeze({ files: 5_000, fileBytes: 16 * 1024 * 1024, bytes: 64 * 1024 * 1024, depth: 20 });

/** By path with `/` between the parts, sorted: SHA-256 in lower-case hexadecimal. */
export type FileDigests = Readonly<Record<string, string>>;

/** Windows has neither of the last two. */
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants> & { readonly O_RDONLY: number };
const CHUNK_BYTES = 64 * 1024;

/**
 * The digest of every file in a folder but its manifest and the programs of its packages (`node_modules/.bin`).
 *
 * Rejects with `PLUGIN_INTEGRITY_FAILED` for anything that is no regular file, for names that another system would take for something
 * else, for more than there may be, and for what can't be read.
 */
export async function hashFolder(folder: string, limits: FolderLimits = FOLDER_LIMITS): Promise<FileDigests> {
  const walk = new Walk(folder, limits);
  await walk.directory([]);
  return Object.freeze(Object.fromEntries(walk.digests.sort(([one], [other]) => (one < other ? -1 : 1))));
}

class Walk {
  readonly digests: (readonly [string, string])[] = [];
  readonly #folder: string;
  readonly #limits: FolderLimits;
  #bytes = 0;

  constructor(folder: string, limits: FolderLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  async directory(parts: readonly string[]): Promise<void> {
    const name = parts.join('/') || '.';
    if (parts.length > this.#limits.depth) throw integrityFailed(name, `is nested deeper than ${this.#limits.depth} levels`);
    const seen = new Map<string, string>();
    for (const entry of await this.#entriesOf(parts, name)) {
      const inner = [...parts, entry.name];
      const relative = inner.join('/');
      const twin = seen.get(foldedName(entry.name));
      if (twin !== undefined) throw integrityFailed(relative, `differs from ${JSON.stringify(twin)} by upper and lower case only, and Windows and macOS take them for one`);
      seen.set(foldedName(entry.name), entry.name);
      if (relative === MANIFEST_FILE || isForShells(inner)) continue;
      const problem = pathProblem(relative);
      if (problem !== undefined) throw integrityFailed(relative, problem);
      if (entry.isDirectory()) await this.directory(inner);
      else if (entry.isFile()) await this.#file(relative, inner);
      else throw integrityFailed(relative, `is ${kindOf(entry)}; a plugin has regular files only`);
    }
  }

  async #entriesOf(parts: readonly string[], name: string): Promise<readonly Dirent[]> {
    try {
      return await readdir(path.join(this.#folder, ...parts), { withFileTypes: true });
    } catch (cause) {
      throw integrityFailed(name, unreadable(cause));
    }
  }

  async #file(relative: string, parts: readonly string[]): Promise<void> {
    if (this.digests.length >= this.#limits.files) throw integrityFailed(relative, `is one file too many; a plugin may have ${this.#limits.files}`);
    let file: FileHandle | undefined;
    try {
      file = await open(path.join(this.#folder, ...parts), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      this.digests.push([relative, await this.#digestOf(file, relative)]);
    } catch (cause) {
      throw integrityFailed(relative, unreadable(cause), cause);
    } finally {
      await file?.close();
    }
  }

  async #digestOf(file: FileHandle, relative: string): Promise<string> {
    // Something else may have taken its place since the directory was read.
    if (!(await file.stat()).isFile()) throw integrityFailed(relative, 'is no regular file');
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let length = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return hash.digest('hex');
      length += bytesRead;
      this.#bytes += bytesRead;
      if (length > this.#limits.fileBytes) throw integrityFailed(relative, `is larger than ${this.#limits.fileBytes} bytes`);
      if (this.#bytes > this.#limits.bytes) throw integrityFailed(relative, `is too much; the files of a plugin may have ${this.#limits.bytes} bytes together`);
      hash.update(buffer.subarray(0, bytesRead));
    }
  }
}

/** Where package managers put links to programs: nothing that could be imported, since what is bundled has to have a digest. */
function isForShells(parts: readonly string[]): boolean {
  return parts.at(-1) === '.bin' && parts.at(-2) === 'node_modules';
}

function unreadable(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ELOOP') return 'is a symbolic link; a plugin has regular files only';
  return `can't be read (${code ?? 'for an unknown reason'})`;
}

function kindOf(entry: Dirent): string {
  if (entry.isSymbolicLink()) return 'a symbolic link';
  return entry.isFIFO() ? 'a pipe' : 'a device or a socket';
}
