/** What the operator grants to each plugin: a JSON file, `{ "plugin-weather": [ … ] }`, with permissions as manifests have them. */
import fs from 'node:fs';
import type { PermissionSpec } from '@omnipaw/plugins';
import { UsageError } from '../failure.js';
import { readJsonArgument } from '../json-argument.js';
import type { PluginLibrary } from './library.js';

/** Read from the working directory if nothing else is named: never from a plugin's own folder. */
export const GRANTS_FILE = 'plugins.grants.json';

export type PluginGrants = Readonly<Record<string, readonly PermissionSpec[]>>;

/** Throws a UsageError for a file that was named and is not there, and for one that says what can't be granted. */
export function grantsIn(file: string | undefined, { grantedPermissions }: Pick<PluginLibrary, 'grantedPermissions'>): PluginGrants {
  if (file === undefined && !fs.existsSync(GRANTS_FILE)) return {};
  const named = file ?? GRANTS_FILE;
  const grants = readJsonArgument(`@${named}`, `The file ${named}`);
  if (typeof grants !== 'object' || grants === null || Array.isArray(grants)) throw new UsageError(`${named} must be an object with a list of permissions for each plugin, by its name: { "plugin-weather": ["memory"] }.`);
  for (const [plugin, permissions] of Object.entries(grants)) assertPermissions({ file: named, plugin, permissions }, grantedPermissions);
  return grants as PluginGrants;
}

function assertPermissions({ file, plugin, permissions }: { readonly file: string; readonly plugin: string; readonly permissions: unknown }, grantedPermissions: PluginLibrary['grantedPermissions']): void {
  if (!Array.isArray(permissions)) throw new UsageError(`${file}: what ${JSON.stringify(plugin)} is granted must be a list of permissions.`);
  try {
    grantedPermissions(permissions as PermissionSpec[]);
  } catch (thrown) {
    throw new UsageError(`${file}, ${JSON.stringify(plugin)}: ${(thrown as Error).message}`);
  }
}

/** The entry for a file of grants by which a plugin would have what it lacks. */
export function entryFor(plugin: string, granted: readonly PermissionSpec[], missing: readonly PermissionSpec[]): string {
  return `${JSON.stringify(plugin)}: ${JSON.stringify([...granted, ...missing])}`;
}
