/** The modules that a manifest names, and what they are bundled to. */
import { OmniError } from '@omnipaw/kernel';
import { Bundler, type Bundle } from '../bundle/index.js';
import { PROVIDED } from '../kit/index.js';
import { modulesOf, type PluginManifest } from '../manifest/index.js';

/** Bundles, and why there is none, by the path of the module. */
export interface BundledModules {
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly errors: readonly OmniError[];
}

interface Given {
  readonly folder: string;
  readonly manifest: Pick<PluginManifest, 'tools' | 'agents'>;
  /** As `BundleRequest` has it. */
  readonly mayHaveHardLinks: boolean;
}

/** Bundles each module, whatever becomes of the others. */
export async function bundleModules({ folder, manifest, mayHaveHardLinks }: Given): Promise<BundledModules> {
  const bundler = new Bundler({ provided: PROVIDED });
  const bundles = new Map<string, Bundle>();
  const errors: OmniError[] = [];
  try {
    for (const entry of modulesOf(manifest)) {
      try {
        bundles.set(entry, await bundler.bundle({ folder, entry, mayHaveHardLinks }));
      } catch (thrown) {
        if (!(thrown instanceof OmniError)) throw thrown;
        errors.push(thrown);
      }
    }
  } finally {
    await bundler.close();
  }
  return { bundles, errors };
}

/** What keeps the modules of a plugin from being run: a `PLUGIN_BUNDLE_FAILED` for each that can't be bundled. Nothing of them is run. */
export async function codeProblems(folder: string, manifest: Pick<PluginManifest, 'tools' | 'agents' | 'integrity'>): Promise<readonly OmniError[]> {
  return (await bundleModules({ folder, manifest, mayHaveHardLinks: manifest.integrity !== undefined })).errors;
}
