import { createKernel, MemoryLogStore, type Entry, type KernelConfig, type OmniError, type OmniKernel } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { SwarmCoordinator, type SwarmDefinition, type SwarmOptions, type SwarmOutcome } from '@omnipaw/swarm';

export interface Booted {
  readonly kernel: OmniKernel;
  readonly time: VirtualTime;
  readonly log: MemoryLogStore;
  readonly entries: Entry[];
}

/** A kernel in memory, in virtual time, with everything that it records. */
export async function boot(config: Omit<KernelConfig, 'log'> & { readonly log?: MemoryLogStore; readonly time?: VirtualTime }): Promise<Booted> {
  const { log = new MemoryLogStore(), time = new VirtualTime(), ...rest } = config;
  const kernel = await time.until(createKernel({ log, ...rest }, { ports: time.ports }));
  const entries: Entry[] = [];
  kernel.subscribe((entry) => entries.push(entry));
  return { kernel, time, log, entries };
}

export interface Ran<Result> extends Booted {
  readonly outcome: SwarmOutcome<Result> | undefined;
  readonly error: OmniError | undefined;
}

/** Runs a swarm to its end on a kernel of its own, and stops the kernel. */
export async function run<Result = unknown, Name extends string = string>(
  swarm: SwarmDefinition<Name>,
  options: Omit<SwarmOptions<Name>, 'swarm'>,
  config: Omit<KernelConfig, 'log' | 'agents'> = {},
): Promise<Ran<Result>> {
  const booted = await boot({ agents: [...swarm.agents], ...config });
  const coordinator = new SwarmCoordinator<Name, Result>(booted.kernel, { swarm, ...options });
  const ended = coordinator.execute().then((outcome) => ({ outcome, error: undefined }), (error: unknown) => ({ outcome: undefined, error: error as OmniError }));
  const end = await booted.time.until(ended);
  await booted.time.until(booted.kernel.stop());
  return { ...booted, ...end };
}
