/** What tests of swarms share: kernels in virtual time, and their logs. */
import { createKernel, MemoryLogStore, readEntries, type Entry, type EntryKind, type KernelConfig, type OmniKernel } from '@omnipaw/kernel';
import { swarm, type SwarmLedger } from '@omnipaw/swarm';
import { assertReplays, VirtualTime } from '@omnipaw/testing';
import { expect } from 'vitest';

export type Cast = Pick<KernelConfig, 'agents' | 'tools' | 'maxMailboxMessages'>;

export interface Booted {
  readonly kernel: OmniKernel;
  readonly time: VirtualTime;
  readonly log: MemoryLogStore;
  readonly cast: Cast;
  readonly ledger: SwarmLedger;
}

export async function boot(cast: Cast, { log = new MemoryLogStore(), time = new VirtualTime() }: { readonly log?: MemoryLogStore; readonly time?: VirtualTime } = {}): Promise<Booted> {
  const extension = swarm();
  return { kernel: await createKernel({ ...cast, log, extensions: [extension] }, { ports: time.ports }), time, log, cast, ledger: extension.ledger };
}

export async function entriesOf(log: MemoryLogStore): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of readEntries(log)) entries.push(entry as unknown as Entry);
  return entries;
}

export function ofKind<Kind extends EntryKind>(entries: readonly Entry[], kind: Kind): Extract<Entry, { kind: Kind }>[] {
  return entries.filter((entry): entry is Extract<Entry, { kind: Kind }> => entry.kind === kind);
}

/** Stops the kernel, runs its log again with another ledger, which comes to the same, and answers the entries. */
export async function finish({ kernel, time, log, ledger, cast: { agents, tools } }: Booted): Promise<Entry[]> {
  await time.until(kernel.stop());
  const again = swarm();
  await assertReplays(log, { ...(agents === undefined ? {} : { agents }), ...(tools === undefined ? {} : { tools }), extensions: [again] });
  expect(again.ledger.save()).toEqual(ledger.save());
  return entriesOf(log);
}
