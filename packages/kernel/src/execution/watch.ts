import { OmniError } from '../errors/index.js';
import type { RawEntry } from '../logging/index.js';
import type { Watchdog } from '../ports/index.js';
import { AgentEnded } from '../syscalls/index.js';

export interface TickWatchOptions {
  readonly agent: string;
  readonly limitMs: number;
  /** Undefined where nothing is measured: what a program took is on record then. */
  readonly watchdog: Watchdog | undefined;
  /** The entry that has to be made next; undefined where the recording ends. */
  readonly recorded: () => RawEntry | undefined;
}

/**
 * Measures what a program itself takes in a tick, and ends it when that is too long.
 *
 * 1. Only the program's own code runs under the watchdog, which may end it anywhere: the kernel's is never in the middle.
 * 2. A step that was ended then is not run again: the record says that the tick was over before it.
 * 3. A step that led to what is recorded was within its limit, however long it takes on the machine that makes it again.
 */
export class TickWatch {
  readonly #options: TickWatchOptions;
  #cpuUs = 0;
  #isStopped = false;

  constructor(options: TickWatchOptions) {
    this.#options = options;
  }

  /** What the log is to say of the tick: what it says already, or what was measured. */
  get measured(): { readonly cpuUs: number; readonly stopped?: true } {
    const cpuUs = this.#record?.['cpuUs'] as number;
    return { cpuUs: Number.isSafeInteger(cpuUs) && cpuUs >= 0 ? cpuUs : this.#cpuUs, ...(this.#isStopped ? { stopped: true } : {}) };
  }

  /** Runs a step of the program; ends the agent if that takes too long. */
  run<Result>(step: () => Result): Result {
    const { limitMs, watchdog, recorded } = this.#options;
    if (this.#record?.['stopped'] === true) throw this.#stop();
    if (watchdog === undefined || recorded() !== undefined) return step();
    const leftMs = limitMs - this.#cpuUs / 1_000;
    const startUs = watchdog.cpuUs();
    let result: { readonly of: Result } | undefined;
    try {
      if (leftMs > 0) watchdog.run(() => { result = { of: step() }; }, Math.ceil(leftMs));
    } finally {
      this.#cpuUs += Math.round(watchdog.cpuUs() - startUs);
    }
    if (result === undefined) throw this.#stop();
    return result.of;
  }

  get #record(): RawEntry['data'] | undefined {
    const next = this.#options.recorded();
    return next?.kind === 'TICK_MEASURED' && next.agent === this.#options.agent ? next.data : undefined;
  }

  #stop(): AgentEnded {
    this.#isStopped = true;
    const { agent, limitMs } = this.#options;
    const message = `The program of agent "${agent}" ran for more than ${String(limitMs)} ms in one tick, and was ended. Look for an endless loop, or give it more time.`;
    return new AgentEnded(new OmniError('TICK_OVERFLOW', message, { details: { limitMs } }));
  }
}
