/** The code of a plugin as it is in its folder: what will run, and what the digests in the log are made of. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { OmniError } from '@omnipaw/kernel';
import type { Bundle, Bundler } from '../bundle/index.js';
import { withPackages, type FileDigests } from '../integrity/index.js';
import { modulesOf, type PluginManifest } from '../manifest/index.js';
import { PluginBundles } from './plugin-bundles.js';

export interface PluginCode {
  /** Of the plugin's files, and of what is bundled of its packages. */
  readonly files: FileDigests;
  /** By module; none in a replay. */
  readonly bundles: ReadonlyMap<string, Bundle>;
}

interface Place {
  readonly folder: string;
  readonly bundler: Bundler;
  /** What is known of the files. */
  readonly known: FileDigests;
}

/** Rejects with `PLUGIN_BUNDLE_FAILED`, and with `PLUGIN_INTEGRITY_FAILED` for a file that is another one than it was. */
export async function readCode(manifest: PluginManifest, { folder, bundler, known }: Place): Promise<PluginCode> {
  let files = known;
  const plugin = new PluginBundles(bundler, { folder, mayHaveHardLinks: manifest.integrity !== undefined });
  const bundles = new Map<string, Bundle>();
  for (const entry of modulesOf(manifest)) {
    const bundle = await plugin.of(entry);
    // Somebody may have exchanged a file since it was hashed.
    files = withPackages(manifest, files, bundle.inputs);
    bundles.set(entry, bundle);
  }
  return { files, bundles };
}

/**
 * The same to be compared with a log: nothing is to run, so it does not matter whether it could. A module that can't be bundled has no say in what of
 * the packages counts, and so the digest is another one.
 */
export async function readCodeForReplay(manifest: PluginManifest, { folder, bundler, known }: Place): Promise<PluginCode> {
  let files = known;
  const hasPackages = manifest.integrity === undefined && (await lstat(join(folder, 'node_modules')).catch(() => undefined)) !== undefined;
  const plugin = new PluginBundles(bundler, { folder });
  for (const entry of hasPackages ? modulesOf(manifest) : []) {
    try {
      files = withPackages(manifest, files, (await plugin.of(entry)).inputs);
    } catch (thrown) {
      if (!(thrown instanceof OmniError)) throw thrown;
    }
  }
  return { files, bundles: new Map() };
}
