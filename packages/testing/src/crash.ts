import { createKernel, MemoryLogStore, nodePorts, type KernelConfig, type OmniKernel } from '@omnipaw/kernel';
import { CrashingStore, type CrashPoint } from './crashing-store.js';
import type { VirtualTime } from './virtual-time.js';

export type { CrashPoint } from './crashing-store.js';

export interface CrashOptions extends Omit<KernelConfig, 'log'> {
  readonly at: CrashPoint;
  /** The time of the kernel and of its tools; after the crash, it is there for the next kernel. */
  readonly time: VirtualTime;
  /** What the disk holds before; nothing unless given. */
  readonly log?: MemoryLogStore;
}

export interface Crashed {
  /** What the disk holds afterwards, to boot a kernel on. */
  readonly log: MemoryLogStore;
  /** False if the scenario came to its end, and the kernel was stopped, before the point was reached. */
  readonly isCrashed: boolean;
}

/**
 * Boots a kernel, plays a scenario on it, and lets the process die at a point: nothing that the kernel does from there on
 * reaches the disk, no timer fires, no tool that sleeps by `time` wakes up.
 *
 * Rejects with what the scenario throws before that.
 */
export async function crash({ at, time, log, ...config }: CrashOptions, scenario: (kernel: OmniKernel) => unknown): Promise<Crashed> {
  const inner = log ?? new MemoryLogStore();
  let died: (left: Uint8Array) => void = () => undefined;
  const death = new Promise<Uint8Array>((resolve) => { died = resolve; });
  const store = new CrashingStore(inner, at, (left) => {
    time.crash();
    died(left);
  });
  const left = await time.until(Promise.race([death, live({ ...config, log: store }, time, scenario)]));
  if (left === undefined) return { log: inner, isCrashed: false };
  return { log: new MemoryLogStore({ bytes: left, codec: nodePorts.codec }), isCrashed: true };
}

async function live(config: KernelConfig, time: VirtualTime, scenario: (kernel: OmniKernel) => unknown): Promise<undefined> {
  const kernel = await createKernel(config, { ports: time.ports });
  await scenario(kernel);
  await kernel.stop();
}
