/**
 * Looks after the folders of plugins during a run, and has them loaded anew when they have changed: for those who write them.
 *
 * It looks at the files again and again rather than being told of changes: that is the same on every system and every kind of disk, and whoever
 * replaces a file by another one is noticed as well. A change is taken up once it has rested for a look. Packages are noticed when they are
 * installed, which npm puts down beside them; what is in them is not looked at, since there may be tens of thousands of files.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { LoadedPlugin, Plugins } from '@omnipaw/plugins';
import type { Session } from '../session.js';
import { cellText } from '../terminal/printable.js';

const LOOK_MS = 250;
/** A plugin may not have more beside its packages; whatever there is beyond, it is refused. */
const MAX_FILES = 5_000;
const PACKAGES = 'node_modules';

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
  readonly #explain: (thrown: unknown) => readonly string[];
  readonly #watched: readonly Watched[];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  /**
   * Watches the plugins that were loaded; `close` ends that. What has changed since they were is noticed as well: each is loaded anew once.
   * `explain` says in lines why one can't be.
   */
  constructor(opened: readonly Plugins[], explain: (thrown: unknown) => readonly string[], session: Session) {
    this.#explain = explain;
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

  async #takeUp({ plugins, folder, taken }: Watched): Promise<void> {
    const { people } = this.#session;
    try {
      const before = identityOf(plugins.loaded.find((one) => one.folder === folder)!);
      const plugin = await plugins.reload(folder);
      if (plugin === undefined) return;
      await people.line(`${people.ink('green', '↻')} ${plugin.manifest.name} ${plugin.manifest.version} has changed: ${changesText(before, identityOf(plugin))}.`);
    } catch (thrown) {
      // What has changed again meanwhile is taken up at another look.
      if (this.#isClosed || (await traceOf(folder)) !== taken) return;
      const [first = '', ...more] = this.#explain(thrown);
      await people.line(`${people.ink('yellow', 'warning:')} The plugin in ${cellText(folder)} has changed and stays what it was: ${first}`);
      for (const line of more) await people.line(`  ${line}`);
    }
  }
}

interface Identity {
  readonly code: string;
  readonly permissions: string;
}

function identityOf({ digests: { code }, manifest }: LoadedPlugin): Identity {
  // With those of each tool, which may be others.
  return { code, permissions: JSON.stringify([manifest.permissions, manifest.tools.map(({ permissions }) => permissions)]) };
}

/** What an operator should know; the rest of a manifest is words, or needs another start. */
function changesText(before: Identity, now: Identity): string {
  const parts = [
    ...(before.code === now.code ? [] : [`calls from now on have its code ${now.code.slice(0, 12)}…`]),
    ...(before.permissions === now.permissions ? [] : ['it has other permissions, which count from now on']),
  ];
  return parts.length === 0 ? 'what its manifest says' : parts.join('; ');
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
      // Of a folder, what is in it counts; of one of packages, that it is another one.
      if (stats?.isDirectory() === true && place !== path.join(folder, PACKAGES)) await walk(file);
      else lines.push(`${file} ${stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.ctimeNs}`}`);
    }
  };
  await walk(folder);
  return lines.join('\n');
}
