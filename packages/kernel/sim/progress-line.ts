import type { WriteStream } from 'node:tty';

const INTERVAL_MS = 100;
const ERASE_LINE = '\r\u001b[2K';

/** How far something long is, on a line that is written over; nothing where there is no terminal. */
export class ProgressLine {
  readonly #stream: WriteStream;
  #shownAt = -INTERVAL_MS;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  show(text: string): void {
    // Undefined, whatever the type says, for what is no terminal.
    if (!this.#stream.isTTY || performance.now() - this.#shownAt < INTERVAL_MS) return;
    this.#shownAt = performance.now();
    this.#stream.write(`${ERASE_LINE}${text}`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write(ERASE_LINE);
  }
}
