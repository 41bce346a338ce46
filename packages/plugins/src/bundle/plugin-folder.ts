import { createHash } from 'node:crypto';
import { constants, promises as fs, type Stats } from 'node:fs';
import path from 'node:path';
import { HARD_LINK } from '../links.js';
import { pathInside } from '../path-inside.js';

/** Windows has no pipes in folders, and no such flag. */
const READ = constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_TOTAL_BYTES = 32 * 1024 * 1024;

/** Says in words why something of the plugin is not bundled. */
export class Refusal extends Error {
  /** The same as the message, which whoever hands it on may add to. */
  readonly text: string;

  constructor(text: string) {
    super(text);
    this.text = text;
  }
}

/**
 * The files of a plugin, read so that each is a regular file in the folder at the moment when it is read.
 *
 * 1. What is not in the folder is not there: whatever lies above or beside it, it is neither looked at nor told of.
 * 2. A file is opened first and judged then, by what was opened: whatever somebody exchanges meanwhile, content from outside does not come in.
 * 3. A file is read once.
 * 4. A file with a second name is refused, unless somebody knows what is in it: the other name may be outside.
 */
export class PluginFolder {
  /** Real and absolute. */
  readonly root: string;
  /** By path, the digests of the files that were read. */
  readonly digests = new Map<string, string>();
  readonly #texts = new Map<string, Promise<string>>();
  readonly #mayHaveHardLinks: boolean;
  #totalBytes = 0;

  private constructor(root: string, mayHaveHardLinks: boolean) {
    this.root = root;
    this.#mayHaveHardLinks = mayHaveHardLinks;
  }

  /** Throws a {@link Refusal} for what is no folder. */
  static async open(folder: string, mayHaveHardLinks = false): Promise<PluginFolder> {
    const root = await fs.realpath(folder).catch(() => undefined);
    if (root === undefined || !(await fs.stat(root)).isDirectory()) throw new Refusal(`There is no folder ${JSON.stringify(folder)}.`);
    return new PluginFolder(root, mayHaveHardLinks);
  }

  /** The path in the folder of what is at an absolute place, links followed, and what that is; undefined for what is not there. */
  async find(place: string): Promise<{ readonly name: string; readonly stats: Stats } | undefined> {
    if (place !== this.root && pathInside(this.root, place) === undefined) return undefined;
    try {
      const real = await fs.realpath(place);
      const name = real === this.root ? '' : pathInside(this.root, real);
      return name === undefined ? undefined : { name, stats: await fs.lstat(real) };
    } catch {
      return undefined;
    }
  }

  /** What is in the file of a path that {@link find} has given. Throws a {@link Refusal} for what is no regular file in the folder, or a too large one. */
  read(name: string): Promise<string> {
    const text = this.#texts.get(name) ?? this.#read(name);
    this.#texts.set(name, text);
    return text;
  }

  async #read(name: string): Promise<string> {
    const file = path.join(this.root, name);
    // Without waiting for somebody at the other end, if it is a pipe.
    const handle = await fs.open(file, READ).catch(() => undefined);
    if (handle === undefined) throw new Refusal(`${name} cannot be read.`);
    try {
      const opened = await handle.stat();
      if (!opened.isFile()) throw new Refusal(`${name} is no regular file.`);
      const there = (await this.find(file))?.stats;
      if (there?.ino !== opened.ino || there.dev !== opened.dev) throw new Refusal(`${name} leads out of the plugin's folder.`);
      if (opened.nlink > 1 && !this.#mayHaveHardLinks) throw new Refusal(`${name} ${HARD_LINK}.`);
      if (opened.size > MAX_FILE_BYTES) throw new Refusal(`${name} has ${opened.size} bytes, more than ${MAX_FILE_BYTES}.`);
      return this.#take(name, await handle.readFile());
    } finally {
      await handle.close();
    }
  }

  #take(name: string, bytes: Buffer): string {
    this.#totalBytes += bytes.length;
    if (bytes.length > MAX_FILE_BYTES || this.#totalBytes > MAX_TOTAL_BYTES) throw new Refusal(`The plugin imports more than ${MAX_TOTAL_BYTES} bytes.`);
    this.digests.set(name, createHash('sha256').update(bytes).digest('hex'));
    return bytes.toString('utf8');
  }
}
