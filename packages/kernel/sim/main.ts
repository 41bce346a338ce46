/** `pnpm sim`: seeds in, verdict out. */
import { availableParallelism, cpus } from 'node:os';
import { buildWorker } from './build-worker.js';
import { helpText, parseOptions, type SimOptions } from './options.js';
import { runSeeds, type Tally } from './pool.js';
import { failureText, tallyText } from './report.js';
import { ProgressLine } from './progress-line.js';

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
  const { from, count, workers, mutant, json } = options;
  const program = await buildWorker(root, mutant);
  const interruption = new AbortController();
  const interrupt = (): void => { interruption.abort(); };
  process.once('SIGINT', interrupt);
  const progress = new ProgressLine(process.stderr, count);
  let tally: Tally;
  try {
    tally = await runSeeds({ program, from, count, workers, signal: interruption.signal, onProgress: (finished) => { progress.show(finished); } });
  } finally {
    progress.clear();
    process.off('SIGINT', interrupt);
  }
  const isInterrupted = interruption.signal.aborted;
  if (json) process.stdout.write(`${JSON.stringify({ from, ...tally, mutant: mutant?.name ?? null, isInterrupted })}\n`);
  else process.stdout.write(`${tallyText(from, tally)}${tally.failure === undefined ? '' : failureText(tally.failure, mutant)}`);
  if (tally.failure !== undefined) return 1;
  return isInterrupted ? EXIT_INTERRUPTED : 0;
}

/** Node 18.13 does not know `availableParallelism` yet. */
function cores(): number {
  return typeof availableParallelism === 'function' ? availableParallelism() : cpus().length;
}
