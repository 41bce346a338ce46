/** What tests of quotas share: kernels in virtual time, and their logs. */
import { createKernel, MemoryLogStore, readEntries, type Entry, type EntryKind, type KernelConfig, type OmniError, type OmniKernel } from '@omnipaw/kernel';
import { assertReplays, VirtualTime } from '@omnipaw/testing';
import { quota, type QuotaExtension, type QuotaOptions } from '@omnipaw/quota';
import { expect } from 'vitest';

export type Cast = Pick<KernelConfig, 'agents' | 'tools'>;

export interface Booted {
  readonly kernel: OmniKernel;
  readonly time: VirtualTime;
  readonly log: MemoryLogStore;
  readonly limits: QuotaExtension;
  readonly options: QuotaOptions;
  readonly cast: Cast;
}

export interface BootOptions extends Cast, QuotaOptions {
  readonly log?: MemoryLogStore;
  readonly time?: VirtualTime;
  readonly policies?: KernelConfig['policies'];
}

export async function boot({ agents, tools, log = new MemoryLogStore(), time = new VirtualTime(), policies, ...options }: BootOptions): Promise<Booted> {
  const limits = quota(options);
  const cast = { ...(agents === undefined ? {} : { agents }), ...(tools === undefined ? {} : { tools }) };
  const kernel = await createKernel({ ...cast, log, extensions: [limits], ...(policies === undefined ? {} : { policies }) }, { ports: time.ports });
  return { kernel, time, log, limits, options, cast };
}

export async function entriesOf(log: MemoryLogStore): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of readEntries(log)) entries.push(entry as unknown as Entry);
  return entries;
}

export function ofKind<Kind extends EntryKind>(entries: readonly Entry[], kind: Kind): Extract<Entry, { kind: Kind }>[] {
  return entries.filter((entry): entry is Extract<Entry, { kind: Kind }> => entry.kind === kind);
}

/** Stops the kernel, runs its log again under the same limits, and answers its entries. */
export async function finish({ kernel, time, log, limits, options, cast }: Booted): Promise<Entry[]> {
  await time.until(kernel.stop());
  const again = quota(options);
  await assertReplays(log, { ...cast, extensions: [again] });
  expect(again.ledger.save()).toEqual(limits.ledger.save());
  return entriesOf(log);
}

export async function rejection(time: VirtualTime, promise: Promise<unknown>): Promise<OmniError> {
  return time.until(promise.then((value) => { throw new Error(`It came to ${JSON.stringify(value)}.`); }, (error: unknown) => error as OmniError));
}
