/** Folders whose manifests say that they are the same plugin: what it was granted is for one of them at the most. */
import { basename } from 'node:path';
import type { OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import { readManifestFile } from '../manifest/index.js';
import { shown } from '../schemas/index.js';

/** By folder, why those are refused that are not the plugin whose name they have: all but the one whose folder has that name, or all. */
export async function rivalsIn(folders: readonly string[]): Promise<ReadonlyMap<string, OmniError>> {
  const claims = new Map<string, string[]>();
  for (const folder of folders) {
    const name = await nameIn(folder);
    if (name !== undefined) claims.set(name, [...(claims.get(name) ?? []), folder]);
  }
  const refused = new Map<string, OmniError>();
  for (const [name, claimants] of claims) {
    const rightful = claimants.find((folder) => basename(folder) === name);
    for (const folder of claimants.length > 1 ? claimants : []) if (folder !== rightful) refused.set(folder, refusal(name, { folder, claimants, rightful }));
  }
  return refused;
}

/** Undefined for a manifest that says none, which is refused anyway. */
async function nameIn(folder: string): Promise<string | undefined> {
  try {
    const { name } = JSON.parse(new TextDecoder().decode(await readManifestFile(folder, folder))) as { readonly name?: unknown };
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}

function refusal(name: string, { folder, claimants, rightful }: { readonly folder: string; readonly claimants: readonly string[]; readonly rightful: string | undefined }): OmniError {
  const others = claimants.filter((other) => other !== folder).map((other) => basename(other));
  const message = rightful === undefined
    ? `Plugin ${shown(name)} in ${basename(folder)} has the name that the plugin in ${others.join(', ')} has, and nobody can say which of them is meant. Take all but one of them away, or name the folder of that one ${shown(name)}.`
    : `Plugin ${shown(name)} in ${basename(folder)} has the name that the plugin in ${basename(rightful)} has. Take one of them away.`;
  return pluginError('PLUGIN_REFUSED', message);
}
