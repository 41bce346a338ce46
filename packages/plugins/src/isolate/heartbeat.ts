/**
 * What a worker and the host see of each other while the worker is in the engine and reads no messages.
 *
 * The worker writes which call it runs and that it moves; the host writes which calls it is to give up. Each cell has one writer.
 */
const RUNNING = 0;
const BEATS = 1;
/** From here on, one for each call that works. */
const ABORTED = 2;
/** Calls that work at once: one in the engine, and the next one. */
export const MAX_WORKING = 2;
const CELLS = ABORTED + MAX_WORKING;

export class Heartbeat {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(memory = new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cells = new Int32Array(memory);
  }

  /** Worker: the engine is entered for a call, by the number of its slot (never 0). */
  enter(slot: number): void {
    Atomics.store(this.#cells, RUNNING, slot);
    this.beat();
  }

  /** Worker: the engine compiles the code of a call. */
  compile(slot: number): void {
    this.enter(-slot);
  }

  /** Worker: the engine is left. */
  leave(): void {
    Atomics.store(this.#cells, RUNNING, 0);
  }

  /** Worker: it moves. */
  beat(): void {
    Atomics.add(this.#cells, BEATS, 1);
  }

  /** Worker: whether the host has given up the call. */
  isAborted(slot: number): boolean {
    for (let cell = ABORTED; cell < CELLS; cell++) if (Atomics.load(this.#cells, cell) === slot) return true;
    return false;
  }

  /** Host: the slot in the engine, 0 for none, what is done there, and a number that changes while it moves. */
  read(): { readonly running: number; readonly isCompiling: boolean; readonly beats: number } {
    const running = Atomics.load(this.#cells, RUNNING);
    return { running: Math.abs(running), isCompiling: running < 0, beats: Atomics.load(this.#cells, BEATS) };
  }

  /** Host: gives a call up, before it begins or as soon as the engine asks. */
  abort(slot: number): void {
    this.#exchange(0, slot);
  }

  /** Host: the worker is out of a call that was given up. */
  forget(slot: number): void {
    this.#exchange(slot, 0);
  }

  #exchange(found: number, put: number): void {
    for (let cell = ABORTED; cell < CELLS; cell++) if (Atomics.compareExchange(this.#cells, cell, found, put) === found) return;
  }
}
