/**
 * A directory that nothing leads out of.
 *
 * 1. A path is plain (see `relative-path.ts`); each of its parts but the last is a directory, and none a link.
 * 2. What is read is a regular file that has one name: no pipe, device or socket is opened, and no hard link read.
 * 3. What is written is put in place as a whole, by a rename in the directory that is held; what has the name is replaced,
 *    never followed.
 * 4. Writes are one after the other, so that what one has looked at is still so when it writes.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants, lstatSync, realpathSync, type Stats } from 'node:fs';
import { lstat, mkdir, opendir, open, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import * as v from 'valibot';
import { callback, checkOptions, optionsOf } from '../schemas/options.js';
import { hold, type Hold, type HeldDirectory } from './held-directory.js';
import { restoreOwnersRights } from './owners-rights.js';
import { fail, failBySystem, kindOf, refuse } from './refusals.js';
import { assertNewName, partsOf, partsToWrite, type NameRule } from './relative-path.js';
import { readAtMost } from './read-at-most.js';
import { PERMISSIONS, StagedFile, type Target } from './staged-file.js';
import { textOf } from './text.js';

const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;

export interface DirectoryItem {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
}

/** A path that something is to be done with. */
interface Asked {
  readonly parts: readonly string[];
  readonly path: string;
  /** Whether directories that are missing are made. */
  readonly makes?: boolean;
}

/** What a path leads to, without following it. */
export interface Found extends DirectoryItem {
  readonly bytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly modifiedMs: number;
  readonly isExecutable: boolean;
  /** Who may read, write and run it: the nine bits. */
  readonly permissions: number;
}

export interface WorkspaceOptions {
  /** `plain` unless given. */
  readonly names?: NameRule;
  /** @internal How directories are held; the best way that the system has unless given. */
  readonly hold?: Hold;
}

const workspaceOptions = optionsOf<keyof WorkspaceOptions>({ names: v.picklist(['plain', 'any']), hold: callback });

export class Workspace {
  /** Absolute and free of symbolic links. */
  readonly root: string;
  readonly #hold: Hold;
  readonly #names: NameRule;
  /** Which directory the root was when all this began, and what it let its owner do. */
  readonly #identity: { readonly dev: bigint; readonly ino: bigint; readonly mode: bigint };
  #writes: Promise<unknown> = Promise.resolve();

  /** Throws a `TypeError` when `root` is no directory, and for options that are none. */
  constructor(root: string, options: WorkspaceOptions = {}) {
    checkOptions('Workspace', workspaceOptions, options);
    this.root = realPlace(root);
    const stats = lstatSync(this.root, { bigint: true });
    if (!stats.isDirectory()) throw new TypeError(`The root ${this.root} is no directory.`);
    this.#identity = { dev: stats.dev, ino: stats.ino, mode: stats.mode };
    this.#hold = options.hold ?? hold;
    this.#names = options.names ?? 'plain';
  }

  /** @internal Holds a directory while something is done in it. */
  async within<Result>(path: string, use: (directory: HeldDirectory) => Promise<Result>): Promise<Result> {
    const directory = await this.#enter(partsOf(path, this.#names), path);
    try {
      return await use(directory);
    } finally {
      await directory.release();
    }
  }

  /** Does something while there is an empty file in the root whose name nobody knew before: whoever sees it has this directory, and no other one. */
  whileMarked<Result>(use: (name: string) => Promise<Result>): Promise<Result> {
    return this.within('.', async (directory) => {
      const name = `.omnipaw-${randomUUID()}.tmp`;
      const { O_CREAT, O_EXCL, O_WRONLY } = constants;
      const file = await open(directory.placeOf(name), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600).catch((thrown: unknown) => failBySystem('.', thrown));
      try {
        await file.close();
        return await use(name);
      } finally {
        await unlink(directory.placeOf(name)).catch(() => undefined);
      }
    });
  }

