/**
 * Packs a plugin: from the folder in which somebody works, with tests, tools and links, to one that has what is run and nothing else.
 *
 * 1. What is packed is what was bundled: the same files, with the same digests.
 * 2. What was packed is bundled again, by itself: it must come to the same code.
 * 3. The same files give the same pack, byte for byte, wherever and whenever it is made.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { toJson, type JsonObject } from '@omnipaw/kernel';
import type { Bundle } from '../bundle/index.js';
import { pluginError } from '../errors.js';
import { hashFolder, unsigned, type FileDigests } from '../integrity/index.js';
import { PNPM_ADVICE } from '../links.js';
import { MANIFEST_FILE, PluginValidator, type PluginManifest } from '../manifest/index.js';
import { bundleModules, type BundledModules } from './modules.js';
import { readShipped, shippedFiles } from './shipped-files.js';

export interface PackRequest {
  /** The plugin's folder. */
  readonly folder: string;
  /** Where the pack goes: a folder that is not there yet. */
  readonly into: string;
}

export interface PackedPlugin {
  readonly manifest: PluginManifest;
  /** Of all files but the manifest, which has the same. */
  readonly files: FileDigests;
}

/**
 * Copies what is shipped of a plugin into a new folder, with a manifest that has the digest of each file and no signature.
 *
 * Rejects with `PLUGIN_MANIFEST_INVALID`, `PLUGIN_BUNDLE_FAILED`, and `PLUGIN_INTEGRITY_FAILED` for files that can't be shipped; then
 * nothing is left of the folder.
 */
export async function packPlugin({ folder, into }: PackRequest): Promise<PackedPlugin> {
  const manifest = await new PluginValidator().read(folder);
  const bundles = await bundled(folder, manifest);
  const inputs = Object.assign({}, ...[...bundles.values()].map((bundle) => bundle.inputs)) as FileDigests;
  await mkdir(into);
  try {
    for (const name of await shippedFiles(folder, Object.keys(inputs))) {
      const place = path.join(into, ...name.split('/'));
      await mkdir(path.dirname(place), { recursive: true });
      await writeFile(place, await readShipped(folder, name, inputs), { flag: 'wx' });
    }
    const files = await hashFolder(into);
    const sealed = toJson({ ...unsigned(manifest.source), integrity: { sha256: files } }) as JsonObject;
    await writeFile(path.join(into, MANIFEST_FILE), `${JSON.stringify(sealed, null, 2)}\n`, { flag: 'wx' });
    const packed = await new PluginValidator().read(into);
    refuseOtherCode(manifest.name, bundles, await bundleModules({ folder: into, manifest: packed, mayHaveHardLinks: false }));
    return { manifest: packed, files };
  } catch (thrown) {
    await rm(into, { recursive: true, force: true });
    throw thrown;
  }
}

async function bundled(folder: string, manifest: PluginManifest): Promise<ReadonlyMap<string, Bundle>> {
  // Each file is looked at again when it is copied.
  const { bundles, errors } = await bundleModules({ folder, manifest, mayHaveHardLinks: true });
  const [first] = errors;
  if (first !== undefined) throw first;
  return bundles;
}

/** Something beside the files may have had a say in it: a link to a package, for instance, which is not shipped. */
function refuseOtherCode(plugin: string, before: ReadonlyMap<string, Bundle>, { bundles, errors }: BundledModules): void {
  for (const [entry, { codeDigest }] of before) {
    if (bundles.get(entry)?.codeDigest === codeDigest) continue;
    const [first] = errors;
    const message = `${JSON.stringify(entry)} of plugin "${plugin}" comes to another code once it is packed${first === undefined ? '' : `, or to none (${first.message})`}. Links are not shipped: its packages have to lie in its folder as npm installs them. ${PNPM_ADVICE}.`;
    throw pluginError('PLUGIN_BUNDLE_FAILED', message, { details: { entry } });
  }
}
