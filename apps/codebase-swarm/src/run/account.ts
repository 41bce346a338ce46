import { FileLogReader, readEntries, verify, type Entry, type LogPin, type LogVerdict } from '@omnipaw/kernel';
import { ResourceLedger, type AgentUsage } from '@omnipaw/quota';

/** What a log says of the run that it recorded. */
export interface Account {
  readonly agents: number;
  readonly ticks: number;
  readonly toolCalls: number;
  /** Instructions refused for want of a grant. */
  readonly denials: number;
  readonly logBytes: number;
  /** What each agent has used, and of how much. */
  readonly ledger: readonly AgentUsage[];
  readonly verdict: LogVerdict;
}

/** Verifies a log against its pinned head, and counts what is in it: from the disk, not from anybody's memory. */
export async function accountOf(logDirectory: string, pin: LogPin): Promise<Account> {
  const reader = new FileLogReader(logDirectory);
  const verdict = await verify(reader, { pin });
  const counter = new ResourceLedger();
  let denials = 0;
  if (verdict.integrity !== 'BROKEN') {
    for await (const entry of readEntries(reader)) {
      const { error } = entry.data as { readonly error?: { readonly code: string } };
      counter.apply(entry as unknown as Entry);
      if (entry.kind === 'REFUSED' && error?.code === 'PERMISSION_DENIED') denials++;
    }
  }
  const ledger = counter.all();
  const sumOf = (name: 'ticks' | 'toolCalls'): number => ledger.reduce((sum, { own }) => sum + own[name], 0);
  return { agents: ledger.length, ticks: sumOf('ticks'), toolCalls: sumOf('toolCalls'), denials, logBytes: await sizeOf(reader), ledger, verdict };
}

async function sizeOf(reader: FileLogReader): Promise<number> {
  let total = 0;
  for await (const { bytes } of reader.read()) total += bytes.length;
  return total;
}
