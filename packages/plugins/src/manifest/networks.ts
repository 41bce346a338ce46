/**
 * By which tools the tools and agents of a plugin reach the network, pure.
 *
 * 1. Each set of permissions has a tool of its own, so that redirections stay on the hosts and methods of exactly these.
 * 2. Whom "any host" may be is for the operator to say, so that goes by the operator's own tool, and the hosts that are named beside it do not.
 */
import { fetchToolName } from './derived-names.js';
import { anyHost } from './hosts.js';
import type { PluginManifest } from './manifest.js';
import type { NetworkPermission, Permission } from './permission.js';

export interface NetworkSet {
  /** The name of the tool. */
  readonly tool: string;
  /** With the hosts that they name. */
  readonly permissions: readonly NetworkPermission[];
  /** These, as the manifest has them. */
  readonly origins: readonly NetworkPermission[];
}

/** In the order in which the manifest has them: by its tools, then by its agents, which have all of its permissions. */
export function networkSets({ shortName, permissions, tools, agents }: Pick<PluginManifest, 'shortName' | 'permissions' | 'tools' | 'agents'>): readonly NetworkSet[] {
  const sets: NetworkSet[] = [];
  for (const held of [...tools.map((tool) => tool.permissions), ...(agents.length > 0 ? [permissions] : [])]) {
    const origins = namingIn(held);
    if (origins.length > 0 && setFor(held, sets) === undefined) sets.push({ tool: fetchToolName(shortName, sets.length), permissions: origins.map(namedPart), origins });
  }
  return sets;
}

/** That of somebody who has these permissions of the plugin. */
export function setFor(held: readonly Permission[], sets: readonly NetworkSet[]): NetworkSet | undefined {
  const naming = namingIn(held);
  // All of them are in the order of the manifest.
  return sets.find(({ origins }) => origins.length === naming.length && origins.every((permission, index) => permission === naming[index]));
}

function namingIn(held: readonly Permission[]): readonly NetworkPermission[] {
  return held.filter((one): one is NetworkPermission => one.name === 'network' && !one.hosts.every(anyHost));
}

function namedPart(permission: NetworkPermission): NetworkPermission {
  return { ...permission, hosts: permission.hosts.filter((host) => !anyHost(host)) };
}
