import type { LogPlace } from '@omnipaw/kernel';

/** So close that reading from one costs less than a frame; so few that a log of millions takes little memory. */
const EVERY_ENTRIES = 1_000;

/** Where lines of a log start, as far as anybody has come by: so that reading does not begin at the start of a segment. */
export class Places {
  /** By `busSeq / EVERY_ENTRIES`. */
  readonly #places = new Map<number, LogPlace>();

  note(line: LogPlace): void {
    const { segment, byteOffset, busSeq } = line;
    if (busSeq % EVERY_ENTRIES === 0) this.#places.set(busSeq / EVERY_ENTRIES, { segment, byteOffset, busSeq });
  }

  /** The best place from which to read an entry. */
  before(busSeq: number): number | LogPlace {
    return this.#places.get(Math.floor(busSeq / EVERY_ENTRIES)) ?? busSeq;
  }

  clear(): void {
    this.#places.clear();
  }
}
