import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Bundler, type Bundle, type BundlerOptions } from '@omnipaw/plugins';
import { afterAll, onTestFinished } from 'vitest';

/** One for all tests of a file that do nothing to it: its process takes a while to begin. */
export const sharedBundler = new Bundler();
afterAll(() => sharedBundler.close());

/** A temporary directory with these files, gone with the test. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'omnipaw-plugin-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** A bundler that ends with the test. */
export function openBundler(options?: BundlerOptions): Bundler {
  const bundler = new Bundler(options);
  onTestFinished(() => bundler.close());
  return bundler;
}

/** The bundle of `index.ts` and these files. */
export function bundleOf(files: Readonly<Record<string, string>>): Promise<Bundle> {
  return sharedBundler.bundle({ folder: folderOf(files), entry: 'index.ts' });
}
