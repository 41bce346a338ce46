import { columnsOf, type TerminalStream } from '../host.js';
import { cellText, shortened } from './printable.js';

const TERMINAL_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 10_000;
const ERASE_LINE = '\r\u001b[2K';

/**
 * Says how something long is getting on: one line that is written over at a terminal, and a line every ten seconds
 * elsewhere. What is over sooner shows nothing.
 */
export class LiveLine {
  readonly #stream: TerminalStream;
  readonly #render: () => string;
  readonly #timer: NodeJS.Timeout;
  readonly #write: TerminalStream['write'];
  #isShown = false;

  constructor(stream: TerminalStream, render: () => string) {
    this.#stream = stream;
    this.#render = render;
    this.#write = stream.write.bind(stream);
    // Whatever else is written to the terminal would continue this line, so it is taken away first.
    if (stream.isTTY === true) {
      stream.write = ((...args: Parameters<TerminalStream['write']>) => {
        this.#erase();
        return this.#write(...args);
      }) as TerminalStream['write'];
    }
    const intervalMs = stream.isTTY === true ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS;
    this.#timer = setInterval(() => this.#show(), intervalMs).unref();
  }

  /** Takes the line away, and everything back. */
  stop(): void {
    clearInterval(this.#timer);
    this.#erase();
    if (this.#stream.isTTY === true) this.#stream.write = this.#write;
  }

  #show(): void {
    const text = cellText(this.#render());
    if (this.#stream.isTTY !== true) {
      this.#write(`${text}\n`);
      return;
    }
    // A line that wraps could not be erased.
    this.#write(`${ERASE_LINE}${shortened(text, columnsOf(this.#stream) - 1)}`);
    this.#isShown = true;
  }

  #erase(): void {
    if (this.#isShown) this.#write(ERASE_LINE);
    this.#isShown = false;
  }
}
