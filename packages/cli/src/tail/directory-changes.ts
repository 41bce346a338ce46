import fs from 'node:fs';

/** Some file systems (network shares, some containers) never tell; there, this is how late a change is seen. */
const POLL_INTERVAL_MS = 1000;

/** Waits for something to change in a directory. */
export class DirectoryChanges {
  readonly #signal: AbortSignal;
  readonly #watcher: fs.FSWatcher | undefined;
  #hasChanged = false;
  #wake: () => void = () => undefined;

  constructor(directory: string, signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#notice);
    this.#watcher = watch(directory, this.#notice);
    // Nobody has to tell: without a watcher, polling goes on.
    this.#watcher?.on('error', () => this.#watcher?.close());
  }

  /** Resolves once something may have changed since the last time, and when the signal aborts. */
  async next(): Promise<void> {
    if (!this.#hasChanged && !this.#signal.aborted) await this.#sleep();
    this.#hasChanged = false;
  }

  close(): void {
    this.#watcher?.close();
    this.#signal.removeEventListener('abort', this.#notice);
  }

  readonly #notice = (): void => {
    this.#hasChanged = true;
    this.#wake();
  };

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, POLL_INTERVAL_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function watch(directory: string, listener: () => void): fs.FSWatcher | undefined {
  try {
    return fs.watch(directory, listener);
  } catch {
    return undefined;
  }
}
