import type { WriteStream } from 'node:tty';

const INTERVAL_MS = 100;
const ERASE_LINE = '\r\u001b[2K';

/** How far the seeds are, on a line that is written over; nothing where there is no terminal. */
export class ProgressLine {
  readonly #stream: WriteStream;
  readonly #count: number;
  #shownAt = 0;

  constructor(stream: WriteStream, count: number) {
    this.#stream = stream;
    this.#count = count;
  }

  show(finished: number): void {
    // Undefined, whatever the type says, for what is no terminal.
    if (!this.#stream.isTTY || performance.now() - this.#shownAt < INTERVAL_MS) return;
    this.#shownAt = performance.now();
    this.#stream.write(`${ERASE_LINE}${finished.toLocaleString('en')} of ${this.#count.toLocaleString('en')} seeds`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write(ERASE_LINE);
  }
}
