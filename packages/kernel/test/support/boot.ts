import { createKernel, MemoryLogStore, type KernelConfig, type LogStore, type OmniError, type OmniKernel } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { onTestFinished } from 'vitest';

export interface Booted<Store extends LogStore> {
  readonly kernel: OmniKernel;
  readonly store: Store;
  readonly time: VirtualTime;
  /** What the kernel reported without stopping for it. */
  readonly problems: readonly OmniError[];
  /** The result of a promise, letting virtual time pass until it is there. */
  readonly until: <Result>(promise: Promise<Result>) => Promise<Result>;
  /** What a promise rejects with; fails the test if it does not. */
  readonly rejection: (promise: Promise<unknown>) => Promise<OmniError>;
}

export type BootConfig<Store extends LogStore> = Partial<Omit<KernelConfig, 'log'>> & {
  readonly log?: Store;
  readonly time?: VirtualTime;
};

/** A kernel in virtual time, over a MemoryLogStore unless a log is given; stopped when the test is over. */
export async function boot<Store extends LogStore = MemoryLogStore>({ log, time = new VirtualTime(), ...config }: BootConfig<Store> = {}): Promise<Booted<Store>> {
  const store = log ?? (new MemoryLogStore() as unknown as Store);
  const problems: OmniError[] = [];
  const onProblem = (problem: OmniError): void => { problems.push(problem); };
  const booting = createKernel({ onProblem, ...config, log: store }, { ports: time.ports });
  const kernel = await time.until(booting);
  onTestFinished(() => {
    // Not awaited: a test may have left its store holding everything back.
    kernel.stop().catch(() => undefined);
  });
  return {
    kernel, store, time, problems,
    until: (promise) => time.until(promise),
    rejection: (promise) => time.until(rejectionOf(promise)),
  };
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<OmniError> {
  const value = await promise.then(
    (resolved) => ({ resolved }),
    (error: unknown) => ({ error }),
  );
  if ('error' in value) return value.error as OmniError;
  throw new Error(`The promise resolved, with ${JSON.stringify(value.resolved)}.`);
}
