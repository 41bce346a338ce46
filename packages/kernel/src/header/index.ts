export type { Digests, HeaderEntries } from './entries.js';
export { DEFAULT_LIMITS, Settings, type KernelLimits } from './settings.js';
