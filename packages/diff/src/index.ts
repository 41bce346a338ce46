/** The public surface of `@omnipaw/diff`, and nothing else. */
export { diff, type LogDiff } from './diff.js';
export type { AgentDifference, EntryPlace } from './matcher.js';
