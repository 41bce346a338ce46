import { once } from 'node:events';
import { columnsOf, type TerminalStream } from '../host.js';
import { paletteFor, type Ink } from './ink.js';
import { printable } from './printable.js';

/**
 * A stream that the command writes to.
 *
 * A reader that goes away (`| head`) is no failure: what is written from then on goes nowhere, and `closed` tells.
 */
export class Output {
  readonly stream: TerminalStream;
  readonly ink: Ink;
  readonly #shown: (text: string) => string;
  readonly #closing = new AbortController();
  #failure: Error | undefined;

  constructor(stream: TerminalStream, env: Readonly<Record<string, string | undefined>>) {
    this.stream = stream;
    ({ ink: this.ink, shown: this.#shown } = paletteFor(stream, env));
    stream.on('error', (error: NodeJS.ErrnoException) => {
      const isReaderGone = error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
      if (!isReaderGone) this.#failure = error;
      this.#closing.abort();
    });
  }

  /** Aborted once nobody reads any more. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  get isTerminal(): boolean {
    return this.stream.isTTY === true;
  }

  /** Columns of the terminal; undefined where lines may have any length. */
  get width(): number | undefined {
    return this.isTerminal ? columnsOf(this.stream) : undefined;
  }

  /** Writes what it is given, byte for byte. Resolves when the stream takes more; rejects if it failed (a full disk behind a `>`). */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.closed.aborted || this.stream.write(text)) return;
    await once(this.stream, 'drain', { signal: this.closed }).catch(() => undefined);
  }

  /** Text for people: nothing in it commands the terminal but the ink of this stream, whoever wrote it. */
  line(text: string): Promise<void> {
    return this.write(`${this.#shown(text)}\n`);
  }

  /** Text that was asked for: as it is, so that it can go into a file, but for a terminal. */
  result(text: string): Promise<void> {
    return this.isTerminal ? this.line(text) : this.write(`${text}\n`);
  }

  /** What a terminal obeys stands in JSON by its number, which says the same. */
  json(value: unknown): Promise<void> {
    return this.write(`${printable(JSON.stringify(value))}\n`);
  }

  /** Resolves when all has left the process: exiting earlier would cut it off. */
  async flush(): Promise<void> {
    if (!this.closed.aborted) {
      await new Promise<void>((resolve) => {
        this.stream.write('', () => resolve());
        this.closed.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}
