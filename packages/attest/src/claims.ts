import type { LogHead } from './head.js';
import type { CompactRange } from './merkle.js';

/** What heads say of a log, compared with the log while its entries pass by. */
export class HeadClaims {
  readonly #bySize = new Map<number, LogHead[]>();
  readonly #confirmed = new Set<LogHead>();
  /** How many entries the newest of the heads covers. */
  readonly entries: number;

  constructor(heads: readonly LogHead[]) {
    for (const head of heads) this.#bySize.set(head.entries, [...(this.#bySize.get(head.entries) ?? []), head]);
    this.entries = Math.max(0, ...this.#bySize.keys());
  }

  /** Compares after each entry; `chain` is its hash, and `range` the tree up to it. */
  compare(range: CompactRange, chain: string): void {
    for (const head of this.#bySize.get(range.size) ?? []) {
      if (head.chain === chain && head.root === range.root()) this.#confirmed.add(head);
    }
  }

  /** Whether the log that has passed holds what a head covers. */
  isConfirmed(head: LogHead): boolean {
    return this.#confirmed.has(head);
  }
}
