export { fetchTool, type FetchArguments, type FetchResult } from './fetch.js';
export type { AllowedHost, Connect, Connection, FetchOptions, Resolve } from './options.js';
