export type { Subscriber } from './bus.js';
export type { Extension, KernelConfig, KernelHost } from './config.js';
export { inspect, type Inspection, type InspectOptions } from './inspect.js';
export { OmniKernel, type AgentHandle } from './omni-kernel.js';
export type { AgentSnapshot, Snapshot } from './snapshot.js';
