import { fork, type ChildProcess } from 'node:child_process';
import type { Verdict } from './search.js';
import type { Task } from './worker.js';

export interface PoolOptions {
  /** The program of a worker. */
  readonly program: string;
  readonly from: number;
  readonly count: number;
  readonly workers: number;
  readonly onVerdict: (verdict: Verdict) => void;
}

/** Runs seeds in several processes, and stops giving them out once one has failed. Rejects if a worker ends by itself. */
export async function runSeeds({ program, from, count, workers, onVerdict }: PoolOptions): Promise<void> {
  let next = from;
  let hasFailed = false;
  const work = (): Promise<void> => withWorker(program, async (worker) => {
    while (next < from + count && !hasFailed) {
      const verdict = await verdictOf(worker, { seed: next++, maxShrinks: 0 });
      hasFailed ||= verdict.failure !== undefined;
      onVerdict(verdict);
    }
  });
  await Promise.all(Array.from({ length: workers }, work));
}

/** Runs a seed that has failed once more, and looks for a smaller plan that fails in the same way. */
export async function shrinkSeed(program: string, task: Task): Promise<Verdict> {
  let shrunk: Verdict | undefined;
  await withWorker(program, async (worker) => { shrunk = await verdictOf(worker, task); });
  return shrunk!;
}

async function withWorker(program: string, use: (worker: ChildProcess) => Promise<void>): Promise<void> {
  const worker = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  try {
    await use(worker);
  } finally {
    if (worker.connected) worker.disconnect();
  }
}

function verdictOf(worker: ChildProcess, task: Task): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => { reject(new Error(`A worker ended with exit code ${String(code)}.`)); };
    worker.once('exit', ended);
    worker.once('message', (verdict) => {
      worker.off('exit', ended);
      resolve(verdict as Verdict);
    });
    worker.send(task);
  });
}
