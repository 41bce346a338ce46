import type { DashboardState } from '../protocol/index.js';
import { saveState } from '../state/index.js';

interface Checkpoint {
  readonly busSeq: number;
  readonly text: string;
}

const FIRST_SPACING = 5_000;
const MAX_KEPT = 32;
const MAX_CHARS = 32 * 1024 * 1024;
/** One that is large is made so seldom that making it costs little beside what is folded meanwhile. */
const CHARS_PER_ENTRY = 100;

/** States of the past from which others are folded, so that time travel does not begin at the beginning. */
export class Checkpoints {
  #kept: Checkpoint[] = [];
  #spacing = FIRST_SPACING;
  #nextSeq = FIRST_SPACING;

  /** To be called after entries were folded. */
  consider(state: DashboardState): void {
    if (state.busSeq < this.#nextSeq) return;
    const text = JSON.stringify(saveState(state));
    this.#kept.push({ busSeq: state.busSeq, text });
    this.#nextSeq = state.busSeq + Math.max(this.#spacing, Math.ceil(text.length / CHARS_PER_ENTRY));
    while (this.#kept.length > 1 && (this.#kept.length > MAX_KEPT || this.#chars() > MAX_CHARS)) this.#thin();
  }

  /** The newest up to an entry. */
  before(busSeq: number): Checkpoint | undefined {
    return this.#kept.filter((checkpoint) => checkpoint.busSeq <= busSeq).at(-1);
  }

  clear(): void {
    this.#kept = [];
    this.#spacing = this.#nextSeq = FIRST_SPACING;
  }

  #chars(): number {
    return this.#kept.reduce((sum, { text }) => sum + text.length, 0);
  }

  #thin(): void {
    this.#kept = this.#kept.filter((_, index) => index % 2 === 1);
    this.#spacing *= 2;
  }
}
