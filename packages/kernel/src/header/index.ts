export type { Digests, HeaderEntries } from './entries.js';
export { parentIn, type ForkParent } from './parent.js';
export { DEFAULT_LIMITS, isBefore, Settings, type KernelLimits } from './settings.js';
