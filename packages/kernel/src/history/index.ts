export type { Changed, Identified } from './changes.js';
export { fork, type Forked, type ForkOptions } from './fork.js';
export type { GrantChange } from './grant-changes.js';
export { verifyLink, type LinkOptions, type LinkReason, type LinkVerdict } from './link.js';
export { replay, type ExplainedDivergence, type ReplayOptions, type ReplayReport } from './replay.js';
export { TickTimes } from './tick-times.js';
export { whatIf, type WhatIfFinding, type WhatIfOptions, type WhatIfReport } from './what-if.js';
