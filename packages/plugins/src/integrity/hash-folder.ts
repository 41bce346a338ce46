/**
 * What the files of a plugin are: the SHA-256 of each.
 *
 * A folder comes from somebody else. Links are refused, since what they lead to is not the plugin's, and so is everything else that is no
 * regular file; what is read is what was opened; and there is a limit to everything. A file with a second name (a hard link) may be one of somebody
 * else's, too: it is taken only where the digest that it has to have is known before, since whoever knows that knows what is in it.
 */
import { createHash } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { open, opendir, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { HARD_LINK } from '../links.js';
import { foldedName, MANIFEST_FILE, pathProblem } from '../manifest/index.js';
import { integrityFailed, symbolicLink } from './integrity-failed.js';

/** The most that a plugin's folder may hold. */
export interface FolderLimits {
  /** Directories among them. */
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
/** As many names as a directory is asked for at a time. */
const NAMES = 256;
/** Where the packages of a plugin are. */
const PACKAGES = 'node_modules';

/** What is looked at, and how. */
type Way = 'WHOLE' | 'SEALED' | 'WITHOUT_PACKAGES';

/**
 * The digest of every file in a folder but its manifest and the programs of its packages (`node_modules/.bin`).
 *
 * Rejects with `PLUGIN_INTEGRITY_FAILED` for anything that is no regular file of its own, for names that another system would take for something
 * else, for more than there may be, and for what can't be read.
 */
export function hashFolder(folder: string, limits: FolderLimits = FOLDER_LIMITS): Promise<FileDigests> {
  return digestsOf(new Walk(folder, limits));
}

/** The same for a folder whose digests are known before: files may be hard links. */
export function hashSealedFolder(folder: string): Promise<FileDigests> {
  return digestsOf(new Walk(folder, FOLDER_LIMITS, 'SEALED'));
}

/**
 * The same for the folder in which an author works: without its packages, which are there by `npm install` with all that only tools need. What is
 * bundled of them has its digests from there.
 */
export function hashOwnFiles(folder: string): Promise<FileDigests> {
  return digestsOf(new Walk(folder, FOLDER_LIMITS, 'WITHOUT_PACKAGES'));
}

/** Whether a file is one of the packages of a plugin. */
export function isOfPackages(file: string): boolean {
  return file.startsWith(`${PACKAGES}/`);
}

async function digestsOf(walk: Walk): Promise<FileDigests> {
  await walk.directory([]);
  return Object.freeze(Object.fromEntries(walk.digests.sort(([one], [other]) => (one < other ? -1 : 1))));
}

class Walk {
  readonly digests: (readonly [string, string])[] = [];
  readonly #folder: string;
  readonly #limits: FolderLimits;
  readonly #way: Way;
  #entries = 0;
  #bytes = 0;

  constructor(folder: string, limits: FolderLimits, way: Way = 'WHOLE') {
    this.#folder = folder;
    this.#limits = limits;
    this.#way = way;
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
      if (relative === PACKAGES && entry.isDirectory() && this.#way === 'WITHOUT_PACKAGES') continue;
      const problem = pathProblem(relative);
      if (problem !== undefined) throw integrityFailed(relative, problem);
      if (entry.isDirectory()) await this.directory(inner);
      else if (entry.isFile()) await this.#file(relative, inner);
      else throw integrityFailed(relative, entry.isSymbolicLink() ? symbolicLink(relative) : `is ${entry.isFIFO() ? 'a pipe' : 'a device or a socket'}; a plugin has regular files only`);
    }
  }

  /** A name at a time, since there may be millions. */
  async #entriesOf(parts: readonly string[], name: string): Promise<readonly Dirent[]> {
    const entries: Dirent[] = [];
    try {
      for await (const entry of await opendir(path.join(this.#folder, ...parts), { bufferSize: NAMES })) {
        if (++this.#entries > this.#limits.files) throw integrityFailed([...parts, entry.name].join('/'), `is one too many; a plugin may have ${this.#limits.files} files and directories`);
        entries.push(entry);
      }
    } catch (cause) {
      throw integrityFailed(name, unreadable(name, cause), cause);
    }
    return entries;
  }

  async #file(relative: string, parts: readonly string[]): Promise<void> {
    let file: FileHandle | undefined;
    try {
      file = await open(path.join(this.#folder, ...parts), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      this.digests.push([relative, await this.#digestOf(file, relative)]);
    } catch (cause) {
      throw integrityFailed(relative, unreadable(relative, cause), cause);
    } finally {
      await file?.close();
    }
  }

  async #digestOf(file: FileHandle, relative: string): Promise<string> {
    // Something else may have taken its place since the directory was read.
    const stats = await file.stat();
    if (!stats.isFile()) throw integrityFailed(relative, 'is no regular file');
    if (stats.nlink > 1 && this.#way !== 'SEALED') throw integrityFailed(relative, HARD_LINK);
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

function unreadable(relative: string, cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ELOOP' ? symbolicLink(relative) : `can't be read (${code ?? 'for an unknown reason'})`;
}
