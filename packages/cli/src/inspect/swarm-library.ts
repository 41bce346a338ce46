import type * as swarm from '@omnipaw/swarm';
import { readEntries, FileLogReader, type RawEntry } from '@omnipaw/kernel';
import { UsageError } from '../failure.js';
import { installed } from '../plugins/library.js';

/** `@omnipaw/swarm`, which may be absent for everybody who does not ask for messages or swarms. */
export async function swarmLibrary(): Promise<typeof swarm> {
  const library = await installed(() => import('@omnipaw/swarm'), '@omnipaw/swarm');
  if (library !== undefined) return library;
  throw new UsageError('Who said what to whom, and who did what, is told by the package @omnipaw/swarm, and it is not installed: npm install @omnipaw/swarm');
}

/** The entries of a log up to one of them, that one as well. */
export async function* entriesUpTo(log: string, last = Infinity): AsyncGenerator<RawEntry, void, undefined> {
  for await (const entry of readEntries(new FileLogReader(log))) {
    if (entry.busSeq > last) return;
    yield entry;
  }
}
