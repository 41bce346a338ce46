import { fork, type ChildProcess } from 'node:child_process';
import type { Failure } from './search.js';
import type { Answer, Task } from './worker.js';

export interface PoolOptions {
  /** The program of a worker. */
  readonly program: string;
  readonly from: number;
  readonly count: number;
  readonly workers: number;
  /** Told after each task how many seeds have been run. */
  readonly onProgress?: (finished: number) => void;
  readonly signal?: AbortSignal;
}

/** What all seeds came to. */
export interface Tally {
  readonly seeds: number;
  /** Steps at any of which a process may die. */
  readonly steps: number;
  readonly crashes: number;
  readonly entries: number;
  /** That of the lowest seed that failed. */
  readonly failure?: Failure;
}

const MAX_TASK_SEEDS = 50;

/**
 * Runs seeds in several processes, and stops at the first that fails: tasks are handed out in order, so that it is the
 * lowest one, however many workers there are.
 *
 * Rejects if a worker ends by itself.
 */
export async function runSeeds(options: PoolOptions): Promise<Tally> {
  const pool = new Pool(options);
  await Promise.all(Array.from({ length: options.workers }, () => pool.work()));
  return pool.tally;
}

/** Runs a seed that has failed once more, and looks for a smaller plan that fails in the same way; undefined if interrupted. */
export function shrinkSeed(options: Pick<PoolOptions, 'program' | 'signal'>, seed: number, maxShrinks: number): Promise<Failure | undefined> {
  return withWorker(options, async (answerTo) => (await answerTo({ from: seed, count: 1, maxShrinks }))?.failure);
}

class Pool {
  readonly #options: PoolOptions;
  #next: number;
  #tally: Tally = { seeds: 0, steps: 0, crashes: 0, entries: 0 };

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#next = options.from;
  }

  get tally(): Tally {
    return this.#tally;
  }

  /** One worker, from its first task to its last. */
  work(): Promise<void> {
    return withWorker(this.#options, async (answerTo) => {
      for (let task = this.#take(); task !== undefined; task = this.#take()) {
        const answer = await answerTo(task);
        if (answer === undefined) return;
        this.#add(answer);
      }
    });
  }

  #take(): Task | undefined {
    const { from, count, workers } = this.#options;
    const left = from + count - this.#next;
    if (left <= 0 || this.#tally.failure !== undefined) return undefined;
    const task = { from: this.#next, count: Math.min(left, MAX_TASK_SEEDS, Math.ceil(count / workers)), maxShrinks: 0 };
    this.#next += task.count;
    return task;
  }

  #add({ seeds, steps, crashes, entries, failure }: Answer): void {
    const sum = this.#tally;
    const isLower = failure !== undefined && failure.seed < (sum.failure?.seed ?? Infinity);
    this.#tally = {
      ...sum, seeds: sum.seeds + seeds, steps: sum.steps + steps, crashes: sum.crashes + crashes, entries: sum.entries + entries,
      ...(isLower ? { failure } : {}),
    };
    this.#options.onProgress?.(this.#tally.seeds);
  }
}

/** Undefined if nobody wants the answer any more. */
type AnswerTo = (task: Task) => Promise<Answer | undefined>;

async function withWorker<Result>({ program, signal }: Pick<PoolOptions, 'program' | 'signal'>, use: (answerTo: AnswerTo) => Promise<Result>): Promise<Result> {
  const worker = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  try {
    return await use((task) => answerOf(worker, task, signal));
  } finally {
    if (worker.connected) worker.disconnect();
  }
}

function answerOf(worker: ChildProcess, task: Task, signal: AbortSignal | undefined): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void => { settle(() => { resolve(undefined); }); };
    const ended = (code: number | null): void => { settle(() => { reject(new Error(`A worker ended with exit code ${String(code)}.`)); }); };
    const answered = (answer: unknown): void => { settle(() => { resolve(answer as Answer); }); };
    const settle = (how: () => void): void => {
      worker.off('message', answered).off('exit', ended).off('error', reject);
      signal?.removeEventListener('abort', stop);
      how();
    };
    if (signal?.aborted === true) {
      resolve(undefined);
      return;
    }
    worker.on('message', answered).on('exit', ended).on('error', reject);
    signal?.addEventListener('abort', stop);
    worker.send(task);
  });
}
