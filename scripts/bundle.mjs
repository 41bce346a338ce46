/**
 * `node bundle.mjs ENTRY...`: bundles the entries of the package in this folder, src/ENTRY.ts, into dist/ENTRY.js and
 * dist/ENTRY.d.ts, without its dependencies. The compiler's declarations wait in dist/declarations. An entry in a folder,
 * FOLDER/ENTRY, is a program for a thread or process of its own: nobody imports it, so it has no types.
 *
 * One file instead of a hundred, no comments (they are in the types), and short names for variables and private fields: half
 * the size for who installs it. Functions, classes and methods keep their names, lines stay short, and no code is moved, so
 * a stack trace can be read.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { minify } from 'terser';
import { bundleTypes } from './bundle-types.mjs';
import { withShortFields } from './short-fields.mjs';

const DECLARATIONS = 'dist/declarations';

/** Private names look like public ones while terser works: those it would shorten whatever its options say. */
const PRIVATE = /#(?=[a-z])/gi;
const HIDDEN = '_private_';

const entries = process.argv.slice(2);
await bundleCode(entries);
await bundleTypes(entries.filter((entry) => !entry.includes('/')), DECLARATIONS, 'dist');
rmSync(DECLARATIONS, { recursive: true });

async function bundleCode(entries) {
  const { outputFiles } = await build({
    entryPoints: entries.map((entry) => `src/${entry}.ts`),
    outdir: 'dist',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node18.19',
    minifySyntax: true,
    write: false,
    logLevel: 'warning',
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await withShortLocals(text));
  }
}

async function withShortLocals(source) {
  const { code } = await minify(source.replace(PRIVATE, HIDDEN), {
    ecma: 2022,
    module: true,
    compress: false,
    mangle: { toplevel: true, keep_fnames: true, keep_classnames: true, reserved: namesInTraces(source) },
    // A line's end instead of a semicolon costs nothing; one anywhere else does.
    format: { semicolons: false, max_line_len: 400 },
  });
  return `${withShortFields(code.replaceAll(HIDDEN, '#'))}\n`;
}

/** Arrow functions, and the classes that the bundler has put into variables, are called in stack traces as what holds them. */
function namesInTraces(source) {
  return [...source.matchAll(/\b(\w+) = (?:class\b|(?:async )?(?:\([^()]*\)|\w+) =>)/g)].map(([, name]) => name);
}
