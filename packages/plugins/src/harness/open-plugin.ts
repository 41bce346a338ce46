/**
 * A plugin as it runs in production, around which everything else is a script.
 *
 * 1. What runs is what would be shipped: the plugin is packed first.
 * 2. Kernel, loader, isolate and permissions are the real ones: what the manifest does not name is refused here, too.
 * 3. Clock and chance are the same in every run.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKernel, MemoryLogStore, nodePorts, type Entry, type Json, type OmniKernel, type Ports } from '@omnipaw/kernel';
import { PluginLoader, type LoadedPlugin, type Plugins } from '../loader/index.js';
import { specOf, type PermissionSpec, type PluginManifest } from '../manifest/index.js';
import { packPlugin } from '../pack/index.js';
import { Caller } from './caller.js';
import { scriptedFetchTool, type ScriptedFetch } from './scripted-fetch.js';
import { scriptedTools, type ScriptedTools } from './scripted-tools.js';

export interface OpenPluginOptions {
  /** The folder of the plugin: a path, or a URL as `new URL('..', import.meta.url)`. */
  readonly folder: string | { readonly href: string };
  /** Answers what it fetches. */
  readonly fetch?: ScriptedFetch;
  readonly tools?: ScriptedTools;
  /** What the operator grants it: all that its manifest asks for, unless given. */
  readonly grants?: readonly PermissionSpec[];
  /** `ctx.now`, in milliseconds since the epoch: 2026-01-01 unless given. */
  readonly now?: number;
}

/** Something that the plugin has asked for, and whether its permissions allow that. */
export interface CapabilityUse {
  /** The tool, or the program of the agent (`weather.reporter.program`), that asked. */
  readonly from: string;
  /** `CALL_TOOL` with `tool` and `args`; `READ` or `WRITE` with `store`, `key` and the rest. */
  readonly instruction: { readonly op: string; readonly tool?: string; readonly args?: Json; readonly key?: string; readonly value?: Json };
  readonly isAllowed: boolean;
  /** `plugin-weather: network (GET to api.open-meteo.com)` */
  readonly by: string;
}

export interface OpenedPlugin {
  readonly manifest: PluginManifest;
  /** All that was asked for so far. */
  readonly uses: readonly CapabilityUse[];
  /** What went to `ctx.log` and `console` so far. */
  readonly logs: readonly string[];
  /** Calls a tool. All calls come from one agent, which may do everything; rejects with the error that an agent would get. */
  call(tool: string, args?: object): Promise<Json>;
  /** Runs an agent of the plugin, with the grants and the quota of the manifest; and with `grants` that an operator would add: `call:host.net.fetch`. */
  run(type: string, input?: unknown, options?: { readonly grants?: readonly string[] }): Promise<Json>;
  close(): Promise<void>;
}

const DEFAULT_NOW = Date.UTC(2026, 0, 1);
/** Nothing but the plugin's own permissions is to stand in its way. */
const ANYTHING = ['call:*', 'read:*', 'write:*'];

/**
 * Packs a plugin and loads the pack, for a test of it; `close` it afterwards.
 *
 * Rejects with what `packPlugin` rejects with, and with what the loader refuses the plugin for: `PLUGIN_PERMISSION_MISSING`, for instance.
 */
export async function openPlugin(options: OpenPluginOptions): Promise<OpenedPlugin> {
  const parent = await mkdtemp(path.join(tmpdir(), 'omnipaw-plugin-'));
  try {
    const folder = typeof options.folder === 'string' ? options.folder : fileURLToPath(options.folder.href);
    const { manifest } = await packPlugin({ folder, into: path.join(parent, 'plugin') });
    const plugins = await load(parent, manifest, options);
    try {
      return await Opened.open(plugins, options);
    } catch (thrown) {
      await plugins.close();
      throw thrown;
    }
  } finally {
    // What is run is in memory by now.
    await rm(parent, { recursive: true, force: true });
  }
}

