/** The public surface of `@omnipaw/plugins`, and nothing else. */
export { PLUGIN_ERROR_CODES, type PluginErrorCode } from './errors.js';
export { createIsolatePool, DEFAULT_LIMITS, type IsolateJob, type IsolateLimits, type IsolateOutcome, type IsolatePool, type IsolatePoolOptions } from './isolate/index.js';
