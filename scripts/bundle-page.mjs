/**
 * Makes of the page of the package in this folder what is published: page/ without comments and in short words in dist/page, its
 * scripts in one file; and the fold, src/state/, which pages of others load as well, file by file in dist/state.
 */
import { copyFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const FOLD = /^(?:\.\.?\/)+state\//;
const options = { format: 'esm', target: 'es2022', minify: true, legalComments: 'none', logLevel: 'warning' };

/** Browsers find the fold below the page, where the server puts it. */
const fold = { name: 'fold', setup: ({ onResolve }) => { onResolve({ filter: FOLD }, ({ path }) => ({ path: resolve('src/state', path.replace(FOLD, '')) })); } };

await build({ ...options, entryPoints: ['page/app.js'], bundle: true, plugins: [fold], outdir: 'dist/page' });
await build({ ...options, entryPoints: filesIn('page', '.css'), outbase: 'page', outdir: 'dist/page' });
await build({ ...options, entryPoints: filesIn('src/state', '.js'), outdir: 'dist/state' });
for (const name of ['index.html', 'icon.svg']) copyFileSync(`page/${name}`, `dist/page/${name}`);

function filesIn(folder, ending) {
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}
