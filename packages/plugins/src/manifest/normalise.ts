/** From a manifest that has passed all checks to the form that the rest of the package uses. */
import type { JsonObject, Quota } from '@omnipaw/kernel';
import { shortNameOf } from './checks.js';
import { DEFAULT_TIMEOUT_MS } from './manifest-schema.js';
import type { PluginAgent, PluginManifest, PluginSignature, PluginTool } from './manifest.js';
import { nameOf, permissionOf, type Permission, type PermissionSpec } from './permission.js';
import { plainPath } from './portable-path.js';

/** A manifest as the schema has it. */
interface ManifestSource {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly omnipaw: string;
  readonly permissions?: readonly PermissionSpec[];
  readonly tools?: readonly ToolSource[];
  readonly agents?: readonly AgentSource[];
  readonly integrity?: { readonly sha256: Readonly<Record<string, string>> };
  readonly signature?: PluginSignature;
}

interface ToolSource {
  readonly name: string;
  readonly description: string;
  readonly input: JsonObject;
  readonly output?: JsonObject;
  readonly handler: string;
  readonly idempotent?: boolean;
  readonly timeoutMs?: number;
  readonly permissions?: readonly (string | number)[];
}

interface AgentSource {
  readonly type: string;
  readonly description?: string;
  readonly program: string;
  readonly grants?: readonly string[];
  readonly quota?: Quota;
}

export function normalise(source: JsonObject): PluginManifest {
  const { name, version, description, license, omnipaw, tools = [], agents = [], ...rest } = source as unknown as ManifestSource;
  const permissions = Object.freeze((rest.permissions ?? []).map((spec) => Object.freeze(permissionOf(spec))));
  return Object.freeze({
    ...{ name, shortName: shortNameOf(name), version, description, license, omnipaw, permissions },
    tools: Object.freeze(tools.map((tool) => toolOf(tool, permissions))),
    agents: Object.freeze(agents.map(agentOf)),
    ...(rest.integrity === undefined ? {} : { integrity: rest.integrity }),
    ...(rest.signature === undefined ? {} : { signature: rest.signature }),
    source,
  });
}

function toolOf({ name, description, input, output, handler, ...rest }: ToolSource, all: readonly Permission[]): PluginTool {
  return Object.freeze({
    ...{ name, description, input, handler: plainPath(handler) },
    ...(output === undefined ? {} : { output }),
    idempotent: rest.idempotent ?? false,
    timeoutMs: rest.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    permissions: rest.permissions === undefined ? all : Object.freeze(neededOf(rest.permissions, all)),
  });
}

/** In the order of the plugin's list, each once. A name stands for all permissions that have it. */
function neededOf(references: readonly (string | number)[], all: readonly Permission[]): readonly Permission[] {
  return all.filter((permission, index) => references.includes(index) || references.includes(nameOf(permission)));
}

function agentOf({ type, description, program, grants = [], quota = {} }: AgentSource): PluginAgent {
  return Object.freeze({ type, ...(description === undefined ? {} : { description }), program: plainPath(program), grants, quota });
}
