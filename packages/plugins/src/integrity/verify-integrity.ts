/** Whether the files of a plugin are those that its manifest names. */
import { pluginError } from '../errors.js';
import type { PluginManifest } from '../manifest/index.js';
import { hashOwnFiles, hashSealedFolder, isOfPackages, type FileDigests } from './hash-folder.js';

/** How files differ from what they should be: paths, sorted. */
export interface FileDifferences {
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  readonly added: readonly string[];
}

const MAX_SHOWN = 10;

/** How some files differ from others; pure. */
export function fileDifferences(expected: FileDigests, found: FileDigests): FileDifferences {
  const [wanted, there] = [Object.keys(expected), Object.keys(found)];
  return {
    changed: wanted.filter((file) => Object.hasOwn(found, file) && found[file] !== expected[file]).sort(),
    missing: wanted.filter((file) => !Object.hasOwn(found, file)).sort(),
    added: there.filter((file) => !Object.hasOwn(expected, file)).sort(),
  };
}

/**
 * Answers the digests of a plugin's files, which are those that its manifest names, if it names any; if not, of those outside of its
 * `node_modules`, and {@link withPackages} adds those that are bundled.
 *
 * Rejects with `PLUGIN_INTEGRITY_FAILED` if a file was changed, is missing, or is there beside them; and for what `hashFolder` refuses.
 * Files can change after that: what is read to be run is held against {@link verifyInputs}.
 */
export async function verifyIntegrity({ name, integrity }: Pick<PluginManifest, 'name' | 'integrity'>, folder: string): Promise<FileDigests> {
  if (integrity === undefined) return hashOwnFiles(folder);
  const found = await hashSealedFolder(folder);
  refuseDifferences(name, fileDifferences(integrity.sha256, found));
  return found;
}

/**
 * Throws `PLUGIN_INTEGRITY_FAILED` unless what was bundled of a plugin, by path and SHA-256, are files that its manifest names, if it names any.
 *
 * What was verified in a folder may have been exchanged before it was read to be run: this is about what was read.
 */
export function verifyInputs({ name, integrity }: Pick<PluginManifest, 'name' | 'integrity'>, inputs: FileDigests): void {
  if (integrity === undefined) return;
  const { changed, added } = fileDifferences(integrity.sha256, inputs);
  refuseDifferences(name, { changed, missing: [], added });
}

/**
 * The digests of a plugin's files with those of its packages that were bundled, where its manifest names no files: then nothing was known of those.
 *
 * Throws `PLUGIN_INTEGRITY_FAILED` if something else was bundled than what is known.
 */
export function withPackages({ name, integrity }: Pick<PluginManifest, 'name' | 'integrity'>, known: FileDigests, inputs: FileDigests): FileDigests {
  const packages = integrity === undefined ? Object.entries(inputs).filter(([file]) => isOfPackages(file)) : [];
  const files = { ...Object.fromEntries(packages), ...known };
  if (integrity !== undefined) verifyInputs({ name, integrity: { sha256: known } }, inputs);
  else refuseRestless(name, fileDifferences(files, inputs));
  return files;
}

/** Somebody is at work there. */
function refuseRestless(plugin: string, { changed, added }: FileDifferences): void {
  const [file] = [...changed, ...added];
  if (file === undefined) return;
  const message = `${JSON.stringify(file)} of plugin "${plugin}" was changed while it was read. Load it again.`;
  throw pluginError('PLUGIN_INTEGRITY_FAILED', message, { details: { plugin, ...shortened({ changed, missing: [], added }) } });
}

function refuseDifferences(plugin: string, differences: FileDifferences): void {
  const { changed, missing, added } = differences;
  const said = [
    ...changed.map((file) => `  ${JSON.stringify(file)} was changed`),
    ...missing.map((file) => `  ${JSON.stringify(file)} is missing`),
    ...added.map((file) => `  ${JSON.stringify(file)} does not belong to it`),
  ];
  if (said.length === 0) return;
  const more = said.length > MAX_SHOWN ? [`  and ${said.length - MAX_SHOWN} more`] : [];
  const message = [`The files of plugin "${plugin}" are not those that its manifest names:`, ...said.slice(0, MAX_SHOWN), ...more, 'Get the plugin anew; or if the changes are yours, sign it anew.'].join('\n');
  throw pluginError('PLUGIN_INTEGRITY_FAILED', message, { details: { plugin, ...shortened(differences) } });
}

function shortened({ changed, missing, added }: FileDifferences): FileDifferences {
  return { changed: changed.slice(0, MAX_SHOWN), missing: missing.slice(0, MAX_SHOWN), added: added.slice(0, MAX_SHOWN) };
}
