export { checkLimits } from './check-job.js';
export { DEFAULT_LIMITS, type IsolateJob, type IsolateLimits, type IsolateOutcome, type IsolatePool } from './job.js';
export { createIsolatePool, DEFAULT_MEMORY_BYTES, type IsolatePoolOptions } from './pool.js';
