import { defineAgent, type AgentDefinition, type Json, type Quota, type Tool } from '@omnipaw/kernel';
import type { PluginAgent } from '../manifest/index.js';
import type { Runtime } from './plugin-tool.js';

/** A type of agent that a plugin brings along, and what its agents get unless whoever starts them says otherwise. */
export interface LoadedAgent {
  readonly definition: AgentDefinition<Json, Json>;
  /** For `spawn` and `delegate`: what the manifest has, and the call of its own program. */
  readonly grants: readonly string[];
  readonly quota: Quota;
}

/** Its code runs in the isolate, so all that its program does is to call that; the digest in the log is over the plugin. */
export function pluginAgent({ type, grants, quota }: PluginAgent, program: Tool, { manifest, origin }: Runtime): LoadedAgent {
  const definition = defineAgent(type, function* (ctx, input: Json) {
    return (yield* ctx.tool(program as Tool<Json, Json>, input));
  }, { version: manifest.version });
  return { definition: Object.freeze({ ...definition, source: origin }), grants: [...grants, `call:${program.name}`], quota };
}
