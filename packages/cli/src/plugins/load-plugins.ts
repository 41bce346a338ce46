/** The plugins of a run: loaded with what the operator grants, and told of where they can't be. None of them stops the others, or the run. */
import { VERSION } from '@omnipaw/kernel';
import type { LoadedAgent, LoadedPlugin, Plugins } from '@omnipaw/plugins';
import { UsageError } from '../failure.js';
import type { Definitions } from '../run/definitions.js';
import type { Session } from '../session.js';
import { cellText } from '../terminal/printable.js';
import { assertPluginsFolder } from './examine.js';
import { GRANTS_FILE, grantsIn } from './grants.js';
import { hostLibrary, pluginLibrary, type HostLibrary, type PluginLibrary } from './library.js';
import { machineTools } from './machine.js';
import { rejectionLines, type Granted } from './rejection.js';
import { trustedKeysIn } from './trust.js';
import { PluginWatch } from './watch.js';

type LoaderOptions = ConstructorParameters<PluginLibrary['PluginLoader']>[0];

/** What commands take that run programs; a replay needs no more than the folders. */
export interface PluginOptions {
  /** Folders that have a folder for each plugin. */
  readonly plugins?: readonly string[];
  /** The file of what they are granted. */
  readonly pluginGrants?: string;
  /** Files of public keys. */
  readonly trustedKey?: readonly string[];
  /** Takes up what changes in them, while the work goes on. */
  readonly watch?: boolean;
}

/** What a program exports, and what plugins bring along. */
export interface Equipped {
  readonly definitions: Definitions;
  /** Those of the plugins, with what each should be granted. */
  readonly pluginAgents: readonly LoadedAgent[];
}

export interface PluginRequest {
  /** What the program exports. */
  readonly own: Definitions;
  readonly options: PluginOptions;
  readonly session: Session;
  /** In a replay nothing of them runs, and nobody has to grant them anything. */
  readonly mode?: LoaderOptions['mode'];
}

/** Does something with a program and with plugins; their isolates end with it. Without plugins, nothing is loaded that plugins need. */
export async function withPlugins<Result>(request: PluginRequest, work: (equipped: Equipped) => Promise<Result>): Promise<Result> {
  const { own, session, options: { plugins: folders = [], watch = false } } = request;
  if (watch && folders.length === 0) throw new UsageError('--watch is for plugins, and there are none. Name the folder that has a folder for each with --plugins.');
  if (folders.length === 0) return work({ definitions: own, pluginAgents: [] });
  const opened: Plugins[] = [];
  let watcher: PluginWatch | undefined;
  try {
    const granted = await grantedIn(request);
    const prepared = await equipped(folders, request, { opened, granted });
    if (watch) watcher = new PluginWatch(opened, (thrown) => rejectionLines(thrown, granted), session);
    return await work(prepared);
  } finally {
    await watcher?.close();
    await Promise.all(opened.map((plugins) => plugins.close()));
  }
}

async function grantedIn({ options: { pluginGrants }, mode }: PluginRequest): Promise<Granted> {
  const grants = mode === 'REPLAY' ? {} : grantsIn(pluginGrants, await pluginLibrary());
  return { grants, file: pluginGrants ?? GRANTS_FILE };
}

interface Opening {
  /** What was opened, whatever comes of it. */
  readonly opened: Plugins[];
  readonly granted: Granted;
}

async function equipped(folders: readonly string[], request: PluginRequest, opening: Opening): Promise<Equipped> {
  const { own, session, mode } = request;
  const library = await pluginLibrary();
  for (const folder of folders) assertPluginsFolder(folder, library);
  const host = await hostLibrary();
  const loaded = withOwnNetwork(await loadAll(folders, request, { host, ...opening }), own);
  const fitting = await withoutTwins(loaded, own, session);
  const tools = [...own.tools, ...fitting.flatMap((plugin) => plugin.tools)];
  const machine = machineTools(fitting, new Set(tools.map(({ name }) => name)), host);
  // Nobody needs them in a replay.
  for (const text of mode === 'REPLAY' ? [] : machine.missing) await session.people.line(`${session.people.ink('yellow', 'warning:')} ${text}`);
  const pluginAgents = fitting.flatMap(({ agents }) => agents);
  const agents = [...own.agents, ...pluginAgents.map(({ definition }) => definition)] as Definitions['agents'];
  return { definitions: { ...own, agents, tools: [...tools, ...machine.tools] }, pluginAgents };
}

async function loadAll(folders: readonly string[], { options: { trustedKey }, session, mode = 'LIVE' }: PluginRequest, { host, opened, granted }: Opening & { readonly host: HostLibrary | undefined }): Promise<LoadedPlugin[]> {
  const library = await pluginLibrary();
  const fetchTool = host === undefined ? {} : { fetchTool: ((name, allow) => host.fetchTool(name, { allow })) satisfies LoaderOptions['fetchTool'] };
  const options = { mode, grants: granted.grants, kernelVersion: VERSION, trustedKeys: trustedKeysIn(trustedKey, library), ...fetchTool };
  for (const folder of folders) {
    const plugins = await new library.PluginLoader({ folder, ...options }).load();
    opened.push(plugins);
    for (const { folder: place, error } of plugins.rejected) await tellRejected(place, rejectionLines(error, granted), session);
  }
  return opened.flatMap(({ loaded }) => loaded);
}

/** A program may bring the tool by which a plugin reaches its hosts: those of a network of its own, which the usual one does not ask. */
function withOwnNetwork(loaded: readonly LoadedPlugin[], { tools }: Definitions): LoadedPlugin[] {
  const own = new Set(tools.map(({ name }) => name));
  return loaded.map((plugin) => {
    const network = `${plugin.manifest.shortName}.host.net.`;
    return { ...plugin, tools: plugin.tools.filter(({ name }) => !(own.has(name) && name.startsWith(network))) };
  });
}

/** A kernel takes no two tools or agents of one name: what the program has goes first, then whoever was loaded first. */
async function withoutTwins(loaded: readonly LoadedPlugin[], { agents, tools }: Definitions, session: Session): Promise<LoadedPlugin[]> {
  const taken = new Set([...agents.map(({ type }) => `the agent ${type}`), ...tools.map(({ name }) => `the tool ${name}`)]);
  const fitting: LoadedPlugin[] = [];
  for (const plugin of loaded) {
    const names = [...plugin.agents.map(({ definition }) => `the agent ${definition.type}`), ...plugin.tools.map(({ name }) => `the tool ${name}`)];
    const twin = names.find((name) => taken.has(name));
    if (twin !== undefined) {
      await tellRejected(plugin.folder, [`It brings ${twin}, which is there already, from the program or another plugin. Take one of them away.`], session);
      continue;
    }
    for (const name of names) taken.add(name);
    fitting.push(plugin);
  }
  return fitting;
}

async function tellRejected(folder: string, lines: readonly string[], { people }: Session): Promise<void> {
  await people.line(`${people.ink('yellow', 'warning:')} The plugin in ${cellText(folder)} is left out.`);
  for (const line of lines) await people.line(`  ${line}`);
}
