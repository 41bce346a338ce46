/** Until when somebody waits, by the recorded time; without end unless told how long. */
export class Deadline {
  readonly #clock: { now(): number };
  readonly #at: number;

  constructor(clock: { now(): number }, timeoutMs = Infinity) {
    this.#clock = clock;
    this.#at = clock.now() + timeoutMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#at - this.#clock.now());
  }

  /** The time that is left, as an operation takes it. */
  get timeout(): { readonly timeoutMs?: number } {
    return this.#at === Infinity ? {} : { timeoutMs: this.leftMs };
  }
}

/** For what is tried once. */
export const NO_PATIENCE: Pick<Deadline, 'leftMs'> = Object.freeze({ leftMs: 0 });
