/** What a plugin asks for, held against what the operator has granted it, pure. */
import { matches, type OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import { hostCovers } from './hosts.js';
import type { PluginManifest } from './manifest.js';
import { nameOf, permissionText, specOf, type HttpMethod, type NetworkPermission, type Permission } from './permission.js';

/** A permission, or that part of one, that a plugin asks for and is not granted. */
export interface MissingPermission {
  readonly permission: Permission;
  /** The tools that need it; empty if none says so. */
  readonly tools: readonly string[];
}

/** What is missing, in the order of the manifest; nothing if the plugin may be loaded. */
export function missingPermissions({ permissions, tools }: Pick<PluginManifest, 'permissions' | 'tools'>, granted: readonly Permission[]): readonly MissingPermission[] {
  return permissions.flatMap((wanted) => {
    const needing = tools.filter((tool) => tool.permissions.includes(wanted)).map(({ name }) => name);
    return lacking(wanted, granted).map((permission) => ({ permission, tools: needing }));
  });
}

/** Throws `PLUGIN_PERMISSION_MISSING` unless a plugin is granted all that it asks for. */
export function assertGranted(manifest: PluginManifest, granted: readonly Permission[]): void {
  const missing = missingPermissions(manifest, granted);
  if (missing.length > 0) throw permissionMissing(manifest, missing);
}

function permissionMissing({ name: plugin, agents }: PluginManifest, missing: readonly MissingPermission[]): OmniError {
  const lines = missing.map(({ permission, tools }) => `  ${permissionText(permission)}, ${neededBy(tools, agents)}`);
  const specs = missing.map(({ permission }) => specOf(permission));
  const message = [
    `Plugin "${plugin}" asks for more than it is granted:`,
    ...lines,
    `If it should have that, add to what is granted to "${plugin}": ${specs.map((spec) => JSON.stringify(spec)).join(', ')}`,
  ].join('\n');
  const details = { plugin, missing: missing.map(({ tools }, index) => ({ permission: specs[index], tools })) };
  return pluginError('PLUGIN_PERMISSION_MISSING', message, { details });
}

/** Agents have all that the plugin has. */
function neededBy(tools: readonly string[], agents: PluginManifest['agents']): string {
  if (tools.length > 0) return `needed by ${tools.join(', ')}`;
  return agents.length > 0 ? `needed by the agent ${agents[0]!.type}` : 'which none of its tools says that it needs';
}

/** Of a permission the part that nothing granted covers. */
function lacking(wanted: Permission, granted: readonly Permission[]): readonly Permission[] {
  if (wanted.name === 'network') return lackingNetwork(wanted, granted.filter((one): one is NetworkPermission => one.name === 'network'));
  return granted.some((one) => covers(one, wanted)) ? [] : [wanted];
}

/** Each method to each host has to be granted, by whichever permission; what is missing is put together by methods. */
function lackingNetwork({ hosts, methods }: NetworkPermission, granted: readonly NetworkPermission[]): readonly Permission[] {
  const byMethods = new Map<string, { readonly methods: readonly HttpMethod[]; readonly hosts: string[] }>();
  for (const host of hosts) {
    const missing = methods.filter((method) => !granted.some((one) => one.methods.includes(method) && one.hosts.some((outer) => hostCovers(outer, host))));
    if (missing.length === 0) continue;
    const key = missing.join();
    const group = byMethods.get(key) ?? { methods: missing, hosts: [] };
    group.hosts.push(host);
    byMethods.set(key, group);
  }
  return [...byMethods.values()].map((group) => ({ name: 'network', ...group }));
}

/** A grant may have wildcards where a manifest has none: `tool:host.git.*`, `shared:*`. */
function covers(granted: Permission, wanted: Exclude<Permission, NetworkPermission>): boolean {
  switch (wanted.name) {
    case 'filesystem':
      return granted.name === 'filesystem' && (granted.mode === 'write' || wanted.mode === 'read') && pathCovers(granted.path, wanted.path);
    default:
      return granted.name === wanted.name && matches(nameOf(granted), nameOf(wanted));
  }
}

/** Whether a path is another one, or below it; both relative, with `/` between their parts, `.` for the root. */
export function pathCovers(outer: string, inner: string): boolean {
  return outer === '.' || inner === outer || inner.startsWith(`${outer}/`);
}