  /** The bytes of a regular file; throws `FILE_TOO_LARGE` for more than `maxBytes`. */
  async read(path: string, maxBytes: number): Promise<Uint8Array> {
    return this.#withParent({ parts: partsOf(path, this.#names), path }, async (parent, name) => {
      const file = await parent.open(name, path);
      return readAtMost(file, maxBytes, path).finally(() => file.close());
    });
  }

  /** The text of a file, byte order mark and line ends as they are; throws `FILE_NOT_TEXT` for what is binary or not UTF-8. */
  async readText(path: string, maxBytes: number): Promise<string> {
    return textOf(await this.read(path, maxBytes), path);
  }

  /** Throws `FILE_NOT_FOUND` when there is nothing. */
  async stat(path: string): Promise<Found> {
    const parts = partsOf(path, this.#names);
    if (parts.length === 0) {
      return this.within(path, async (directory) => found('.', await lstat(`${directory.place}/.`)));
    }
    return this.#withParent({ parts, path }, async (parent, name) => {
      const stats = await lstat(parent.placeOf(name)).catch((thrown: unknown) => failBySystem(path, thrown));
      await parent.confirm(path);
      return found(name, stats);
    });
  }

  /** What is in a directory, by name, `maxItems` at the most, and whether there is more. */
  async list(path: string, maxItems: number): Promise<{ readonly items: readonly DirectoryItem[]; readonly more: boolean }> {
    return this.within(path, async (directory) => {
      const listed = await itemsOf(directory, maxItems);
      await directory.confirm(path);
      return listed;
    });
  }

  /** Puts a file in place as a whole, with the directories that lead to it; durable when it resolves. */
  write(path: string, content: Uint8Array): Promise<void> {
    return this.alone(async () => {
      const staged = await this.stage(path, content);
      await staged.commit();
    });
  }

  /** Makes a file end with `content` from `offset` on, durably: doing it twice is doing it once. */
  writeAt(path: string, offset: number, content: Uint8Array): Promise<number> {
    return this.alone(() =>
      this.#withParent({ parts: partsToWrite(path, this.#names), path, makes: true }, async (parent, name) => {
        const file = await openToWriteAt({ parent, name, asked: path, names: this.#names });
        try {
          const { size } = await file.stat();
          if (size < offset) return fail('FILE_CHANGED', path, `ends at byte ${size}, before ${offset}`);
          await file.truncate(offset);
          await file.appendFile(content);
          await file.sync();
        } catch (thrown) {
          return failBySystem(path, thrown);
        } finally {
          await file.close();
        }
        await parent.sync();
        return offset + content.length;
      }),
    );
  }

  /** Takes a name away: of a file, of a link (not of what it leads to), of an empty directory. False if there was nothing. */
  remove(path: string): Promise<boolean> {
    return this.alone(() => this.removeNow(path));
  }

  /** @internal Like `remove`, from within `alone`. */
  async removeNow(path: string): Promise<boolean> {
    try {
      await this.#withParent({ parts: partsToWrite(path, this.#names), path }, async (parent, name) => {
        const stats = await lstat(parent.placeOf(name));
        await (stats.isDirectory() ? rmdir(parent.placeOf(name)) : unlink(parent.placeOf(name)));
        await parent.sync();
      });
      return true;
    } catch (thrown) {
      const { code } = thrown as { readonly code?: string };
      if (code === 'ENOENT' || code === 'FILE_NOT_FOUND') return false;
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return fail('FILE_SYSTEM_FAILED', path, 'is a directory that is not empty');
      return failBySystem(path, thrown);
    }
  }

  /** @internal Writes a file beside its place, with permissions if they are given; it is put there by `commit`. Only from within `alone`. */
  async stage(path: string, content: Uint8Array, permissions?: number): Promise<StagedFile> {
    const parts = partsToWrite(path, this.#names);
    const parent = await this.#enter(parts.slice(0, -1), path, true);
    try {
      return await StagedFile.write({ parent, name: parts.at(-1)!, asked: path, names: this.#names }, content, permissions);
    } catch (thrown) {
      await parent.release();
      throw thrown;
    }
  }

  /** @internal Does something while nothing else is written here. */
  alone<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.#writes.then(task);
    this.#writes = turn.catch(() => undefined);
    return turn;
  }

  async #withParent<Result>({ parts, path, makes = false }: Asked, use: (parent: HeldDirectory, name: string) => Promise<Result>): Promise<Result> {
    if (parts.length === 0) return refuse(path, 'a directory where a file is wanted');
    const parent = await this.#enter(parts.slice(0, -1), path, makes);
    return use(parent, parts.at(-1)!).finally(() => parent.release());
  }

  /** Holds one directory after the other, and lets go of the one before. */
  async #enter(parts: readonly string[], asked: string, makes = false): Promise<HeldDirectory> {
    let directory = await this.#holdRoot(asked);
    for (const part of parts) {
      const outer = directory;
      try {
        if (makes) await this.#makeDirectory(outer, part, asked);
        directory = await outer.enter(part, asked);
      } finally {
        await outer.release();
      }
    }
    return directory;
  }

  async #makeDirectory(outer: HeldDirectory, name: string, asked: string): Promise<void> {
    const place = outer.placeOf(name);
    if ((await lstat(place).catch(() => undefined)) !== undefined) return;
    assertNewName(asked, name, this.#names);
    await mkdir(place).catch((thrown: unknown) => {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') failBySystem(asked, thrown);
    });
    await outer.sync();
  }

  async #holdRoot(asked: string): Promise<HeldDirectory> {
    await restoreOwnersRights(this.root, this.#identity);
    const directory = await this.#hold(this.root).catch(() => refuse(asked, 'the root is not there any more, or no directory'));
    const { dev, ino } = await lstat(`${directory.place}/.`, { bigint: true });
    if (dev === this.#identity.dev && ino === this.#identity.ino) return directory;
    await directory.release();
    return refuse(asked, 'the root is another directory than it was');
  }
}

