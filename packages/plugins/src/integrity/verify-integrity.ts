/** Whether the files of a plugin are those that its manifest names. */
import { pluginError } from '../errors.js';
import type { PluginManifest } from '../manifest/index.js';
import { hashFolder, type FileDigests } from './hash-folder.js';

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
 * Answers the digests of a plugin's files, which are those that its manifest names, if it names any.
 *
 * Rejects with `PLUGIN_INTEGRITY_FAILED` if a file was changed, is missing, or is there beside them; and for what `hashFolder` refuses.
 * Files can change after that: whoever reads one to run it compares what was read, too.
 */
export async function verifyIntegrity({ name, integrity }: Pick<PluginManifest, 'name' | 'integrity'>, folder: string): Promise<FileDigests> {
  const found = await hashFolder(folder);
  if (integrity === undefined) return found;
  const differences = fileDifferences(integrity.sha256, found);
  const said = Object.entries({ 'was changed': differences.changed, 'is missing': differences.missing, 'does not belong to it': differences.added }).flatMap(([what, files]) => files.map((file) => `  ${JSON.stringify(file)} ${what}`));
  if (said.length === 0) return found;
  const more = said.length > MAX_SHOWN ? [`  and ${said.length - MAX_SHOWN} more`] : [];
  const message = [`The files of plugin "${name}" are not those that its manifest names:`, ...said.slice(0, MAX_SHOWN), ...more, 'Get the plugin anew; or if the changes are yours, sign it anew.'].join('\n');
  throw pluginError('PLUGIN_INTEGRITY_FAILED', message, { details: { plugin: name, ...shortened(differences) } });
}

function shortened({ changed, missing, added }: FileDifferences): FileDifferences {
  return { changed: changed.slice(0, MAX_SHOWN), missing: missing.slice(0, MAX_SHOWN), added: added.slice(0, MAX_SHOWN) };
}
