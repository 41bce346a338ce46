/**
 * Makes of the page of the package in this folder what is published: page/ without comments and in short words in dist/page, its
 * scripts in one file; and the fold, src/state/, which pages of others load as well, file by file in dist/state.
 */
import { cpSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const FOLD = /^(?:\.\.?\/)+state\//;
const options = { format: 'esm', target: 'es2022', minify: true, legalComments: 'none', logLevel: 'warning' };

/** Browsers find the fold below the page, where the server puts it. */
const fold = { name: 'fold', setup: ({ onResolve }) => { onResolve({ filter: FOLD }, ({ path }) => ({ path: resolve('src/state', path.replace(FOLD, '')) })); } };

await build({ ...options, entryPoints: ['page/app.js'], bundle: true, plugins: [fold], outdir: 'dist/page' });
await build({ ...options, entryPoints: filesIn('page', '.css'), outbase: 'page', outdir: 'dist/page' });
await build({ ...options, entryPoints: filesIn('src/state', '.js'), outdir: 'dist/state' });
for (const file of filesIn('page').filter((name) => !/\.(?:js|css)$/.test(name))) cpSync(file, join('dist', file));

function filesIn(folder, ending = '') {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((item) => item.isFile() && item.name.endsWith(ending));
  return files.map((item) => join(item.parentPath ?? item.path, item.name)); // the older name, before Node 20.12
}
