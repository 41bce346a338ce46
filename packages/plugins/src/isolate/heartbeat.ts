/**
 * What a worker and the host see of each other while the worker is in the engine and reads no messages.
 *
 * The worker writes which call it runs and that it moves; the host writes which call it is to give up. Each cell has one writer.
 */
const RUNNING = 0;
const BEATS = 1;
const ABORTED = 2;
const CELLS = 3;

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
    return Atomics.load(this.#cells, ABORTED) === slot;
  }

  /** Host: the slot in the engine, 0 for none, and a number that changes while it moves. */
  read(): { readonly running: number; readonly beats: number } {
    return { running: Atomics.load(this.#cells, RUNNING), beats: Atomics.load(this.#cells, BEATS) };
  }

  /** Host: gives a call up, as soon as the engine asks. */
  abort(slot: number): void {
    Atomics.store(this.#cells, ABORTED, slot);
  }
}