function realPlace(root: string): string {
  // Empty, it would be the directory of the process.
  if (typeof root !== 'string' || root === '') throw new TypeError(`The root must be the path of a directory; found: ${JSON.stringify(root)}.`);
  try {
    return realpathSync(root);
  } catch (cause) {
    throw new TypeError(`The root ${JSON.stringify(root)} is not there, or not to be reached (${(cause as NodeJS.ErrnoException).code}). Make the directory first.`, { cause });
  }
}

/** The SHA-256 of a file's bytes, in lower-case hexadecimal. */
export function digestOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function itemsOf(directory: HeldDirectory, maxItems: number): Promise<{ readonly items: readonly DirectoryItem[]; readonly more: boolean }> {
  const items: DirectoryItem[] = [];
  for await (const entry of await opendir(directory.place)) {
    if (items.length === maxItems) return { items, more: true };
    items.push({ name: entry.name, kind: itemKind(entry) });
  }
  items.sort((one, other) => (one.name < other.name ? -1 : 1));
  return { items, more: false };
}

function found(name: string, stats: Stats): Found {
  return { name, kind: itemKind(stats), bytes: stats.size, modifiedMs: stats.mtimeMs, isExecutable: (stats.mode & 0o100) !== 0, permissions: stats.mode & PERMISSIONS };
}

function itemKind(entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): DirectoryItem['kind'] {
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isDirectory()) return 'directory';
  return entry.isFile() ? 'file' : 'other';
}

/** Nothing is opened that is known to be no file; and O_NONBLOCK lets a pipe fail that was put there meanwhile. */
async function openToWriteAt({ parent, name, asked, names }: Target): Promise<FileHandle> {
  const place = parent.placeOf(name);
  const looked = await lstat(place).catch(() => undefined);
  if (looked === undefined) assertNewName(asked, name, names);
  else if (!looked.isFile()) refuse(asked, `${kindOf(looked)} where a file is wanted`);
  const file = await open(place, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o666).catch((thrown: unknown) =>
    failBySystem(asked, thrown),
  );
  try {
    await parent.confirmFile(file, name, asked);
    return file;
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}
