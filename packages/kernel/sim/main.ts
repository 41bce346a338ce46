/** `pnpm sim`: seeds in, verdict out. */
import { availableParallelism, cpus } from 'node:os';
import { buildWorker } from '../../../testing/planted-worker.js';
import { helpText, parseOptions, type SimOptions } from './options.js';
import { runSeeds, shrinkSeed, type PoolOptions, type Tally } from './pool.js';
import { ProgressLine } from './progress-line.js';
import { failureText, figure, tallyText } from './report.js';

const EXIT_INTERRUPTED = 130;

/** Answers the exit code. `root` is the folder of the repository. */
export async function main(args: readonly string[], root: URL): Promise<number> {
  try {
    const options = parseOptions(args, cores());
    if (options.help) {
      process.stdout.write(helpText());
      return 0;
    }
    return await run(options, root);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
}

async function run(options: SimOptions, root: URL): Promise<number> {
  const { from, mutant, json } = options;
  const program = await buildWorker(root, { of: 'kernel', mutant });
  const interruption = new AbortController();
  const interrupt = (): void => { interruption.abort(); };
  process.once('SIGINT', interrupt);
  const progress = new ProgressLine(process.stderr);
  try {
    const tally = await search({ ...options, program, signal: interruption.signal }, progress);
    const isInterrupted = interruption.signal.aborted;
    progress.clear();
    if (json) process.stdout.write(`${JSON.stringify({ from, ...tally, mutant: mutant?.name ?? null, isInterrupted })}\n`);
    else process.stdout.write(`${tallyText(from, tally)}${tally.failure === undefined ? '' : failureText(tally.failure, mutant)}`);
    if (tally.failure !== undefined) return 1;
    return isInterrupted ? EXIT_INTERRUPTED : 0;
  } finally {
    progress.clear();
    process.off('SIGINT', interrupt);
  }
}

async function search(options: PoolOptions & Pick<SimOptions, 'maxShrinks'>, progress: ProgressLine): Promise<Tally> {
  const tally = await runSeeds({ ...options, onProgress: (finished) => { progress.show(`${figure(finished)} of ${figure(options.count)} seeds`); } });
  if (tally.failure === undefined) return tally;
  progress.show(`seed ${tally.failure.seed} has failed, and is made smaller`);
  const failure = await shrinkSeed(options, tally.failure.seed, options.maxShrinks);
  return { ...tally, ...(failure === undefined ? {} : { failure }) };
}

/** Node 18.13 does not know `availableParallelism` yet. */
function cores(): number {
  return typeof availableParallelism === 'function' ? availableParallelism() : cpus().length;
}
