/** How long something may still take. */
export interface Patience {
  /** For how long a full mailbox is tried again. */
  readonly leftMs: number;
  /** For how long a node may leave a letter unanswered; as long as its link has patience unless given. */
  readonly withinMs?: number | undefined;
}

/** Until when somebody waits, by the recorded time; without end unless told how long. */
export class Deadline implements Patience {
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

  get withinMs(): number | undefined {
    return this.#at === Infinity ? undefined : this.leftMs;
  }
}

/** For what is tried once. */
export const NO_PATIENCE: Patience = Object.freeze({ leftMs: 0 });
