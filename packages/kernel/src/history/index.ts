export type { Changed, Identified } from './changes.js';
export { replay, type ExplainedDivergence, type ReplayOptions, type ReplayReport } from './replay.js';
export { diff, type AgentDifference, type DiffOptions, type EntryPlace, type LogDiff } from './diff.js';
export { fork, type Forked, type ForkOptions, type ForkParent } from './fork.js';
export { verifyLink, type LinkOptions, type LinkReason, type LinkVerdict } from './link.js';
export type { GrantChange } from './grant-changes.js';
export { whatIf, type WhatIfFinding, type WhatIfOptions, type WhatIfReport } from './what-if.js';
