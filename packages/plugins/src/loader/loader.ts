/**
 * Loads the plugins of a folder: each is judged, held against what the operator granted, and made into tools and types of agents.
 *
 * 1. Nothing of a plugin runs while it is loaded.
 * 2. One that is refused is refused alone: the others are loaded, and why is told.
 * 3. What is run is what was hashed: the digests stand in the log's header, and in each call.
 */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describeThrown, OmniError, type Tool } from '@omnipaw/kernel';
import { Bundler } from '../bundle/index.js';
import { pluginError } from '../errors.js';
import { pluginDigests, verifyIntegrity, verifySignature, type PluginDigests } from '../integrity/index.js';
import { PROVIDED } from '../kit/index.js';
import { checkLimits, createIsolatePool, DEFAULT_LIMITS, DEFAULT_MEMORY_BYTES, type IsolateLimits, type IsolatePool } from '../isolate/index.js';
import { assertGranted, grantedPermissions, networkSets, PluginValidator, type HttpMethod, type NetworkSet, type PermissionSpec, type PluginManifest } from '../manifest/index.js';
import { pluginAgent, type LoadedAgent } from './plugin-agent.js';
import { pluginTool, programTool, type Runtime } from './plugin-tool.js';
import { PresentPlugins } from './present-plugins.js';
import { readCode, readCodeForReplay } from './read-code.js';
import { rivalsIn } from './rivals.js';

/** A host that a plugin may ask, in the form that `fetchTool` of `@omnipaw/host` has it. */
export interface PluginHost {
  readonly host: string;
  readonly methods: readonly HttpMethod[];
  readonly ports?: readonly number[];
}

export interface LoaderOptions {
  /** The folder that has a folder for each plugin. */
  readonly folder: string;
  /** What they are for: `REPLAY` to be compared with a log. Nothing of them runs then, so that they need no grants. `LIVE` unless given. */
  readonly mode?: 'LIVE' | 'REPLAY';
  /** What each plugin may use, by its name; nothing unless given. */
  readonly grants?: Readonly<Record<string, readonly PermissionSpec[]>>;
  /** The version of the kernel that plugins have to work with; any unless given. */
  readonly kernelVersion?: string;
  /** Public keys as PEM. If there are any, a plugin that none of them has signed is refused. */
  readonly trustedKeys?: readonly string[];
  /** Makes the tool by which a plugin fetches from its own hosts: `(name, allow) => fetchTool(name, { allow })`. Without it, plugins that want some are refused. */
  readonly fetchTool?: (name: string, allow: readonly PluginHost[]) => Tool;
  /** What a call may use; `DEFAULT_LIMITS` unless given. At most 1 GiB of memory. */
  readonly limits?: Partial<IsolateLimits>;
  /** Threads that run plugins; 2 unless given. Others may have as many more while calls of some plugins take longer than two seconds. */
  readonly workers?: number;
}

/** An engine can have four times as much at the most, and a worker has sixteen. */
const MAX_MEMORY_BYTES = 1024 ** 3;

/** A plugin that can be used. */
export interface LoadedPlugin {
  readonly folder: string;
  readonly manifest: PluginManifest;
  readonly digests: PluginDigests;
  /** Its own, and those by which it reaches what it was granted. */
  readonly tools: readonly Tool[];
  readonly agents: readonly LoadedAgent[];
}

/** A folder that was not loaded. */
export interface RejectedPlugin {
  readonly folder: string;
  readonly error: OmniError;
}

export interface Plugins {
  /** Each as it is at the moment: after `reload` it has the manifest and the digests of what was read then. */
  readonly loaded: readonly LoadedPlugin[];
  readonly rejected: readonly RejectedPlugin[];
  /** Of all plugins, for a kernel's configuration. */
  readonly tools: readonly Tool[];
  readonly agents: readonly LoadedAgent[];
  /**
   * Reads a plugin anew while kernels use it, for development: calls that come get its new code, and those under way end with the old one. Answers
   * what it is now; undefined if it is what it was.
   *
   * Rejects, and leaves everything as it was, with what keeps a plugin from being loaded; and with `PLUGIN_REFUSED` if its tools, schemas or agents are
   * not those that kernels know, in a replay, and for a folder that is not loaded.
   */
  reload(folder: string): Promise<LoadedPlugin | undefined>;
  /** Ends the isolates; after the kernel that uses them. */
  close(): Promise<void>;
}

export class PluginLoader {
  readonly #options: LoaderOptions;
  readonly #validator: PluginValidator;
  readonly #limits: IsolateLimits;

  /** Throws a `TypeError` for limits that no call can have. */
  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    checkLimits(this.#limits, MAX_MEMORY_BYTES);
    this.#validator = new PluginValidator(options.kernelVersion === undefined ? {} : { kernelVersion: options.kernelVersion });
  }

