import type { OmniError } from '../errors/index.js';
import type { ExecutionLogger } from '../logging/index.js';
import type { AgentOutcomes } from '../pending/index.js';

/** Somebody who waits for an agent's end. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: OmniError) => void;
}

export interface AgentEndsOptions {
  readonly outcomes: AgentOutcomes;
  readonly log: Pick<ExecutionLogger, 'afterDurable' | 'nextSeq' | 'failure'>;
}

/**
 * Tells those who wait for an agent's end.
 *
 * An end is told once it is durable. A stop is told at once, except to those whose agent's end is on its way to the disk:
 * it gets there, or the log's failure stops a second time.
 */
export class AgentEnds {
  readonly #options: AgentEndsOptions;
  readonly #waiters = new Map<string, Waiter[]>();
  #stoppedBy: OmniError | undefined;

  constructor(options: AgentEndsOptions) {
    this.#options = options;
  }

  wait(agent: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(agent);
      if (this.#stoppedBy !== undefined && !this.#isOnRecord(agent)) reject(this.#stoppedBy);
      else if (waiters !== undefined) waiters.push({ resolve, reject });
      else {
        this.#waiters.set(agent, [{ resolve, reject }]);
        if (this.#isOnRecord(agent)) this.ended(agent, this.#options.log.nextSeq - 1);
      }
    });
  }

  /** The agent's last entry was recorded. */
  ended(agent: string, busSeq: number): void {
    if (!this.#waiters.has(agent)) return;
    this.#options.log.afterDurable(busSeq, () => {
      const waiters = this.#waiters.get(agent) ?? [];
      this.#waiters.delete(agent);
      for (const { resolve } of waiters) resolve();
    });
  }

  stop(error: OmniError): void {
    this.#stoppedBy = error;
    for (const [agent, waiters] of this.#waiters) {
      if (this.#isOnRecord(agent)) continue;
      this.#waiters.delete(agent);
      for (const { reject } of waiters) reject(error);
    }
  }

  /** Whether the agent has ended, by a log that still stands for what it says. */
  #isOnRecord(agent: string): boolean {
    const { outcomes, log } = this.#options;
    return outcomes.of(agent) !== undefined && log.failure === undefined;
  }
}
