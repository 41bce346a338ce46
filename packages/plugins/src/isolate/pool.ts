/**
 * A few workers for all plugins: who goes where, and who goes again.
 *
 * Calls of plugins may call plugins, so that calls wait for calls: in chains, in circles, by the thousand. Why none of them waits for ever:
 *
 * 1. Only a call that works has a turn. A turn ends by itself, when the call is over or waits for what it has asked for: fuel and `cpuMs` see
 *    to that, and a worker that is stuck is ended.
 * 2. A call that waits has no turn, and its seat is anybody's who has one: it is taken away, and started anew when it goes on, which it can since
 *    it does the same when it is told the same. So whoever has a turn has a seat, whatever all the others wait for.
 * 3. Each turn brings a call on by what it was told since its last one. It asks for `maxCalls` at the most, and has one turn more than that.
 * 4. Owners take turns, so nobody waits longer than for a few turns of each other owner (those that it has, and the next one), however much one of
 *    them asks for, and also if its calls are given up: those keep their turns until the worker is out of them.
 * 5. Memory is bounded: that of engines by the seats, that of calls by how many an owner may have under way. One more than that is refused
 *    at once (`PLUGIN_BUSY`), since it might be one that all the others wait for.
 */
import { createHash } from 'node:crypto';
import type { OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import { checkJob } from './check-job.js';
import { engineModule } from './engine-module.js';
import { FairQueue } from './fair-queue.js';
import { Invocation } from './invocation.js';
import type { IsolateJob, IsolateOutcome, IsolatePool } from './job.js';
import type { WasmModule } from './webassembly.js';
import { WorkerSeat } from './worker-seat.js';

export interface IsolatePoolOptions {
  /** Threads at the most: 2 unless given. They begin when they are needed. */
  readonly workers?: number;
  /** The most memory that a job may have; none gets more, whatever happens in the engine. 64 MiB unless given. */
  readonly maxMemoryBytes?: number;
}

const DEFAULT_WORKERS = 2;
const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024;
/** Calls of an owner that are not over: twice as many as a kernel has under way for agents. */
const MAX_OPEN = 2_000;
/** Times that a call may be there when a worker ends and nobody knows why. */
const MAX_SUSPICIONS = 3;

/** Runs bundled plugin code without any authority: see `job.ts` for what it is given and what it gives. */
export function createIsolatePool(options: IsolatePoolOptions = {}): IsolatePool {
  const { workers = DEFAULT_WORKERS, maxMemoryBytes = DEFAULT_MEMORY_BYTES } = options;
  if (!Number.isSafeInteger(workers) || workers < 1) throw new TypeError(`"workers" is a whole number from 1, not ${String(workers)}.`);
  if (!Number.isSafeInteger(maxMemoryBytes) || maxMemoryBytes < 1) throw new TypeError(`"maxMemoryBytes" is a whole number of bytes, not ${String(maxMemoryBytes)}.`);
  return new WorkerPool(workers, maxMemoryBytes);
}

class WorkerPool implements IsolatePool {
  readonly #maxWorkers: number;
  readonly #maxMemoryBytes: number;
  readonly #workers = new Set<WorkerSeat>();
  /** Who is not over. */
  readonly #invocations = new Set<Invocation>();
  /** Those of each owner that are not over. */
  readonly #open = new Map<string, number>();
  /** Who wants a turn. */
  readonly #queue = new FairQueue<Invocation>();
  #module: WasmModule | undefined;
  #isClosed = false;

  constructor(maxWorkers: number, maxMemoryBytes: number) {
    this.#maxWorkers = maxWorkers;
    this.#maxMemoryBytes = maxMemoryBytes;
  }

  async run(job: IsolateJob): Promise<IsolateOutcome> {
    checkJob(job, this.#maxMemoryBytes);
    const { owner = '' } = job;
    const open = this.#open.get(owner) ?? 0;
    if (open >= MAX_OPEN) return { ok: false, error: busy(owner) };
    this.#open.set(owner, open + 1);
    try {
      return await this.#outcomeOf(job);
    } finally {
      const left = this.#open.get(owner)! - 1;
      if (left > 0) this.#open.set(owner, left);
      else this.#open.delete(owner);
    }
  }

  async #outcomeOf(job: IsolateJob): Promise<IsolateOutcome> {
    const invocation: Invocation = new Invocation(job, seedWords(job.seed), () => { if (!invocation.isWorking) this.#want(invocation); });
    const abort = (): void => { this.#abort(invocation, 'The call was aborted.'); };
    this.#invocations.add(invocation);
    job.signal?.addEventListener('abort', abort);
    try {
      if (job.signal?.aborted === true) abort();
      if (this.#isClosed) this.#abort(invocation, 'The isolate is closed.');
      this.#module ??= await engineModule(this.#maxMemoryBytes);
      this.#want(invocation);
      return await invocation.outcome;
    } finally {
      job.signal?.removeEventListener('abort', abort);
      this.#invocations.delete(invocation);
    }
  }

  async prepare(): Promise<void> {
    this.#module ??= await engineModule(this.#maxMemoryBytes);
    if (!this.#isClosed && this.#workers.size === 0) this.#begin();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const invocation of this.#invocations) this.#abort(invocation, 'The isolate was closed.');
    const workers = [...this.#workers];
    this.#workers.clear();
    await Promise.all(workers.map((worker) => worker.close()));
  }

  #abort(invocation: Invocation, message: string): void {
    if (invocation.isOver) return;
    invocation.fail(pluginError('PLUGIN_ABORTED', message));
    this.#queue.delete(invocation);
    for (const worker of this.#workers) worker.dispose(invocation);
  }

  #want(invocation: Invocation): void {
    if (invocation.isOver) return;
    this.#queue.add(invocation, invocation);
    this.#serve();
  }

  /** Its worker has ended. As often as that is another's fault, it is run again. */
  #again(invocation: Invocation, why: string | undefined): void {
    if (why === undefined || ++invocation.suspicions < MAX_SUSPICIONS) this.#want(invocation);
    else invocation.fail(pluginError('PLUGIN_CRASHED', `The worker of the call has ended ${MAX_SUSPICIONS} times. ${why}`));
  }

  /** Where there is a turn for it: on the worker that it is on, or on any. */
  #workerFor(invocation: Invocation): WorkerSeat | undefined {
    for (const worker of this.#workers) if (worker.has(invocation)) return worker.hasTurn ? worker : undefined;
    return this.#choose();
  }

  /** The one where the fewest work, and of those rather one that is not in the engine; a new one rather than one with calls. */
  #choose(): WorkerSeat | undefined {
    const [best] = [...this.#workers].sort((a, b) => a.working - b.working || Number(a.isRunning) - Number(b.isRunning) || a.size - b.size);
    if (best?.size === 0 && !best.isRunning) return best;
    if (this.#workers.size < this.#maxWorkers) return this.#begin();
    return best?.hasTurn === true ? best : undefined;
  }

  #begin(): WorkerSeat {
    const worker: WorkerSeat = new WorkerSeat(this.#module!, {
      onRest: (invocation) => {
        if (invocation.hasNews) this.#queue.add(invocation, invocation);
        this.#serve();
      },
      onRoom: () => { this.#serve(); },
      onGone: (others, why) => {
        this.#workers.delete(worker);
        for (const invocation of others) this.#again(invocation, why);
        this.#serve();
      },
    });
    this.#workers.add(worker);
    return worker;
  }

  /** Those who want a turn get those that there are. */
  #serve(): void {
    if (this.#isClosed) return;
    for (;;) {
      const next = this.#queue.take((invocation) => this.#workerFor(invocation));
      if (next === undefined) return;
      const [invocation, worker] = next;
      if (worker.has(invocation)) invocation.goOn();
      else worker.seat(invocation);
    }
  }
}

function busy(owner: string): OmniError {
  const what = owner === '' ? 'There are' : `Plugin "${owner}" has`;
  return pluginError('PLUGIN_BUSY', `${what} ${MAX_OPEN} calls under way, and no more are taken until some are over. Call it less at once; if it calls itself, let it do so less.`);
}

/** Four numbers of 32 bits, not all zero but by a miracle. */
function seedWords(seed: string): readonly number[] {
  const digest = createHash('sha256').update(seed).digest();
  return [0, 4, 8, 12].map((at) => digest.readUInt32LE(at));
}
