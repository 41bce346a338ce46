import { nodePorts, type Ports } from '@omnipaw/kernel';

export interface VirtualTimeOptions {
  /** Decides what chance brings: `virtual` unless given. */
  readonly seed?: string;
  /** Where time starts, in milliseconds since the epoch. */
  readonly start?: number;
}

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
  readonly #seed: string;
  #now: number;
  #drawn = 0;
  #timers: Timer[] = [];
  #timerCount = 0;
  #deferredCount = 0;
  #ports: Ports;
  /** Counts crashes: what was started before the last one has died with it. */
  #life = 0;

  constructor({ seed = 'virtual', start = 1_790_000_000_000 }: VirtualTimeOptions = {}) {
    this.#seed = seed;
    this.#now = start;
    this.#ports = this.#portsOfLife();
  }

  /** For a kernel: `createKernel(config, { ports: time.ports })`. After a {@link crash} they are others. */
  get ports(): Ports {
    return this.#ports;
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
    if (!Number.isFinite(delayMs)) throw new TypeError(`A sleep takes a number of milliseconds; found ${String(delayMs)}.`);
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

  /**
   * Forgets every timer, every sleep and everything that was to happen soon, as the end of a process does. What still holds
   * the ports of before can wait for nothing any more; the clock goes on.
   */
  crash(): void {
    this.#life++;
    this.#timers = [];
    this.#ports = this.#portsOfLife();
  }

  #portsOfLife(): Ports {
    const life = this.#life;
    const isAlive = (): boolean => life === this.#life;
    return {
      ...nodePorts,
      clock: { now: () => this.#now },
      random: { hex: (byteCount) => nodePorts.codec.sha256(`${this.#seed}/${this.#drawn++}`).slice(0, byteCount * 2) },
      watchdog: NO_TIME,
      timers: {
        set: (delayMs, callback) => (isAlive() ? this.#set(delayMs, callback) : () => undefined),
        defer: (callback) => { this.#defer(() => { if (isAlive()) callback(); }); },
      },
    };
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

/** Programs take no time here; one that never yields is ended all the same, by the real clock. */
const NO_TIME: NonNullable<Ports['watchdog']> = { cpuUs: () => 0, run: (work, limitMs) => { nodePorts.watchdog?.run(work, limitMs); } };

/** One turn of the event loop: everything that is ready goes on once. */
function turn(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve); });
}
