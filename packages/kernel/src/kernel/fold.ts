import { describeThrown, OmniError } from '../errors/index.js';
import { deepFreeze } from '../json/index.js';
import type { Entry, RawEntry } from '../logging/index.js';

/**
 * Folds an entry that was read back.
 *
 * The chain shows that nobody edited it; whoever wrote the whole log anew can have written anything, and so an entry that
 * does not fold is `LOG_CORRUPT` as well.
 */
export function foldEntry(raw: RawEntry, apply: (entry: Entry) => void): Entry {
  const entry = deepFreeze(raw) as unknown as Entry;
  try {
    apply(entry);
    return entry;
  } catch (cause) {
    throw new OmniError(
      'LOG_CORRUPT',
      `The entry with busSeq ${raw.busSeq} is none that a kernel writes: ${describeThrown(cause)} Compare the log with a pinned head.`,
      { details: { busSeq: raw.busSeq, kind: raw.kind }, cause },
    );
  }
}
