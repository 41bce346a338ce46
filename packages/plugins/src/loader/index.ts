export { PluginLoader, type LoadedPlugin, type LoaderOptions, type PluginHost, type Plugins, type RejectedPlugin } from './loader.js';
export type { LoadedAgent } from './plugin-agent.js';
