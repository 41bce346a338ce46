import type { Entry, EntryKind, ProposalOf } from './entry.js';

/**
 * The only way to change anything: append, then apply, then tell (INV-01, INV-10).
 *
 * Returns the entry as it stands in the log; throws what a guard refuses it with, and `KERNEL_HALTED` once the log failed.
 */
export type Emit = <Kind extends EntryKind>(proposal: ProposalOf<Kind>) => Extract<Entry, { kind: Kind }>;
