/**
 * `pnpm sim`, `pnpm sim:swarm`: makes a program of a simulator's sources, which Node can't run as they are, and runs it.
 *
 * The first argument names the package with --of=NAME; the kernel unless given.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [first = '', ...others] = process.argv.slice(2);
const isNamed = first.startsWith('--of=');
const of = isNamed ? first.slice('--of='.length) : 'kernel';
const args = isNamed ? others : process.argv.slice(2);

const root = new URL('..', import.meta.url);
const cache = new URL('node_modules/.cache/omnipaw-sim/', root);
const outfile = fileURLToPath(new URL(`${of}-main.mjs`, cache));

mkdirSync(cache, { recursive: true });
await build({
  entryPoints: [fileURLToPath(new URL(`packages/${of}/sim/main.ts`, root))],
  bundle: true,
  outfile,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node18',
  logLevel: 'warning',
});
const { main } = await import(pathToFileURL(outfile));
process.exitCode = await main(args, root);
