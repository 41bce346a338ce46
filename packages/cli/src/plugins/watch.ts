/**
 * Looks after the folders of plugins during a run, and has them loaded anew when they have changed: for those who write them.
 *
 * It looks at the files again and again rather than being told of changes: that is the same on every system and every kind of disk, and whoever
 * replaces a file by another one is noticed as well. A change is taken up once it has rested for a look.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Plugins } from '@omnipaw/plugins';
import { describeFailure } from '../failure.js';
import type { Session } from '../session.js';
import { cellText } from '../terminal/printable.js';

const LOOK_MS = 250;
/** A plugin may not have more; whatever there is beyond, it is refused. */
const MAX_FILES = 5_000;

interface Watched {
  readonly plugins: Plugins;
  readonly folder: string;
  /** Of the files as they were loaded, or refused. */
  taken: string;
  /** Of the files at the last look. */
  seen: string;
}

export class PluginWatch {
  readonly #session: Session;
  readonly #watched: readonly Watched[];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** Watches the plugins that were loaded; `close` ends that. What has changed since they were is noticed as well: each is loaded anew once. */
  constructor(opened: readonly Plugins[], session: Session) {
    this.#watched = opened.flatMap((plugins) => plugins.loaded.map(({ folder }) => ({ plugins, folder, taken: '', seen: '' })));
    this.#session = session;
    this.#lookLater();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => { this.#lookLater(); });
    }, LOOK_MS);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    for (const watched of this.#watched) {
      const trace = await traceOf(watched.folder);
      const hasRested = trace === watched.seen;
      watched.seen = trace;
      if (!hasRested || trace === watched.taken || this.#isClosed) continue;
      watched.taken = trace;
      await this.#takeUp(watched);
    }
  }

  async #takeUp({ plugins, folder }: Watched): Promise<void> {
    const { people } = this.#session;
    try {
      const plugin = await plugins.reload(folder);
      if (plugin === undefined) return;
      const { manifest: { name, version }, digests: { code } } = plugin;
      await people.line(`${people.ink('green', '↻')} ${name} ${version} has changed: calls from now on have its code ${code.slice(0, 12)}….`);
    } catch (thrown) {
      if (this.#isClosed) return;
      await people.line(`${people.ink('yellow', 'warning:')} The plugin in ${cellText(folder)} has changed and stays what it was: ${describeFailure(thrown)}`);
    }
  }
}

/** What shows that a file was changed: which one it is, how long, and when it was written or moved. */
async function traceOf(folder: string): Promise<string> {
  const lines: string[] = [];
  let files = 0;
  const walk = async (place: string): Promise<void> => {
    const names = await fs.readdir(place).catch(() => ['is gone']);
    for (const name of names.sort()) {
      if (++files > MAX_FILES) return;
      const file = path.join(place, name);
      const stats = await fs.lstat(file, { bigint: true }).catch(() => undefined);
      // Of a folder, what is in it counts.
      if (stats?.isDirectory() === true) await walk(file);
      else lines.push(`${file} ${stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.ctimeNs}`}`);
    }
  };
  await walk(folder);
  return lines.join('\n');
}
