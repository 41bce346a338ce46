import { describeThrown } from '../errors/index.js';
import type { RawEntry, RecordedEntry } from '../logging/index.js';
import { isInput, isSurelyInput, performInput, type InputsOptions } from './inputs.js';
import type { Oracle } from './oracle.js';

export interface LockstepOptions extends Omit<InputsOptions, 'diverge' | 'oracle'> {
  readonly oracle: Oracle;
  /** Runs the tick of whoever has been ready longest; false if nobody is. */
  readonly runNextTick: () => boolean;
}

/**
 * Leads a machine through what is recorded, one step after the other: an input and what follows from it, or a tick.
 *
 * Which of the two comes next the log says: an entry that no input makes is the first one of the tick of the agent that has been
 * ready longest. A step is synchronous, and so it is begun only when all of its entries are at hand, and the one after them: the
 * next that is surely an input, which no step can make.
 */
export class Lockstep {
  readonly #options: LockstepOptions;
  readonly #inputs: InputsOptions;
  #tickCount = 0;

  constructor(options: LockstepOptions) {
    this.#options = options;
    this.#inputs = { ...options, diverge: (because) => options.oracle.diverge(undefined, because) };
  }

  /** How many ticks ran again. */
  get tickCount(): number {
    return this.#tickCount;
  }

  /** Takes the next entry; runs the steps before it if it is certain that they end there. */
  feed(recorded: RecordedEntry): void {
    this.#options.oracle.expect(recorded);
    if (isSurelyInput(recorded.entry)) this.#runUpTo(recorded.entry);
  }

  /** Runs all steps that were fed: the last one goes on as far as the oracle lets it. */
  finish(): void {
    this.#runUpTo(undefined);
  }

  #runUpTo(end: RawEntry | undefined): void {
    const { oracle } = this.#options;
    for (let { next } = oracle; next !== end && next !== undefined && oracle.failure === undefined; { next } = oracle) {
      this.#step(next);
      if (oracle.next === next) oracle.diverge(undefined);
    }
  }

  #step(entry: RawEntry): void {
    const { oracle, runNextTick } = this.#options;
    try {
      if (isInput(entry)) performInput(entry, this.#inputs);
      else if (runNextTick()) this.#tickCount++;
      else oracle.diverge(undefined, 'No agent was ready to run.');
    } catch (thrown) {
      // What a kernel refuses to do now, it can't have done then.
      oracle.diverge(undefined, describeThrown(thrown), entry);
    }
  }
}
