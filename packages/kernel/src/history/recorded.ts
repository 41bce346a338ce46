/** Folds a log that is only looked at, as `inspect` does, and keeps what its headers say. */
import { createState, foldEntry, projectionsOf, type KernelState } from '../kernel/index.js';
import type { JsonObject } from '../json/index.js';
import type { Entry, Projection, RawEntry } from '../logging/index.js';

/** A kernel's limit on a value, where its log does not say one. Bytes. */
const DEFAULT_MAX_VALUE_BYTES = 1024 * 1024;

/** The state of a kernel at some entry of its log. */
export class Recorded {
  readonly state: KernelState = createState();
  readonly #projections: readonly Projection[];
  #config: JsonObject = {};

  constructor() {
    this.#projections = projectionsOf(this.state);
  }

  /** The configuration of the kernel that wrote the last entry. */
  get config(): JsonObject {
    return this.#config;
  }

  get maxValueBytes(): number {
    const { maxValueBytes } = this.#config;
    return typeof maxValueBytes === 'number' ? maxValueBytes : DEFAULT_MAX_VALUE_BYTES;
  }

  /** Throws `LOG_CORRUPT` for an entry that no kernel writes. */
  apply(raw: RawEntry): Entry {
    return foldEntry(raw, (entry) => { this.fold(entry); });
  }

  /** {@link apply}, for an entry that somebody else is folding as well. */
  fold(entry: Entry): void {
    for (const projection of this.#projections) projection.apply(entry);
    if (entry.kind === 'LOG_OPENED' || entry.kind === 'KERNEL_STARTED') this.#config = entry.data.config;
  }
}
