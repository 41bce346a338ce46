/**
 * `node bundle.mjs ENTRY...`: bundles the entries of the package in this folder, src/ENTRY.ts, into dist/ENTRY.js and
 * dist/ENTRY.d.ts, without its dependencies. The compiler's declarations wait in dist/declarations.
 *
 * One file instead of a hundred, no comments (they are in the types), and short names for local variables and private
 * fields: half the size for who installs it. Functions, classes, methods and what stands at the top keep their names, lines stay
 * short, and no code is moved, so a stack trace can be read.
 */
import { rmSync, writeFileSync } from 'node:fs';
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
await bundleTypes(entries, DECLARATIONS, 'dist');
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
  for (const { path, text } of outputFiles) writeFileSync(path, await withShortLocals(text));
}

async function withShortLocals(source) {
  const { code } = await minify(source.replace(PRIVATE, HIDDEN), {
    ecma: 2022,
    compress: false,
    mangle: { toplevel: false, module: false, keep_fnames: true, keep_classnames: true, reserved: arrowFunctionsOf(source) },
    format: { max_line_len: 200 },
  });
  return `${withShortFields(code.replaceAll(HIDDEN, '#'))}\n`;
}

/** A local arrow function is called in stack traces as the variable that holds it. */
function arrowFunctionsOf(source) {
  return [...source.matchAll(/\b(\w+) = (?:async )?(?:\([^()]*\)|\w+) =>/g)].map(([, name]) => name);
}
