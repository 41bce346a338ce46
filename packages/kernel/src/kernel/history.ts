import { busSeqOf, entryOf, headOf, type KnownEntry } from '../logging/index.js';
import type { Codec } from '../ports/index.js';
import type { Checkpoint } from './checkpoint.js';

/** Longer histories stay in the log alone: they are read from there no more slowly, and copying them costs memory and the disk. */
const MAX_HISTORY_BYTES = 16 * 1024 * 1024;
/** So far a checkpoint goes back in the log for histories that the last one did not have. */
const MAX_ENTRIES_READ_AGAIN = 100_000;

/** The lines of the present lives of those who have not ended, as long as there are not too many. */
export class History {
  readonly #births: ReadonlyMap<string, number>;
  readonly #codec: Codec;
  #lines: Uint8Array[] | undefined = [];
  #byteCount = 0;

  constructor(births: ReadonlyMap<string, number>, codec: Codec) {
    this.#births = births;
    this.#codec = codec;
  }

  get lines(): readonly Uint8Array[] | undefined {
    return this.#lines;
  }

  /** Begins with what the last checkpoint had; answers after which entry it goes on, undefined if it begins with the first birth. */
  goOnFrom(last: Checkpoint | undefined, busSeq: number): KnownEntry | undefined {
    if (last === undefined) return undefined;
    if (last.lines === undefined) {
      if (busSeq - firstBirth(this.#births.values(), busSeq) <= MAX_ENTRIES_READ_AGAIN) return undefined;
      this.#lines = undefined;
    }
    for (const line of last.lines ?? []) this.add(line);
    return last.known;
  }

  /** Answers whether it wants more. */
  add(line: Uint8Array): boolean {
    if (this.#lines !== undefined && isOfLife(line, this.#births, this.#codec)) {
      this.#lines.push(line);
      this.#byteCount += line.length;
      if (this.#byteCount > MAX_HISTORY_BYTES) this.#lines = undefined;
    }
    return this.#lines !== undefined;
  }
}

/** The entry with which the longest of these lives began; another one if there are none. */
export function firstBirth(births: Iterable<number>, otherwise: number): number {
  return [...births].reduce((least, seq) => Math.min(least, seq), otherwise);
}

/** Whether an entry belongs to the history of somebody who has not ended. */
function isOfLife(line: Uint8Array, births: ReadonlyMap<string, number>, codec: Codec): boolean {
  const isLifeOf = (agent: unknown): boolean => typeof agent === 'string' && busSeqOf(line) >= (births.get(agent) ?? Infinity);
  const { agent, isBirth } = headOf(line, codec);
  return isLifeOf(agent) || (isBirth && isLifeOf(entryOf(line, codec).data['parent']));
}
