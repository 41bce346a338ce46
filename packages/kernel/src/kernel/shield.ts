import { OmniError } from '../errors/index.js';
import type { Projection } from '../logging/index.js';
import type { Guard } from '../syscalls/index.js';
import type { Extension } from './config.js';
import type { NamedGuard } from './review.js';

/** What of an extension takes part in the kernel's own state machine. */
export interface Shielded {
  readonly guards: readonly NamedGuard[];
  readonly projections: readonly Projection[];
}

/**
 * An extension's guard and projection, such that a projection that throws does not stop the entry that is under way.
 *
 * Its state is wrong from then on: it is folded no further, and a guard that may rely on it lets nothing pass.
 */
export function shield({ name, guard, projection }: Extension, report: (thrown: unknown, where: string) => void): Shielded {
  let failure: OmniError | undefined;
  const fold: Projection = {
    apply: (entry) => {
      if (failure !== undefined) return;
      try {
        projection?.apply(entry);
      } catch (cause) {
        const message = `The projection of "${name}" failed at entry ${entry.busSeq}, and its state is wrong from there on. Mend it and start the kernel again.`;
        failure = new OmniError('EXTENSION_FAILED', message, { cause });
        report(failure, `the projection of "${name}"`);
      }
    },
  };
  const sound = (): Guard | undefined => {
    if (failure !== undefined) throw failure;
    return guard;
  };
  const shielded: Guard = {
    review: (proposal) => sound()?.review(proposal),
    ...(guard?.reviewNote === undefined ? {} : { reviewNote: (proposal) => sound()?.reviewNote?.(proposal) }),
    ...(guard?.reviewTick === undefined ? {} : { reviewTick: (asked) => sound()?.reviewTick?.(asked) }),
    assertQuota: (quota) => guard?.assertQuota?.(quota),
  };
  return {
    guards: guard === undefined ? [] : [{ name, guard: shielded }],
    projections: projection === undefined ? [] : [fold],
  };
}
