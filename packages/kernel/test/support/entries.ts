import { readEntries, type Entry, type EntryKind, type LogReader } from '@omnipaw/kernel';

/** An entry of one kind, with its data typed. */
export type EntryOf<Kind extends EntryKind> = Extract<Entry, { kind: Kind }>;

/** All entries of a log, the chain checked on the way. */
export async function entriesOf(reader: LogReader): Promise<Entry[]> {
  const entries: Entry[] = [];
  // The chain holds, so these are what a kernel wrote.
  for await (const entry of readEntries(reader)) entries.push(entry as unknown as Entry);
  return entries;
}

/** The entries of one kind. */
export function ofKind<Kind extends EntryKind>(entries: readonly Entry[], kind: Kind): EntryOf<Kind>[] {
  return entries.filter((entry): entry is EntryOf<Kind> => entry.kind === kind);
}

/** The kinds in order, to say in one line what happened. */
export function kindsOf(entries: readonly Entry[]): EntryKind[] {
  return entries.map(({ kind }) => kind);
}
