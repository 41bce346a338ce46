/** The modules of one plugin, bundled: each once, however many tools and agents name it, and all together within bounds. */
import type { Bundle, BundleRequest } from '../bundle/index.js';
import { pluginError } from '../errors.js';

/** All that is asked of a bundler here. */
export interface BundlesOne {
  bundle(request: BundleRequest): Promise<Bundle>;
}

/** So that no plugin keeps a kernel from starting. */
const MAX_MS = 30_000;
/** Of code and source maps, which are kept as long as the plugin is loaded. */
const MAX_CHARS = 32 * 1024 * 1024;

export class PluginBundles {
  readonly #bundler: BundlesOne;
  readonly #plugin: Omit<BundleRequest, 'entry' | 'timeoutMs'>;
  readonly #bundles = new Map<string, Bundle>();
  #usedMs = 0;
  #usedChars = 0;

  constructor(bundler: BundlesOne, plugin: Omit<BundleRequest, 'entry' | 'timeoutMs'>) {
    this.#bundler = bundler;
    this.#plugin = plugin;
  }

  /** Rejects with `PLUGIN_BUNDLE_FAILED`, also for what is beyond the bounds. */
  async of(entry: string): Promise<Bundle> {
    const known = this.#bundles.get(entry);
    if (known !== undefined) return known;
    const timeoutMs = Math.floor(MAX_MS - this.#usedMs);
    if (timeoutMs <= 0) throw this.#tooMuch(entry, `The modules of a plugin have ${MAX_MS} ms together`);
    const began = performance.now();
    const bundle = await this.#bundler.bundle({ ...this.#plugin, entry, timeoutMs });
    this.#usedMs += performance.now() - began;
    this.#usedChars += bundle.code.length + bundle.sourceMap.length;
    if (this.#usedChars > MAX_CHARS) throw this.#tooMuch(entry, `The bundles of a plugin have ${MAX_CHARS} characters together, their source maps included`);
    this.#bundles.set(entry, bundle);
    return bundle;
  }

  #tooMuch(entry: string, bound: string) {
    const before = this.#bundles.size;
    return pluginError('PLUGIN_BUNDLE_FAILED', `${JSON.stringify(entry)} could not be bundled: ${bound}, and ${before === 1 ? 'the one' : `the ${before}`} before it left too little. Let its tools share modules: one may be the handler of many.`, { details: { folder: this.#plugin.folder, entry } });
  }
}
