/**
 * Where the programs are that run in threads and processes of their own.
 *
 * Built, they are files beside this one. Run from source there are none, since Node 18 and 20 cannot run TypeScript: then they are made,
 * once a process, with the bundler that the package has anyway.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as esbuild from 'esbuild';

export type ProgramName = 'isolate/worker' | 'bundle/builder';

const made = new Map<ProgramName, string>();

/** @returns the path of the program. */
export function programFile(name: ProgramName): string {
  const built = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  if (existsSync(built)) return built;
  const known = made.get(name) ?? make(name);
  made.set(name, known);
  return known;
}

function make(name: ProgramName): string {
  const require = createRequire(import.meta.url);
  const { outputFiles } = (require('esbuild') as typeof esbuild).buildSync({
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    ...{ bundle: true, write: false, platform: 'node', format: 'esm', target: 'node18', conditions: ['@omnipaw/source'] },
    ...{ external: ['esbuild', 'enhanced-resolve'], sourcemap: 'inline', logLevel: 'silent' },
  });
  const code = outputFiles[0]!.text;
  // Where the dependencies that are not part of it can be found; named by content and moved into place, since several may make it at once.
  const folder = join(dirname(require.resolve('esbuild/package.json')), '..', '.cache', 'omnipaw-plugins');
  const file = join(folder, `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`);
  mkdirSync(folder, { recursive: true });
  // A process may have several threads that make it.
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, code);
  renameSync(draft, file);
  return file;
}
