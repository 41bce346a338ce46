export type { Subscriber } from './bus.js';
export type { Extension, KernelConfig, KernelHost } from './config.js';
export type { Parts } from './assemble.js';
export { digestsOf } from './header.js';
export { inspect, type Inspection, type InspectOptions } from './inspect.js';
export { rehearse, type Cast } from './rehearse.js';
export { OmniKernel, type AgentHandle, type SettledOutcome, type UnknownCall } from './omni-kernel.js';
export type { AgentSnapshot, Snapshot } from './snapshot.js';
