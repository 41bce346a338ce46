import type { Entry } from './entry.js';

/**
 * State as a fold over the log.
 *
 * `apply` is called once for every entry, in order, after it was appended; it decides nothing and throws nothing.
 */
export interface Projection {
  apply(entry: Entry): void;
}

/**
 * A projection that can be kept and brought back, so that a long log need not be folded from its beginning (INV-22).
 *
 * `load(save())` on a fresh one gives the same state, through JSON; both are called between entries.
 */
export interface Saved<State = unknown> {
  save(): State;
  load(state: State): void;
}
