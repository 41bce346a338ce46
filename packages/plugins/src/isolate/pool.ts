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
 * 4. Owners take turns, and none has two on one worker while others have calls under way, or turns on more than there always are workers. So
 *    nobody waits longer than for a turn of each other owner, and one that it was about to have, however much one of them asks for, and also
 *    if its calls are given up: those keep their turns until the worker is out of them. Nobody waits behind a turn that takes long: there is
 *    a thread more for the others meanwhile.
 * 5. Memory is bounded: that of engines by the seats, that of calls by how many an owner may have under way for a caller, and by what all of
 *    them keep (`underway.ts`). One more than that is refused at once (`PLUGIN_BUSY`), since it might be one that all the others wait for.
 */
import { createHash } from 'node:crypto';
import type { OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import { checkJob } from './check-job.js';
import { engineModule } from './engine-module.js';
import { keptError } from './failure.js';
import { FairQueue } from './fair-queue.js';
import { Invocation } from './invocation.js';
import type { IsolateJob, IsolateOutcome, IsolatePool } from './job.js';
import { Accounts, MAX_OPEN } from './underway.js';
import type { WasmModule } from './webassembly.js';
import { WorkerSeat } from './worker-seat.js';

export interface IsolatePoolOptions {
  /** Threads at the most: 2 unless given. They begin when they are needed. While turns of some owners take longer than two seconds, others may have as many more. */
  readonly workers?: number;
  /** The most memory that a job may have; none gets more, whatever happens in the engine. 64 MiB unless given. */
  readonly maxMemoryBytes?: number;
}

const DEFAULT_WORKERS = 2;
/** The most memory of a job, unless a pool is given another bound. */
export const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024;
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
  readonly #accounts = new Accounts<Invocation>();
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
    const invocation: Invocation = new Invocation(job, seedWords(job.seed), {
      onSettled: () => { if (!invocation.isWorking) this.#want(invocation); },
      onKept: (chars) => {
        this.#accounts.keep(invocation, chars);
        this.#endExcess(invocation.owner);
      },
    });
    if (!this.#accounts.hasPlace(invocation)) return { ok: false, error: busy(invocation.owner) };
    this.#accounts.add(invocation);
    this.#endExcess(invocation.owner);
    try {
      return await this.#outcomeOf(invocation);
    } finally {
      this.#accounts.delete(invocation);
    }
  }

  async #outcomeOf(invocation: Invocation): Promise<IsolateOutcome> {
    const { signal } = invocation.job;
    const abort = (): void => { this.#end(invocation, pluginError('PLUGIN_ABORTED', 'The call was aborted.')); };
    this.#invocations.add(invocation);
    signal?.addEventListener('abort', abort);
    try {
      if (signal?.aborted === true) abort();
      if (this.#isClosed) this.#end(invocation, pluginError('PLUGIN_ABORTED', 'The isolate is closed.'));
      this.#module ??= await engineModule(this.#maxMemoryBytes);
      this.#want(invocation);
      return await invocation.outcome;
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#invocations.delete(invocation);
    }
  }

  async prepare(): Promise<void> {
    this.#module ??= await engineModule(this.#maxMemoryBytes);
    if (!this.#isClosed && this.#workers.size === 0) this.#begin();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const invocation of this.#invocations) this.#end(invocation, pluginError('PLUGIN_ABORTED', 'The isolate was closed.'));
    const workers = [...this.#workers];
    this.#workers.clear();
    await Promise.all(workers.map((worker) => worker.close()));
  }

  #endExcess(owner: string): void {
    for (const invocation of this.#accounts.takeExcess(owner)) this.#end(invocation, keptError(owner, invocation.keptChars));
  }

  /** Ends it wherever it is. */
  #end(invocation: Invocation, error: OmniError): void {
    if (invocation.isOver) return;
    invocation.fail(error);
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

  /** Where there is a turn for it: on the worker that it is on, or on any; also if it is on one where somebody takes long. */
  #workerFor(invocation: Invocation): WorkerSeat | undefined {
    const { owner } = invocation;
    for (const worker of this.#workers) {
      if (!worker.has(invocation)) continue;
      if (worker.longTurn === undefined) return this.#hasTurn(worker, owner) ? worker : undefined;
      const other = this.#choose(owner);
      if (other !== undefined) worker.vacate(invocation);
      return other;
    }
    return this.#choose(owner);
  }

  /** The one where the fewest work, and of those rather one that is not in the engine; a new one rather than one with calls. */
  #choose(owner: string): WorkerSeat | undefined {
    const [best] = [...this.#workers].filter((worker) => this.#hasTurn(worker, owner)).sort((a, b) => a.working - b.working || Number(a.isRunning) - Number(b.isRunning) || a.size - b.size);
    if (best?.size === 0 && !best.isRunning) return best;
    const more = this.#turnsOf(owner) < this.#maxWorkers ? this.#more : 0;
    return this.#workers.size < this.#maxWorkers + more ? this.#begin() : best;
  }

  #hasTurn(worker: WorkerSeat, owner: string): boolean {
    // What is there beyond those that there always may be is for others than those who take long.
    return worker.hasTurnFor(owner, this.#accounts.isOne) && (worker.worksFor(owner) || this.#turnsOf(owner) < this.#maxWorkers);
  }

  /** On how many workers one of an owner has a turn. */
  #turnsOf(owner: string): number {
    return [...this.#workers].filter((worker) => worker.worksFor(owner)).length;
  }

  /** How many threads there may be beyond those that there always may: one for each turn that takes long, and as many again at the most. */
  get #more(): number {
    return Math.min([...this.#workers].filter(({ longTurn }) => longTurn !== undefined).length, this.#maxWorkers);
  }

  #begin(): WorkerSeat {
    const worker: WorkerSeat = new WorkerSeat(this.#module!, {
      onRest: (invocation) => {
        if (invocation.hasNews) this.#queue.add(invocation, invocation);
        this.#serve();
      },
      onRoom: () => { this.#serve(); },
      onLongTurn: (others) => {
        for (const invocation of others) this.#want(invocation);
        this.#serve();
      },
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
      if (next === undefined) break;
      const [invocation, worker] = next;
      if (worker.has(invocation)) invocation.goOn();
      else worker.seat(invocation);
    }
    this.#endSpares();
  }

  /** Threads that were begun because turns took long end when that is over and nobody is on them. */
  #endSpares(): void {
    for (const worker of this.#workers) {
      if (this.#workers.size <= this.#maxWorkers + this.#more) return;
      if (worker.size > 0) continue;
      this.#workers.delete(worker);
      void worker.close();
    }
  }
}

function busy(owner: string): OmniError {
  const what = owner === '' ? 'There are' : `Plugin "${owner}" has`;
  return pluginError('PLUGIN_BUSY', `${what} ${MAX_OPEN} calls under way for one caller, and no more are taken until some are over. Call it less at once; if it calls itself, let it do so less.`);
}

/** Four numbers of 32 bits, not all zero but by a miracle. */
function seedWords(seed: string): readonly number[] {
  const digest = createHash('sha256').update(seed).digest();
  return [0, 4, 8, 12].map((at) => digest.readUInt32LE(at));
}
