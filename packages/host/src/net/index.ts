export { type AllowedHost } from './allow-list.js';
export { type Connect, type Resolve } from './connect.js';
export { fetchTool, type FetchArguments, type FetchOptions, type FetchResult } from './fetch.js';
