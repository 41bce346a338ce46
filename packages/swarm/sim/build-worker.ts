import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { planted, type Mutant } from './mutants.js';

/** Makes the program of a worker, with a bug in the swarm if there is to be one; answers the path of its file. */
export async function buildWorker(root: URL, mutant?: Mutant): Promise<string> {
  const outfile = fileURLToPath(new URL(`node_modules/.cache/omnipaw-sim/swarm-worker-${mutant?.name ?? 'clean'}.mjs`, root));
  await esbuild.build({
    entryPoints: [fileURLToPath(new URL('packages/swarm/sim/worker.ts', root))],
    bundle: true,
    outfile,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    conditions: ['@omnipaw/source'],
    sourcemap: 'inline',
    logLevel: 'silent', // a failure is thrown, with the same text
    plugins: mutant === undefined ? [] : [planting(root, mutant)],
  });
  return outfile;
}

function planting(root: URL, mutant: Mutant): esbuild.Plugin {
  const file = fileURLToPath(new URL(`packages/swarm/src/${mutant.file}`, root));
  return {
    name: mutant.name,
    setup: (build) => {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => (path === file ? { contents: planted(mutant, readFileSync(path, 'utf8')), loader: 'ts' } : undefined));
    },
  };
}
