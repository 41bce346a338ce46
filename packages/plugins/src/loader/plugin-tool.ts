import { defineTool, unchecked, type Json, type Tool, type ToolContext } from '@omnipaw/kernel';
import { wishOf, type Holder } from '../bridge/index.js';
import type { Bundle } from '../bundle/index.js';
import { pluginError } from '../errors.js';
import type { IsolateLimits, IsolatePool } from '../isolate/index.js';
import { programName, setFor, type NetworkSet, type Permission, type PluginAgent, type PluginManifest, type PluginTool } from '../manifest/index.js';
import { standardSchema } from '../schemas/index.js';

/** What the code of a plugin runs in, and as what. */
export interface Runtime {
  readonly manifest: PluginManifest;
  /** Stands in the log's header and in each call. */
  readonly origin: string;
  readonly pool: IsolatePool;
  readonly limits: IsolateLimits;
  /** By which tools it reaches the network. */
  readonly networks: readonly NetworkSet[];
}

/** How long the program of an agent may take, all that it waits for included. */
const AGENT_TIMEOUT_MS = 24 * 60 * 60 * 1000;
/** Of a tool that may be called again with the same arguments: after a timeout, say. */
const RETRY = { limit: 2, backoffMs: 500 } as const;
/** Of any other: another attempt asks anew for what the one before has asked for, and has had. */
const NO_RETRY = { limit: 0, backoffMs: 0 } as const;

/**
 * The tool of a plugin, as the kernel takes it: its code runs in an isolate, and asks the kernel for all that it uses.
 *
 * It may run again after a crash, whatever its manifest says, since it does nothing but ask, and the kernel answers what was asked before from the
 * log. After an error it may not, unless its manifest says so: the kernel answers nothing from the log then.
 */
export function pluginTool(tool: PluginTool, bundle: Bundle | undefined, runtime: Runtime): Tool {
  const { name, description, input, output, timeoutMs, idempotent, permissions } = tool;
  return defineTool({
    ...{ name, description, timeoutMs, idempotent: true, origin: runtime.origin, version: runtime.manifest.version },
    input: standardSchema(input),
    ...(output === undefined ? {} : { output: standardSchema(output) }),
    retry: idempotent ? RETRY : NO_RETRY,
    run: runIn(runtime, bundle, permissions),
  });
}

/** The program of a plugin's agent: a tool as well, which the agent calls once. */
export function programTool({ type, description = '' }: PluginAgent, bundle: Bundle | undefined, runtime: Runtime): Tool {
  const { manifest, origin } = runtime;
  return defineTool({
    ...{ name: programName(type), description, timeoutMs: AGENT_TIMEOUT_MS, idempotent: true, retry: NO_RETRY, origin, version: manifest.version },
    input: unchecked<Json>(),
    run: runIn(runtime, bundle, manifest.permissions),
  });
}

/** Without a bundle it is there to be compared with a log. */
function runIn({ manifest, pool, limits, networks }: Runtime, bundle: Bundle | undefined, permissions: readonly Permission[]) {
  const holder: Holder = { plugin: manifest.name, shortName: manifest.shortName, ownTools: namesOf(manifest), permissions, ofPlugin: manifest.permissions, fetchTool: setFor(permissions, networks)?.tool };
  return async (args: unknown, { agent, ask, calledAt, idempotencyKey, progress, signal }: ToolContext): Promise<Json> => {
    if (bundle === undefined) throw pluginError('PLUGIN_REFUSED', `Plugin "${manifest.name}" was loaded for a replay, in which nothing of it runs. Load it without mode "REPLAY".`);
    const outcome = await pool.run({
      ...bundle,
      args: args as Json,
      now: calledAt,
      seed: idempotencyKey,
      limits,
      owner: manifest.name,
      caller: agent,
      signal: signal,
      log: (text) => { progress({ log: text }); },
      call: async (name, given) => {
        const { instruction, permission } = wishOf(name, given, holder);
        return ask(instruction, permission);
      },
    });
    if (outcome.ok) return outcome.value;
    throw outcome.error;
  };
}

function namesOf({ tools, agents }: PluginManifest): ReadonlySet<string> {
  return new Set([...tools.map(({ name }) => name), ...agents.map(({ type }) => programName(type))]);
}