async function load(folder: string, { name, permissions }: PluginManifest, { fetch, grants }: OpenPluginOptions): Promise<Plugins> {
  const plugins = await new PluginLoader({
    folder,
    grants: { [name]: grants ?? permissions.map(specOf) },
    fetchTool: (tool, allow) => scriptedFetchTool(tool, allow, fetch),
    workers: 1,
  }).load();
  const [rejected] = plugins.rejected;
  if (rejected === undefined) return plugins;
  await plugins.close();
  throw rejected.error;
}

class Opened implements OpenedPlugin {
  readonly manifest: PluginManifest;
  readonly uses: CapabilityUse[] = [];
  readonly logs: string[] = [];
  readonly #plugins: Plugins;
  readonly #caller: Caller;
  readonly #kernel: OmniKernel;
  readonly #done: Promise<unknown>;

  private constructor(plugins: Plugins, caller: Caller, kernel: OmniKernel) {
    this.manifest = pluginIn(plugins).manifest;
    [this.#plugins, this.#caller, this.#kernel] = [plugins, caller, kernel];
    kernel.subscribe((entry) => { this.#note(entry); });
    this.#done = kernel.spawn(caller.agent, null, { grants: ANYTHING }).result().catch(() => undefined);
  }

  static async open(plugins: Plugins, { fetch, tools = {}, now = DEFAULT_NOW }: OpenPluginOptions): Promise<OpenedPlugin> {
    const caller = new Caller();
    const others = Object.hasOwn(tools, 'host.net.fetch') ? [] : [scriptedFetchTool('host.net.fetch', undefined, fetch)];
    const kernel = await createKernel({
      log: new MemoryLogStore(),
      agents: [caller.agent, ...plugins.agents.map(({ definition }) => definition)],
      tools: [...plugins.tools, ...others, ...scriptedTools(tools), caller.tool],
    }, { ports: portsAt(now) });
    return new Opened(plugins, caller, kernel);
  }

  async call(tool: string, args: object = {}): Promise<Json> {
    const { tools, name } = this.manifest;
    if (!tools.some((one) => one.name === tool)) throw new TypeError(`${name} has no tool ${JSON.stringify(tool)}; it has ${tools.map((one) => one.name).join(', ')}.`);
    return this.#caller.call(tool, args as Json);
  }

  async run(type: string, input: unknown = null, { grants: more = [] }: { readonly grants?: readonly string[] } = {}): Promise<Json> {
    const agent = this.#plugins.agents.find(({ definition }) => definition.type === type);
    if (agent === undefined) throw new TypeError(`${this.manifest.name} has no agent ${JSON.stringify(type)}; it has ${this.manifest.agents.map((one) => one.type).join(', ') || 'none'}.`);
    const { definition, grants, quota } = agent;
    return this.#kernel.spawn(definition, input as Json, { grants: [...grants, ...more], quota }).result();
  }

  async close(): Promise<void> {
    this.#caller.close();
    await this.#kernel.stop();
    await this.#done;
    await this.#plugins.close();
  }

  #note(entry: Entry): void {
    if (entry.kind === 'TOOL_ASKED') {
      const { tool, instruction, toolPermission } = entry.data;
      this.uses.push({ from: tool, instruction: instruction as unknown as CapabilityUse['instruction'], isAllowed: toolPermission.decision === 'ALLOW', by: toolPermission.by });
    } else if (entry.kind === 'TOOL_PROGRESS') {
      const { log } = entry.data.value as { readonly log?: unknown };
      if (typeof log === 'string') this.logs.push(log);
    }
  }
}

function pluginIn({ loaded }: Plugins): LoadedPlugin {
  return loaded[0]!;
}

/** A clock that stands still, and chance by the number of the draw. */
function portsAt(now: number): Ports {
  let drawn = 0;
  return { ...nodePorts, clock: { now: () => now }, random: { hex: (byteCount) => nodePorts.codec.sha256(String(drawn++)).slice(0, byteCount * 2) } };
}
