/** The public surface of `@omnipaw/plugins`, and nothing else. */
export { PLUGIN_ERROR_CODES, type PluginErrorCode } from './errors.js';
export { schemaProblems, standardSchema, type Problem } from './schemas/index.js';
