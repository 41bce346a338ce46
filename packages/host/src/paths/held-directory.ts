/**
 * Directories that are held while something is done in them.
 *
 * On Linux a directory is held by its descriptor, and what is in it is named `/proc/self/fd/N/name`: the system starts from
 * the directory itself, so it does not matter what has become of its path meanwhile. `name` is never a link that is
 * followed: each step says O_NOFOLLOW. (Node has no `openat`; this is the same thing.)
 *
 * Elsewhere a directory is held by its name, and looked at again afterwards: somebody who exchanges a directory for a link
 * and back between two looks is not noticed.
 */
import { constants, existsSync } from 'node:fs';
import { lstat, open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { failBySystem, kindOf, refuse } from './refusals.js';

// Absent on Windows, where the looks before and after have to do.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_DIRECTORY = 0, O_RDONLY } = constants as Partial<typeof constants> & Pick<typeof constants, 'O_RDONLY'>;
/** Opens what a name leads to without opening the thing: no device notices it. Linux only, and not among Node's constants. */
const O_PATH = 0o10000000;

/** What Linux puts after the path of something that is open and has been removed. */
const REMOVED = ' (deleted)';

const MAX_LOOKS = 10;

/** What is done with a file that was opened. */
export interface OpenFile {
  stat(): Promise<{ readonly size: number }>;
  read(into: Uint8Array, at: number, length: number, position: null): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

/** What is looked at of an open file; said here, so that the declarations need none of Node's. */
interface Look {
  readonly ino: bigint;
  readonly dev: bigint;
  readonly nlink: bigint;
  readonly ctimeNs: bigint;
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSymbolicLink(): boolean;
}

/** A file that is open. */
export interface Opened {
  readonly fd: number;
  stat(options: { readonly bigint: true }): Promise<Look>;
}

export interface HeldDirectory {
  /** A path of the directory for system calls. */
  readonly place: string;
  /** A path of something in it for system calls. */
  placeOf(name: string): string;
  /** Holds a directory in this one; `asked` is the whole path, for messages. */
  enter(name: string, asked: string): Promise<HeldDirectory>;
  /** Opens a regular file that has no other name, for reading; throws `PATH_REFUSED` for anything else, and waits for nothing. */
  open(name: string, asked: string): Promise<OpenFile>;
  /** Throws `PATH_REFUSED` unless what was opened is a regular file whose only name is still this one. */
  confirmFile(file: Opened, name: string, asked: string): Promise<void>;
  /** Makes what was renamed or made in it durable. */
  sync(): Promise<void>;
  /** Throws `PATH_REFUSED` if the directory is not where it was any more, and that matters. */
  confirm(asked: string): Promise<void>;
  release(): Promise<void>;
}

/** How directories are held here. */
export type Hold = (absolute: string) => Promise<HeldDirectory>;

export const hold: Hold = process.platform === 'linux' && existsSync('/proc/self/fd') ? holdByDescriptor : holdByName;

export async function holdByDescriptor(absolute: string): Promise<HeldDirectory> {
  return new DescriptorDirectory(await open(absolute, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK));
}

export function holdByName(absolute: string): Promise<HeldDirectory> {
  return Promise.resolve(new NamedDirectory(absolute));
}

class DescriptorDirectory implements HeldDirectory {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  get place(): string {
    return `/proc/self/fd/${this.#handle.fd}`;
  }

  placeOf(name: string): string {
    return `${this.place}/${name}`;
  }

  async enter(name: string, asked: string): Promise<HeldDirectory> {
    try {
      return new DescriptorDirectory(await open(this.placeOf(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK));
    } catch (thrown) {
      // ENOTDIR, also for a link: say what is there.
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOTDIR') return failBySystem(asked, thrown);
      const stats = await lstat(this.placeOf(name)).catch((later: unknown) => failBySystem(asked, later));
      return refuse(asked, `${kindOf(stats)} where a directory is wanted`);
    }
  }

  /** By a descriptor of the name first: only what is known to be a file is opened, and it is the very thing that was looked at. */
  async open(name: string, asked: string): Promise<OpenFile> {
    const found = await open(this.placeOf(name), O_PATH | O_NOFOLLOW).catch((thrown: unknown) => failBySystem(asked, thrown));
    try {
      await this.confirmFile(found, name, asked);
      return await open(`/proc/self/fd/${found.fd}`, O_RDONLY | O_NONBLOCK).catch((thrown: unknown) => failBySystem(asked, thrown));
    } finally {
      await found.close();
    }
  }

  /**
   * A file outside has one name again when a second one, by which it was opened, is taken away before it is looked at. But of a
   * name that was taken away the system says so for good, and the path of any other ends with it, so the order matters.
   */
  async confirmFile(file: Opened, name: string, asked: string): Promise<void> {
    assertPlainFile(await file.stat({ bigint: true }), asked);
    const [directory, opened] = await Promise.all([this.#handle, file].map(({ fd }) => readlink(`/proc/self/fd/${fd}`))).catch((thrown: unknown) => failBySystem(asked, thrown));
    // A name that ends so by itself could be taken for one that was taken away.
    if (name.endsWith(REMOVED)) refuse(asked, `its name ends with "${REMOVED}", as those that were taken away`);
    if (opened !== path.join(directory!, name)) refuse(asked, 'its name was taken away or changed while it was opened');
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  confirm(): Promise<void> {
    return Promise.resolve();
  }

  release(): Promise<void> {
    return this.#handle.close();
  }
}

class NamedDirectory implements HeldDirectory {
  readonly place: string;

  constructor(place: string) {
    this.place = place;
  }

  placeOf(name: string): string {
    return path.join(this.place, name);
  }

  async enter(name: string, asked: string): Promise<HeldDirectory> {
    const place = this.placeOf(name);
    const stats = await lstat(place).catch((thrown: unknown) => failBySystem(asked, thrown));
    if (!stats.isDirectory()) return refuse(asked, `${kindOf(stats)} where a directory is wanted`);
    return new NamedDirectory(place);
  }

  async open(name: string, asked: string): Promise<OpenFile> {
    const place = this.placeOf(name);
    assertPlainFile(await lstat(place, { bigint: true }).catch((thrown: unknown) => failBySystem(asked, thrown)), asked);
    const handle = await open(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((thrown: unknown) => failBySystem(asked, thrown));
    try {
      await this.confirmFile(handle, name, asked);
      return handle;
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
  }

  /**
   * By a look at the name between two looks at the file, in which nothing has changed: a name that comes or goes changes the
   * time. Whoever writes to the file just then changes it, too, so there are some more looks.
   */
  async confirmFile(file: Opened, name: string, asked: string): Promise<void> {
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const opened = await file.stat({ bigint: true });
      assertPlainFile(opened, asked);
      const looked = await lstat(this.placeOf(name), { bigint: true }).catch((thrown: unknown) => failBySystem(asked, thrown));
      assertPlainFile(looked, asked);
      if (opened.ino !== looked.ino || opened.dev !== looked.dev) refuse(asked, 'exchanged while it was opened');
      if ((await file.stat({ bigint: true })).ctimeNs === opened.ctimeNs) return this.confirm(asked);
    }
    return refuse(asked, 'it changes all the time while it is opened');
  }

  /** Directories can't be synced by name everywhere; where they can, the system does it in its own time. */
  async sync(): Promise<void> {
    if (process.platform === 'win32') return;
    const handle = await open(this.place, O_RDONLY);
    await handle.sync().finally(() => handle.close());
  }

  async confirm(asked: string): Promise<void> {
    const real = await realpath(this.place).catch((thrown: unknown) => failBySystem(asked, thrown));
    if (real !== this.place) refuse(asked, 'a directory on the way to it was exchanged for a link');
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}

function assertPlainFile(stats: Look, asked: string): void {
  if (!stats.isFile()) refuse(asked, `${kindOf(stats)} where a file is wanted`);
  if (stats.nlink > 1n) refuse(asked, 'the file has other names (hard links), which may be outside of the root');
}
