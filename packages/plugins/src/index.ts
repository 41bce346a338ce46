/** The public surface of `@omnipaw/plugins`, and nothing else. */
export { Bundler, type Bundle, type BundleProblem, type BundlerOptions, type BundleRequest } from './bundle/index.js';
export { PLUGIN_ERROR_CODES, type PluginErrorCode } from './errors.js';
export { createIsolatePool, DEFAULT_LIMITS, type IsolateJob, type IsolateLimits, type IsolateOutcome, type IsolatePool, type IsolatePoolOptions } from './isolate/index.js';
