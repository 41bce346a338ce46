import { OmniError } from '../errors/index.js';
import { INVARIANTS, type InvariantId } from './catalogue.js';

/** A breach that the kernel itself found: no program, tool or extension can make one. */
export class InvariantBreach extends OmniError {}

/**
 * Checks invariants where they could be broken, while the kernel runs.
 *
 * A breach throws `INVARIANT_BREACH`, before anything was appended: the scheduler terminates the agent at fault and the
 * failure handler records it, so that a broken promise is an entry in the log and never a silent state.
 */
export class InvariantChecker {
  /** Throws unless `holds`. */
  assert(id: InvariantId, holds: boolean, found: () => string): void {
    if (!holds) this.breached(id, found());
  }

  /** Throws. For the hottest paths, where even making the function that describes a breach would be felt. */
  breached(id: InvariantId, found: string): never {
    throw new InvariantBreach('INVARIANT_BREACH', `${id} was about to be broken (${INVARIANTS[id]}) ${found}`, {
      details: { invariant: id, found },
    });
  }
}
