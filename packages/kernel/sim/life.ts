import type { Ports } from '@omnipaw/kernel';
import type { VirtualTime } from '@omnipaw/testing';

/**
 * A process from its start to its end, which may be at any step.
 *
 * 1. What a dead process still does has no effect: its timers are gone, its store never answers, its tools never act, and
 *    nobody hears it. So a death between two steps is a death at any of the awaits between them.
 * 2. The moment of death is a number of steps, and so a function of the seed.
 */
export class Life {
  readonly ports: Ports;
  /** Resolves when the process has died. */
  readonly death: Promise<undefined>;
  readonly #time: VirtualTime;
  #stepsLeft: number;
  #steps = 0;
  #isDead = false;
  #tellDeath: (nothing: undefined) => void = () => undefined;

  constructor(time: VirtualTime, crashAfterSteps: number | null) {
    this.#time = time;
    this.#stepsLeft = crashAfterSteps ?? Infinity;
    this.death = new Promise((resolve) => { this.#tellDeath = resolve; });
    const { ports } = time;
    this.ports = {
      ...ports,
      timers: {
        set: (delayMs, callback) => ports.timers.set(delayMs, () => { this.#run(callback); }),
        defer: (callback) => { ports.timers.defer(() => { this.#run(callback); }); },
      },
    };
  }

  /** Whether the process is there no more. A method, since the answer changes. */
  hasDied(): boolean {
    return this.#isDead;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Whether the process lives on; to be asked before everything that the outside would notice. */
  step(): boolean {
    if (this.#isDead) return false;
    this.#steps++;
    if (--this.#stepsLeft > 0) return true;
    this.end();
    return false;
  }

  /** The end that nobody prepares for. */
  end(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#time.crash();
    this.#tellDeath(undefined);
  }

  #run(callback: () => void): void {
    if (this.step()) callback();
  }
}

/** What a dead process answers. */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}
