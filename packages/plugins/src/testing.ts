/** The entry `@omnipaw/plugins/testing`: what authors test their plugins with. Imports no test runner. */
export { openPlugin, type CapabilityUse, type OpenedPlugin, type OpenPluginOptions, type ScriptedTools } from './harness/index.js';
export type { FetchedAnswer } from './kit/index.js';
export type { RequestUrl, ScriptedAnswer, ScriptedFetch, ScriptedRequest } from './harness/index.js';
