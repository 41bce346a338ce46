export { definePluginTool, PROVIDED, type FetchedAnswer, type PluginContext, type PluginHandler } from './plugin-context.js';
