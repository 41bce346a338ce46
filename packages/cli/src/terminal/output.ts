import { once } from 'node:events';
import { columnsOf, type TerminalStream } from '../host.js';
import { inkFor, type Ink } from './ink.js';

/**
 * A stream that the command writes to.
 *
 * A reader that goes away (`| head`) is no failure: what is written from then on goes nowhere, and `closed` tells.
 */
export class Output {
  readonly stream: TerminalStream;
  readonly ink: Ink;
  readonly #closing = new AbortController();
  #failure: Error | undefined;

  constructor(stream: TerminalStream, env: Readonly<Record<string, string | undefined>>) {
    this.stream = stream;
    this.ink = inkFor(stream, env);
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

  /** Resolves when the stream takes more; rejects if it failed (a full disk behind a `>`). */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.closed.aborted || this.stream.write(text)) return;
    await once(this.stream, 'drain', { signal: this.closed }).catch(() => undefined);
  }

  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
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
