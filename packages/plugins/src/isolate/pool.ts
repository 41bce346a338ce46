/** A few workers for all plugins: who goes where, and who goes again. */
import { createHash } from 'node:crypto';
import { pluginError } from '../errors.js';
import { checkJob } from './check-job.js';
import { engineModule } from './engine-module.js';
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
/** Calls on one worker at once: most of them wait for something. Others wait for room. */
const MAX_SEATED = 16;
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
  #waiting: Invocation[] = [];
  #module: WasmModule | undefined;
  #isClosed = false;

  constructor(maxWorkers: number, maxMemoryBytes: number) {
    this.#maxWorkers = maxWorkers;
    this.#maxMemoryBytes = maxMemoryBytes;
  }

  async run(job: IsolateJob): Promise<IsolateOutcome> {
    checkJob(job, this.#maxMemoryBytes);
    const invocation = new Invocation(job, seedWords(job.seed));
    const abort = (): void => { this.#abort(invocation, 'The call was aborted.'); };
    this.#invocations.add(invocation);
    job.signal?.addEventListener('abort', abort);
    try {
      if (job.signal?.aborted === true) abort();
      if (this.#isClosed) this.#abort(invocation, 'The isolate is closed.');
      this.#module ??= await engineModule(this.#maxMemoryBytes);
      this.#admit(invocation);
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
    this.#waiting = this.#waiting.filter((other) => other !== invocation);
    for (const worker of this.#workers) worker.dispose(invocation);
  }

  #admit(invocation: Invocation): void {
    if (invocation.isOver) return;
    const worker = this.#choose();
    if (worker === undefined) this.#waiting.push(invocation);
    else worker.seat(invocation);
  }

  /** Its worker has ended. As often as that is another's fault, it is run again. */
  #again(invocation: Invocation, why: string | undefined): void {
    if (why === undefined || ++invocation.suspicions < MAX_SUSPICIONS) this.#admit(invocation);
    else invocation.fail(pluginError('PLUGIN_CRASHED', `The worker of the call has ended ${MAX_SUSPICIONS} times. ${why}`));
  }

  /** The one with the fewest calls, and of those rather one that is not in the engine; a new one rather than one with calls. */
  #choose(): WorkerSeat | undefined {
    const [best] = [...this.#workers].sort((a, b) => a.size - b.size || Number(a.isRunning) - Number(b.isRunning));
    if (best?.size === 0 && !best.isRunning) return best;
    if (this.#workers.size < this.#maxWorkers) return this.#begin();
    return (best?.size ?? MAX_SEATED) < MAX_SEATED ? best : undefined;
  }

  #begin(): WorkerSeat {
    const worker: WorkerSeat = new WorkerSeat(this.#module!, {
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

  /** Those who wait get the room that there is. */
  #serve(): void {
    if (this.#isClosed) return;
    for (const invocation of this.#waiting.splice(0)) this.#admit(invocation);
  }
}

/** Four numbers of 32 bits, not all zero but by a miracle. */
function seedWords(seed: string): readonly number[] {
  const digest = createHash('sha256').update(seed).digest();
  return [0, 4, 8, 12].map((at) => digest.readUInt32LE(at));
}
