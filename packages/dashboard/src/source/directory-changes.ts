import fs from 'node:fs';

/** Some file systems (network shares, some containers) never tell; there, this is how late a change is seen. */
const POLL_INTERVAL_MS = 500;
/** A log can change thousands of times a second; nobody looks that often. */
const QUIET_MS = 20;

/** Waits for something to change in a directory, which need not be there yet. */
export class DirectoryChanges {
  readonly #directory: string;
  #watcher: fs.FSWatcher | undefined;
  #hasChanged = false;
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.#watch();
  }

  /** Resolves once something may have changed since the last time, and when this is closed. */
  async next(): Promise<void> {
    if (this.#isClosed) return;
    await this.#sleep(QUIET_MS);
    if (!this.#hasChanged) await this.#sleep(POLL_INTERVAL_MS, () => this.#hasChanged);
    this.#hasChanged = false;
    if (this.#watcher === undefined) this.#watch();
  }

  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    this.#wake();
  }

  /** A change ends it early where that is what is waited for; closing always does. */
  #sleep(ms: number, isOver: () => boolean = () => false): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        if (!this.#isClosed && !isOver()) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #watch(): void {
    if (this.#isClosed) return;
    try {
      const watcher = fs.watch(this.#directory, () => {
        this.#hasChanged = true;
        this.#wake();
      });
      // Nobody has to tell: without a watcher, polling goes on.
      watcher.on('error', () => {
        watcher.close();
        this.#watcher = undefined;
      });
      this.#watcher = watcher;
    } catch {
      this.#watcher = undefined;
    }
  }
}
