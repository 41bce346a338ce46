export { fetchTool, type FetchArguments, type FetchResult } from './fetch.js';
export { fetchOptions, type AllowedHost, type Connect, type Connection, type FetchOptions, type Resolve } from './options.js';
