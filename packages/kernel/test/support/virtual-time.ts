import { nodePorts, type Ports } from '@omnipaw/kernel';

interface Timer {
  readonly at: number;
  /** Orders timers of the same moment by when they were set. */
  readonly number: number;
  readonly callback: () => void;
}

/** Turns of the event loop without any work, after which nothing but a timer can go on. */
const IDLE_TURNS = 3;

/**
 * Ports for a kernel whose time passes only when nothing else can happen, and then at once; the same seed and the same
 * programs give the same log, byte for byte.
 *
 * Meant for a MemoryLogStore (or a ControlledStore around one): it cannot see that a disk is at work.
 */
export class VirtualTime {
  readonly ports: Ports;
  #now: number;
  #timers: Timer[] = [];
  #timerCount = 0;
  #deferredCount = 0;

  constructor({ seed = 'virtual', start = 1_790_000_000_000 }: { readonly seed?: string; readonly start?: number } = {}) {
    this.#now = start;
    let drawn = 0;
    this.ports = {
      ...nodePorts,
      clock: { now: () => this.#now },
      random: { hex: (byteCount) => nodePorts.codec.sha256(`${seed}/${drawn++}`).slice(0, byteCount * 2) },
      timers: { set: (delayMs, callback) => this.#set(delayMs, callback), defer: (callback) => { this.#defer(callback); } },
    };
  }

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** How many timers are set; a kernel that has stopped leaves none behind but those of tools that it waits for no more. */
  get timerCount(): number {
    return this.#timers.length;
  }

  /** Resolves when so much virtual time has passed. For tools. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => { this.#set(delayMs, resolve); });
  }

  /** Lets time pass until the promise settles; rejects when nothing is left that could settle it. */
  async until<Result>(promise: Promise<Result>): Promise<Result> {
    const watched = { isSettled: false };
    const settled = (): void => { watched.isSettled = true; };
    promise.then(settled, settled);
    await this.settle(() => watched.isSettled);
    while (!watched.isSettled) {
      if (!this.#fireNext(Infinity)) throw new Error('Nothing is left to happen, and the promise is still pending.');
      await this.settle(() => watched.isSettled);
    }
    return promise;
  }

  /** Lets exactly so much time pass, and everything happen that is due in it. */
  async advance(delayMs: number): Promise<void> {
    const end = this.#now + delayMs;
    await this.settle();
    while (this.#fireNext(end)) await this.settle();
    this.#now = end;
  }

  /** Lets everything happen that can happen now. */
  async settle(isEnough: () => boolean = () => false): Promise<void> {
    for (let idleTurns = 0; idleTurns < IDLE_TURNS && !isEnough(); idleTurns++) {
      if (this.#deferredCount > 0) idleTurns = 0;
      await turn();
    }
  }

  #set(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { at: this.#now + delayMs, number: this.#timerCount++, callback };
    this.#timers.push(timer);
    return () => { this.#timers = this.#timers.filter((other) => other !== timer); };
  }

  #defer(callback: () => void): void {
    this.#deferredCount++;
    setImmediate(() => {
      this.#deferredCount--;
      callback();
    });
  }

  /** Fires the earliest timer, unless it is later than `end`. */
  #fireNext(end: number): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.number < next.number)) next = timer;
    }
    if (next === undefined || next.at > end) return false;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.#now = Math.max(this.#now, next.at);
    next.callback();
    return true;
  }
}

/** One turn of the event loop: everything that is ready goes on once. */
export function turn(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve); });
}
