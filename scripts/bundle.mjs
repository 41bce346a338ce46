/**
 * `node bundle.mjs ENTRY...`: bundles the entries of the package in this folder into dist/, without its dependencies.
 *
 * One file instead of a hundred, and no comments (they are in the types): a third of the size for who installs it. Names
 * stay, and lines stay short, so that a stack trace can be read.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { build } from 'esbuild';

await build({
  entryPoints: process.argv.slice(2),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node18.19',
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  logLevel: 'warning',
});

removeUnreachableTypes(process.argv.slice(2).map((entry) => entry.replace(/^src\//, 'dist/').replace(/\.ts$/, '.d.ts')));

/** Declarations that no entry leads to are nobody's: they would be a tenth of what is installed. */
function removeUnreachableTypes(entries) {
  const reachable = new Set();
  const waiting = entries.map((entry) => resolve(entry));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reachable.has(file)) continue;
    reachable.add(file);
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/(?:from|import\(|import)\s*'(\.[^']+)\.js'/g)) {
      waiting.push(resolve(dirname(file), `${specifier}.d.ts`));
    }
  }
  for (const name of readdirSync('dist', { recursive: true })) {
    const file = resolve('dist', name);
    if (file.endsWith('.d.ts') && !reachable.has(file)) rmSync(file);
  }
}
