export type { Digests, HeaderEntries } from './entries.js';
export { DEFAULT_LIMITS, isBefore, Settings, type KernelLimits } from './settings.js';
