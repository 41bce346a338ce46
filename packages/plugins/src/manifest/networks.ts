/**
 * By which tools the tools and agents of a plugin reach the network, pure.
 *
 * Each set of permissions has a tool of its own, so that redirections stay on the hosts and methods of exactly these.
 */
import { fetchToolName } from './derived-names.js';
import { anyHost } from './hosts.js';
import type { PluginManifest } from './manifest.js';
import type { NetworkPermission, Permission } from './permission.js';

export interface NetworkSet {
  /** The name of the tool. */
  readonly tool: string;
  readonly permissions: readonly NetworkPermission[];
}

/** In the order in which the manifest has them: by its tools, then by its agents, which have all of its permissions. */
export function networkSets({ shortName, permissions, tools, agents }: Pick<PluginManifest, 'shortName' | 'permissions' | 'tools' | 'agents'>): readonly NetworkSet[] {
  const sets: NetworkSet[] = [];
  for (const held of [...tools.map((tool) => tool.permissions), ...(agents.length > 0 ? [permissions] : [])]) {
    const bounded = boundedIn(held);
    if (bounded.length > 0 && setFor(held, sets) === undefined) sets.push({ tool: fetchToolName(shortName, sets.length), permissions: bounded });
  }
  return sets;
}

/** That of somebody who has these permissions of the plugin. */
export function setFor(held: readonly Permission[], sets: readonly NetworkSet[]): NetworkSet | undefined {
  const bounded = boundedIn(held);
  // All of them are in the order of the manifest.
  return sets.find(({ permissions }) => permissions.length === bounded.length && permissions.every((permission, index) => permission === bounded[index]));
}

/** Whether it is for any host: whom that may be is for the operator to say, so it goes by the operator's own tool. */
export function isForAnyHost({ hosts }: NetworkPermission): boolean {
  return hosts.some(anyHost);
}

function boundedIn(held: readonly Permission[]): readonly NetworkPermission[] {
  return held.filter((one): one is NetworkPermission => one.name === 'network' && !isForAnyHost(one));
}
