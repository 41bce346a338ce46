export { openPlugin, type CapabilityUse, type OpenedPlugin, type OpenPluginOptions } from './open-plugin.js';
export type { RequestUrl, ScriptedAnswer, ScriptedFetch, ScriptedRequest } from './scripted-fetch.js';
export type { ScriptedTools } from './scripted-tools.js';
