import type { Entry, RawEntry } from '@omnipaw/kernel';
import type { SwarmAccount } from './account.js';
import { SwarmAccounts } from './fold.js';

/** The accounts of all swarms in a log, whenever it was written: `swarmAccount(readEntries(new FileLogReader('./log')))`. */
export async function swarmAccount(entries: AsyncIterable<RawEntry | Entry>): Promise<readonly SwarmAccount[]> {
  const accounts = new SwarmAccounts();
  for await (const entry of entries) accounts.apply(entry as Entry);
  return accounts.all();
}
