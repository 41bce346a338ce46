import type { Entry } from './entry.js';

/**
 * State as a fold over the log.
 *
 * `apply` is called once for every entry, in order, after it was appended; it decides nothing and throws nothing.
 */
export interface Projection {
  apply(entry: Entry): void;
}
