/** What tests of swarms share: kernels in virtual time, and their logs. */
import { createKernel, MemoryLogStore, readEntries, type Entry, type EntryKind, type KernelConfig, type OmniKernel } from '@omnipaw/kernel';
import { assertReplays, VirtualTime } from '@omnipaw/testing';

export type Cast = Pick<KernelConfig, 'agents' | 'tools' | 'maxMailboxMessages'>;

export interface Booted {
  readonly kernel: OmniKernel;
  readonly time: VirtualTime;
  readonly log: MemoryLogStore;
  readonly cast: Cast;
}

export async function boot(cast: Cast, { log = new MemoryLogStore(), time = new VirtualTime() }: { readonly log?: MemoryLogStore; readonly time?: VirtualTime } = {}): Promise<Booted> {
  return { kernel: await createKernel({ ...cast, log }, { ports: time.ports }), time, log, cast };
}

export async function entriesOf(log: MemoryLogStore): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of readEntries(log)) entries.push(entry as unknown as Entry);
  return entries;
}

export function ofKind<Kind extends EntryKind>(entries: readonly Entry[], kind: Kind): Extract<Entry, { kind: Kind }>[] {
  return entries.filter((entry): entry is Extract<Entry, { kind: Kind }> => entry.kind === kind);
}

/** Stops the kernel, runs its log again, and answers its entries. */
export async function finish({ kernel, time, log, cast: { agents, tools } }: Booted): Promise<Entry[]> {
  await time.until(kernel.stop());
  await assertReplays(log, { ...(agents === undefined ? {} : { agents }), ...(tools === undefined ? {} : { tools }) });
  return entriesOf(log);
}
