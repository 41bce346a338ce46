import fs from 'node:fs';
import path from 'node:path';
import type { CheckpointStore } from '../logging/index.js';
import { syncDirectory } from './directory.js';
import { checkpointFailed } from './failures.js';
import { openRegularFile } from './regular-file.js';

const NAME = 'checkpoint';
/** Always the same, so that what a killed process leaves is removed by the next. */
const UNFINISHED = 'checkpoint.tmp';

/** The last checkpoint of a log, in its directory: `checkpoint`. Readers of the log do not look at it. */
export class FileCheckpoints implements CheckpointStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async load(): Promise<Uint8Array | undefined> {
    const place = path.join(this.#directory, NAME);
    if (!fs.existsSync(place)) return undefined;
    const file = await openRegularFile(place, fs.constants.O_RDONLY);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  async save(bytes: Uint8Array): Promise<void> {
    const place = path.join(this.#directory, NAME);
    const unfinished = path.join(this.#directory, UNFINISHED);
    try {
      // A file of its own, whatever stands there: a link would lead elsewhere.
      await fs.promises.rm(unfinished, { force: true });
      await writeDurably(unfinished, bytes);
      await fs.promises.rename(unfinished, place);
      await syncDirectory(this.#directory);
    } catch (error) {
      await fs.promises.rm(unfinished, { force: true }).catch(() => undefined);
      throw checkpointFailed(this.#directory, error);
    }
  }
}

async function writeDurably(place: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.promises.open(place, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
