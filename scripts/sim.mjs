/** `pnpm sim`: makes a program of the simulator's sources, which Node can't run as they are, and runs it. */
import { mkdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url);
const cache = new URL('node_modules/.cache/omnipaw-sim/', root);
const outfile = fileURLToPath(new URL('main.mjs', cache));

mkdirSync(cache, { recursive: true });
await build({
  entryPoints: [fileURLToPath(new URL('packages/kernel/sim/main.ts', root))],
  bundle: true,
  outfile,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node18',
  logLevel: 'warning',
});
const { main } = await import(pathToFileURL(outfile));
process.exitCode = await main(process.argv.slice(2), root);
