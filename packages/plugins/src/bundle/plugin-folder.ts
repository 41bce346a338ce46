import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { constants, promises as fs } from 'node:fs';
import path from 'node:path';
import { pathInside } from '../path-inside.js';

/** Windows has no pipes in folders, and no such flag. */
const READ = constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_TOTAL_BYTES = 32 * 1024 * 1024;
const MAX_ENTRIES = 100_000;

/** Says in words why something of the plugin is not bundled. */
export class Refusal extends Error {}

/**
 * The files of a plugin, read so that each is a regular file in the folder at the moment when it is read.
 *
 * A file is opened first and judged then, by what was opened: whatever somebody exchanges meanwhile, content from outside does not come in.
 */
export class PluginFolder {
  /** Real and absolute. */
  readonly root: string;
  /** By path, the digests of the files that were read. */
  readonly digests = new Map<string, string>();
  #totalBytes = 0;

  private constructor(root: string) {
    this.root = root;
  }

  /** Throws a {@link Refusal} for what is no folder, and for one with something in it that must not be opened. */
  static async open(folder: string): Promise<PluginFolder> {
    const root = await fs.realpath(folder).catch(() => undefined);
    if (root === undefined || !(await fs.stat(root)).isDirectory()) throw new Refusal(`There is no folder ${JSON.stringify(folder)}.`);
    await new FolderCheck(root).check('.', false);
    return new PluginFolder(root);
  }

  /** The path in the folder of a file somewhere; undefined if its real place is outside. */
  async pathOf(file: string): Promise<string | undefined> {
    return pathInside(this.root, await fs.realpath(file));
  }

  /** Throws a {@link Refusal} for what is no regular file in the folder, or a too large one. */
  async read(name: string): Promise<string> {
    const file = path.join(this.root, name);
    // Without waiting for somebody at the other end, if it is a pipe.
    const handle = await fs.open(file, READ).catch(() => undefined);
    if (handle === undefined) throw new Refusal(`${name} cannot be read.`);
    try {
      const opened = await handle.stat();
      if (!opened.isFile()) throw new Refusal(`${name} is no regular file.`);
      const inside = await this.pathOf(file).catch(() => undefined);
      const there = inside === undefined ? undefined : await fs.lstat(path.join(this.root, inside));
      if (there?.ino !== opened.ino || there.dev !== opened.dev) throw new Refusal(`${name} leads out of the plugin's folder.`);
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

/**
 * Looks for what must not be opened, since the resolver of the bundler opens what it finds: pipes, devices, sockets, and links to such
 * things and to files outside. Links to folders outside are not followed here, and what is imported through them is refused.
 */
class FolderCheck {
  readonly #root: string;
  #entries = 0;

  constructor(root: string) {
    this.#root = root;
  }

  async check(name: string, isInModules: boolean): Promise<void> {
    const folders: string[] = [];
    for (const entry of await fs.readdir(path.join(this.#root, name), { withFileTypes: true })) {
      const child = path.join(name, entry.name);
      if (++this.#entries > MAX_ENTRIES) throw new Refusal(`The plugin's folder has more than ${MAX_ENTRIES} files.`);
      if (entry.isDirectory()) folders.push(child);
      else if (entry.isSymbolicLink()) await this.#checkLink(child, isInModules);
      else refuseSpecial(child, entry);
    }
    for (const folder of folders) await this.check(folder, isInModules || path.basename(folder) === 'node_modules');
  }

  async #checkLink(name: string, isInModules: boolean): Promise<void> {
    const target = await fs.realpath(path.join(this.#root, name)).catch(() => undefined);
    // It leads nowhere.
    if (target === undefined || pathInside(this.#root, target) !== undefined) return;
    const isFolder = (await fs.stat(target)).isDirectory();
    if (!isFolder || !isInModules) throw new Refusal(`${name} is a link that leads out of the plugin's folder.`);
  }
}

function refuseSpecial(name: string, entry: Dirent): void {
  if (!entry.isFile()) throw new Refusal(`${name} is no regular file: a plugin has files and folders only.`);
}
