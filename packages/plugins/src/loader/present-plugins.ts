import { basename } from 'node:path';
import { pluginError } from '../errors.js';
import type { IsolatePool } from '../isolate/index.js';
import { liveTool } from './live-tool.js';
import type { LoadedPlugin } from './loader.js';
import { shapeDifference } from './shape.js';

/** The plugins that kernels use, by folder, each as it is at the moment. */
export class PresentPlugins {
  /** With what they are at the moment; but agents are what they were at first, as the header of a log has them. */
  readonly loaded: readonly LoadedPlugin[];
  readonly #plugins: Map<string, LoadedPlugin>;
  readonly #load: (folder: string) => Promise<LoadedPlugin>;
  /** One after the other, so that what was read last is what is there. */
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(loaded: readonly LoadedPlugin[], load: (folder: string) => Promise<LoadedPlugin>) {
    this.#plugins = new Map(loaded.map((plugin) => [plugin.folder, plugin]));
    this.#load = load;
    this.loaded = loaded.map((plugin) => this.#live(plugin));
  }

  reload(folder: string): Promise<LoadedPlugin | undefined> {
    const turn = this.#turn.then(() => this.#reload(folder));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async close(pool: IsolatePool): Promise<void> {
    this.#isClosed = true;
    await Promise.all([pool.close(), this.#turn]);
  }

  #live({ folder, tools, agents }: LoadedPlugin): LoadedPlugin {
    const present = (): LoadedPlugin => this.#plugins.get(folder)!;
    return Object.freeze({
      folder, agents,
      tools: tools.map((tool, index) => liveTool(tool, () => present().tools[index]!)),
      get manifest() { return present().manifest; },
      get digests() { return present().digests; },
    });
  }

  async #reload(folder: string): Promise<LoadedPlugin | undefined> {
    const before = this.#plugins.get(folder);
    if (before === undefined || this.#isClosed) throw refused(folder, this.#isClosed ? 'is closed' : 'is not loaded');
    const after = await this.#load(folder);
    const others = shapeDifference(before, after);
    if (others !== '') throw refused(folder, `has ${others} than what the kernel was started with. Start it again to take that up`);
    if (JSON.stringify(after.digests) === JSON.stringify(before.digests)) return undefined;
    this.#plugins.set(folder, after);
    return after;
  }
}

function refused(folder: string, why: string) {
  return pluginError('PLUGIN_REFUSED', `The plugin in ${basename(folder)} can't be loaded anew: it ${why}.`);
}
