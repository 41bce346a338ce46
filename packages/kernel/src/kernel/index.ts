export type { KernelEntries } from './entries.js';
export type { Subscriber } from './bus.js';
export type { Extension, KernelConfig, KernelHost, KernelLimits } from './config.js';
export { inspect, type Inspection, type InspectOptions } from './inspect.js';
export { OmniKernel, type AgentHandle } from './omni-kernel.js';
export type { AgentSnapshot, Snapshot } from './snapshot.js';
