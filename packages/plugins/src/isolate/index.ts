export { DEFAULT_LIMITS, type IsolateJob, type IsolateLimits, type IsolateOutcome, type IsolatePool } from './job.js';
export { createIsolatePool, type IsolatePoolOptions } from './pool.js';
