/** A simulator's worker as a program, with a bug in the sources of its package if there is to be one. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

/** A bug that a simulator has to find: a small change of one source, as somebody might make it. */
export interface Mutant {
  readonly name: string;
  /** What is wrong with it, in one sentence. */
  readonly bug: string;
  /** Below the package's `src`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly text: string;
  readonly replacement: string;
}

export interface WorkerOptions {
  /** The package whose worker it is: `packages/<of>/sim/worker.ts`. */
  readonly of: string;
  readonly mutant?: Mutant | undefined;
}

/** Makes the program; answers the path of its file. `root` is the folder of the repository. */
export async function buildWorker(root: URL, { of, mutant }: WorkerOptions): Promise<string> {
  const outfile = fileURLToPath(new URL(`node_modules/.cache/omnipaw-sim/${of}-worker-${mutant?.name ?? 'clean'}.mjs`, root));
  await esbuild.build({
    entryPoints: [fileURLToPath(new URL(`packages/${of}/sim/worker.ts`, root))],
    bundle: true,
    outfile,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    conditions: ['@omnipaw/source'],
    sourcemap: 'inline',
    logLevel: 'silent', // a failure is thrown, with the same text
    plugins: mutant === undefined ? [] : [planting(new URL(`packages/${of}/src/`, root), mutant)],
  });
  return outfile;
}

/** The source of a file with the bug in it; throws if the text that it replaces is not there once. */
export function planted({ name, file, text, replacement }: Mutant, source: string): string {
  const count = source.split(text).length - 1;
  if (count !== 1) throw new Error(`The text that mutant "${name}" replaces is in ${file} ${count} times, not once. Bring sim/mutants.ts up to date.`);
  return source.replace(text, () => replacement);
}

function planting(sources: URL, mutant: Mutant): esbuild.Plugin {
  const file = fileURLToPath(new URL(mutant.file, sources));
  return {
    name: mutant.name,
    setup: (build) => {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => (path === file ? { contents: planted(mutant, readFileSync(path, 'utf8')), loader: 'ts' } : undefined));
    },
  };
}
