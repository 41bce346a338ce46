/** Containers that wait for the next calls; each is used once. */
import type Docker from 'dockerode';
import { ask, engineError, isUnanswered } from './engine-call.js';
import type { WaitingContainer } from './waiting-container.js';

export class WarmPool {
  readonly #size: number;
  readonly #start: () => Promise<WaitingContainer>;
  readonly #remove: (waiting: WaitingContainer) => void;
  readonly #waiting: WaitingContainer[] = [];
  readonly #coming = new Set<Promise<void>>();
  #isClosed = false;
  #failure: unknown;

  constructor(size: number, start: () => Promise<WaitingContainer>, remove: (waiting: WaitingContainer) => void) {
    this.#size = size;
    this.#start = start;
    this.#remove = remove;
  }

  /** One that waits, if there is one, for a call that may be under way until then. Rejects when the engine does not answer, and with a signal's reason. */
  async take(until: number, signal: AbortSignal): Promise<WaitingContainer | undefined> {
    signal.throwIfAborted();
    const taken = this.#waiting.shift();
    if (taken === undefined) return undefined;
    let isUsable = false;
    try {
      isUsable = taken.until >= until && (await isThere(taken, signal));
    } finally {
      if (!isUsable) this.#remove(taken);
    }
    if (!isUsable) return this.take(until, signal);
    taken.stream.ref();
    return taken;
  }

  /** Why the last one that was missing could not be started. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Starts as many as are missing. One that can't be started is missing until the next call, which then is a cold one and says why. */
  fill(): void {
    while (!this.#isClosed && this.#waiting.length + this.#coming.size < this.#size) {
      const coming = this.#start().then((waiting) => { this.#keep(waiting); }, (thrown: unknown) => { this.#failure = thrown; });
      this.#coming.add(coming);
      void coming.finally(() => this.#coming.delete(coming));
    }
  }

  /** Resolves when all that were coming are here. */
  async settled(): Promise<void> {
    while (this.#coming.size > 0) await Promise.all(this.#coming);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.settled();
    for (const waiting of this.#waiting.splice(0)) this.#remove(waiting);
  }

  #keep(waiting: WaitingContainer): void {
    // Whoever has nothing else to do does not stay for containers that nobody may ever use.
    waiting.stream.unref();
    // There is nothing to be heard of it, but that the other side has gone.
    waiting.stream.resume();
    this.#waiting.push(waiting);
    this.#failure = undefined;
  }
}

/** It may have waited for long, and somebody have ended it, or the engine. */
async function isThere({ container, isConnected }: WaitingContainer, signal: AbortSignal): Promise<boolean> {
  try {
    const { State } = (await ask('being asked for a container', (abortSignal) => container.inspect({ abortSignal }), { signal })) as Partial<Docker.ContainerInspectInfo>;
    return State?.Running === true && isConnected();
  } catch (thrown) {
    if (isUnanswered(thrown)) throw engineError(thrown, 'it was asked for a container');
    return false;
  }
}
