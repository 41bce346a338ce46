import { OmniError } from '../errors/index.js';
import type { Json } from '../json/index.js';
import type { RawEntry } from '../logging/index.js';

/** What the header of a fork says of the log that it comes from. */
export interface ForkParent {
  readonly logId: string;
  /** The last entry that both logs have in common. */
  readonly busSeq: number;
  /** The hash of the parent's entry `busSeq`, before any patch. */
  readonly hash: string;
  /** What the fork changed about that entry. */
  readonly patch?: Json;
}

/** The parent that a header names, if it names one; throws `LOG_CORRUPT` if it does so in a way that no kernel does. */
export function parentIn(header: RawEntry | undefined): ForkParent | undefined {
  const named = header?.data['parent'] as Partial<ForkParent> | null | undefined;
  if (named === undefined) return undefined;
  const { logId, busSeq = -1, hash } = named ?? {};
  const isNamed = typeof logId === 'string' && logId !== '' && typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash);
  if (isNamed && Number.isSafeInteger(busSeq) && busSeq >= 0) return named as ForkParent;
  throw new OmniError('LOG_CORRUPT', 'The header of the log names a parent in a way that no kernel does. Compare the log with a pinned head.', {
    details: { busSeq: 0, kind: 'LOG_OPENED' },
  });
}
