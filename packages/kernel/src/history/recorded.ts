import { createState, foldEntry, projectionsOf, type KernelState } from '../kernel/index.js';
import type { Entry, Projection, RawEntry } from '../logging/index.js';

/** The state of a kernel at some entry of its log. */
export class Recorded {
  readonly state: KernelState = createState();
  readonly #projections: readonly Projection[];

  constructor() {
    this.#projections = projectionsOf(this.state);
  }

  /** Throws `LOG_CORRUPT` for an entry that no kernel writes. */
  apply(raw: RawEntry): Entry {
    return foldEntry(raw, (entry) => { this.fold(entry); });
  }

  /** {@link apply}, for an entry that somebody else is folding as well. */
  fold(entry: Entry): void {
    for (const projection of this.#projections) projection.apply(entry);
  }
}
