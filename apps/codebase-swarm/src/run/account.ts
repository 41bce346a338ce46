import { FileLogReader, readEntries, verify, type LogPin, type LogVerdict } from '@omnipaw/kernel';

/** What a log says of the run that it recorded. */
export interface Account {
  readonly agents: number;
  readonly ticks: number;
  readonly toolCalls: number;
  /** Instructions refused for want of a grant. */
  readonly denials: number;
  readonly logBytes: number;
  readonly verdict: LogVerdict;
}

/** Verifies a log against its pinned head, and counts what is in it: from the disk, not from anybody's memory. */
export async function accountOf(logDirectory: string, pin: LogPin): Promise<Account> {
  const reader = new FileLogReader(logDirectory);
  const verdict = await verify(reader, { pin });
  const counts = { agents: 0, ticks: 0, toolCalls: 0, denials: 0 };
  if (verdict.integrity !== 'BROKEN') {
    for await (const { kind, data } of readEntries(reader)) {
      const { transition, error } = data as { readonly transition?: { readonly to: string }; readonly error?: { readonly code: string } };
      if (kind === 'AGENT_SPAWNED') counts.agents++;
      if (kind === 'TOOL_CALLED') counts.toolCalls++;
      if (kind === 'REFUSED' && error?.code === 'PERMISSION_DENIED') counts.denials++;
      // Whoever becomes ACTIVE runs one tick.
      if (transition?.to === 'ACTIVE') counts.ticks++;
    }
  }
  return { ...counts, logBytes: await sizeOf(reader), verdict };
}

async function sizeOf(reader: FileLogReader): Promise<number> {
  let total = 0;
  for await (const { bytes } of reader.read()) total += bytes.length;
  return total;
}
