/** The modules that a manifest names, and what they are bundled to. */
import { OmniError } from '@omnipaw/kernel';
import { Bundler, type Bundle } from '../bundle/index.js';
import { PROVIDED } from '../kit/index.js';
import type { PluginManifest } from '../manifest/index.js';

type Named = Pick<PluginManifest, 'tools' | 'agents'>;

/** Bundles, and why there is none, by the path of the module. */
export interface BundledModules {
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly errors: readonly OmniError[];
}

/** Bundles each module, whatever becomes of the others. */
export async function bundleModules(folder: string, { tools, agents }: Named): Promise<BundledModules> {
  const modules = new Set([...tools.map(({ handler }) => handler), ...agents.map(({ program }) => program)]);
  const bundler = new Bundler({ provided: PROVIDED });
  const bundles = new Map<string, Bundle>();
  const errors: OmniError[] = [];
  try {
    for (const entry of modules) {
      try {
        bundles.set(entry, await bundler.bundle({ folder, entry }));
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
export async function codeProblems(folder: string, manifest: Named): Promise<readonly OmniError[]> {
  return (await bundleModules(folder, manifest)).errors;
}