  get #isReplay(): boolean {
    return this.#options.mode === 'REPLAY';
  }

  /** Rejects only if there is no such folder. */
  async load(): Promise<Plugins> {
    const { folder, workers } = this.#options;
    const items = (await readdir(folder, { withFileTypes: true })).filter((item) => (item.isDirectory() || item.isSymbolicLink()) && !item.name.startsWith('.'));
    const maxMemoryBytes = Math.max(DEFAULT_MEMORY_BYTES, this.#limits.memoryBytes);
    const pool = createIsolatePool({ maxMemoryBytes, ...(workers === undefined ? {} : { workers }) });
    const bundler = new Bundler({ provided: PROVIDED });
    const [loaded, rejected]: [LoadedPlugin[], RejectedPlugin[]] = [[], []];
    const rivals = await rivalsIn(items.filter((item) => !item.isSymbolicLink()).map(({ name }) => join(folder, name)));
    try {
      for (const item of items.sort((one, other) => (one.name < other.name ? -1 : 1))) {
        const place = join(folder, item.name);
        try {
          if (item.isSymbolicLink()) throw pluginError('PLUGIN_REFUSED', `${item.name} is a link, and the folder of a plugin is none. Put the folder itself there, or name the one that it is in.`);
          if (rivals.has(place)) throw rivals.get(place)!;
          loaded.push(await this.#loadOne(place, { pool, bundler, loaded }));
        } catch (thrown) {
          rejected.push({ folder: place, error: rejection(place, thrown) });
        }
      }
    } finally {
      await bundler.close();
    }
    if (loaded.length > 0 && !this.#isReplay) await pool.prepare();
    const present = new PresentPlugins(loaded, (place) => this.#loadAgain(place, pool, loaded));
    const [tools, agents] = [present.loaded.flatMap((plugin) => plugin.tools), loaded.flatMap((plugin) => plugin.agents)];
    return { loaded: present.loaded, rejected, tools, agents, reload: (place) => present.reload(place), close: () => present.close(pool) };
  }

  async #loadAgain(folder: string, pool: IsolatePool, loaded: readonly LoadedPlugin[]): Promise<LoadedPlugin> {
    if (this.#isReplay) throw pluginError('PLUGIN_REFUSED', `The plugin in ${basename(folder)} was loaded for a replay, in which nothing changes.`);
    const bundler = new Bundler({ provided: PROVIDED });
    try {
      return await this.#loadOne(folder, { pool, bundler, loaded: loaded.filter((other) => other.folder !== folder) });
    } catch (thrown) {
      throw rejection(folder, thrown);
    } finally {
      await bundler.close();
    }
  }

  async #loadOne(folder: string, { pool, bundler, loaded }: { readonly pool: IsolatePool; readonly bundler: Bundler; readonly loaded: readonly LoadedPlugin[] }): Promise<LoadedPlugin> {
    const { grants = {}, trustedKeys = [] } = this.#options;
    const manifest = await this.#validator.read(folder);
    const twin = loaded.find((other) => other.manifest.shortName === manifest.shortName);
    if (twin !== undefined) throw pluginError('PLUGIN_REFUSED', `Plugin "${manifest.name}" in ${basename(folder)} has the name that the plugin in ${basename(twin.folder)} has. Take one of them away.`);
    if (trustedKeys.length > 0) verifySignature(manifest, trustedKeys);
    if (!this.#isReplay) assertGranted(manifest, grantedPermissions(Object.hasOwn(grants, manifest.name) ? grants[manifest.name]! : []));
    const known = await verifyIntegrity(manifest, folder);
    const networks = networkSets(manifest);
    const fetchTools = this.#networkOf(manifest, networks);
    const { files, bundles } = await (this.#isReplay ? readCodeForReplay : readCode)(manifest, { folder, bundler, known });
    const digests = pluginDigests(manifest, files);
    const origin = `${manifest.name}@${manifest.version} manifest ${digests.manifest} code ${digests.code} schemas ${digests.schemas}`;
    const runtime: Runtime = { manifest, origin, pool, limits: this.#limits, networks };
    const tools: Tool[] = fetchTools.map((tool) => Object.freeze({ ...tool, origin }));
    for (const tool of manifest.tools) tools.push(pluginTool(tool, bundles.get(tool.handler), runtime));
    const agents: LoadedAgent[] = [];
    for (const agent of manifest.agents) {
      const program = programTool(agent, bundles.get(agent.program), runtime);
      tools.push(program);
      agents.push(pluginAgent(agent, program, runtime));
    }
    return { folder, manifest, digests, tools, agents };
  }

  /** The tools for the hosts that a plugin names; for any host there is the operator's own. */
  #networkOf({ name }: PluginManifest, networks: readonly NetworkSet[]): readonly Tool[] {
    const { fetchTool } = this.#options;
    if (networks.length === 0 || (fetchTool === undefined && this.#isReplay)) return [];
    if (fetchTool === undefined) throw pluginError('PLUGIN_REFUSED', `Plugin "${name}" uses the network, and the loader has no "fetchTool" to make its own with. Give it the one of @omnipaw/host.`, { details: { plugin: name, needs: 'fetchTool' } });
    return networks.map(({ tool: wanted, permissions }) => {
      const tool = fetchTool(wanted, permissions.flatMap(({ hosts, methods }) => hosts.map((host) => hostOf(host, methods))));
      // No kernel takes two of one name, so one plugin would keep all others out.
      if (tool.name !== wanted) throw pluginError('PLUGIN_REFUSED', `Plugin "${name}" can't use the network: the loader's "fetchTool" made a tool "${tool.name}" where "${wanted}" was wanted. Let it take the name that it is given.`);
      return tool;
    });
  }
}

function hostOf(host: string, methods: readonly HttpMethod[]): PluginHost {
  const port = /:(\d+)$/.exec(host)?.[1];
  return port === undefined ? { host, methods } : { host: host.slice(0, -port.length - 1), methods, ports: [Number(port)] };
}

function rejection(folder: string, thrown: unknown): OmniError {
  if (thrown instanceof OmniError) return thrown;
  return pluginError('PLUGIN_REFUSED', `The plugin in ${basename(folder)} can't be loaded: ${describeThrown(thrown)}`, { cause: thrown });
}
