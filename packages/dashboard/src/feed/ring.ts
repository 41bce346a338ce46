import { frameFrom, type Frame } from './frames.js';

/** So much of what came last is kept as it is sent, for clients that are a little behind. */
const MAX_BYTES = 8 * 1024 * 1024;

/** The newest frames, without a gap. */
export class Ring {
  readonly #frames: Frame[] = [];
  #bytes = 0;

  push(frame: Frame): void {
    this.#frames.push(frame);
    this.#bytes += frame.bytes.length;
    while (this.#bytes > MAX_BYTES && this.#frames.length > 1) this.#bytes -= this.#frames.shift()!.bytes.length;
  }

  /** A frame that begins with this entry; undefined if it is not here any more, or not yet. */
  from(busSeq: number): Frame | undefined {
    const first = this.#frames[0];
    if (first === undefined || busSeq < first.firstSeq) return undefined;
    // Nearly everybody wants the last one.
    for (let index = this.#frames.length - 1; index >= 0; index--) {
      const frame = this.#frames[index]!;
      if (frame.firstSeq <= busSeq) return busSeq <= frame.lastSeq ? frameFrom(frame, busSeq) : undefined;
    }
    return undefined;
  }

  clear(): void {
    this.#frames.length = 0;
    this.#bytes = 0;
  }
}
