export type { Changed, Identified } from './changes.js';
export { replay, type ReplayOptions, type ReplayReport } from './replay.js';
