/**
 * What declarations that were rolled up could lose. The type check compiles this against the sources, and the check of the
 * packages against what is packed; it is never run.
 */
import type { Entry, EntryKind, Proposal } from '@omnipaw/kernel';
import type { logStoreConformance } from '@omnipaw/testing/conformance';

declare module '@omnipaw/kernel' {
  interface EntryCatalogue {
    /** A kind of a user's own. */
    CONSUMER_NOTED: { readonly note: string };
  }
  interface LogStore {
    readonly consumersMark?: string;
  }
}

type DataOf<Kind extends EntryKind> = Extract<Entry, { readonly kind: Kind }>['data'];

/** A kind of each module, and the user's: all are one catalogue. */
export const kinds: readonly EntryKind[] = [
  'AGENT_ACTIVATED',
  'AGENT_SPAWNED',
  'MEMORY_SET',
  'MESSAGE_SENT',
  'TOOL_CALLED',
  'JOIN_STARTED',
  'REFUSED',
  'LOG_OPENED',
  'CONSUMER_NOTED',
];

// @ts-expect-error -- a kind that nobody has declared
export const unknownKind: EntryKind = 'NOBODY_DECLARED';

export const kernelsOwn: DataOf<'MEMORY_SET'> = { tick: 1, key: 'key', value: null };
// @ts-expect-error -- the data of a kind of the kernel's, not just any
export const incomplete: DataOf<'MEMORY_SET'> = { tick: 1, key: 'key' };
export const proposal: Proposal = { kind: 'CONSUMER_NOTED', agent: null, data: { note: 'mine' } };

/** The store of this package is the store of those that are built on it, or the mark would be on one of them only. */
type ConformingStore = Awaited<ReturnType<Parameters<typeof logStoreConformance>[0]['create']>>;
export const mark: ConformingStore['consumersMark'] = 'marked';

export function noteOf(entry: Entry): string | undefined {
  return entry.kind === 'CONSUMER_NOTED' ? entry.data.note : undefined;
}
