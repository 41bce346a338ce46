/** The state of a log as a dashboard shows it: one fold, for servers and for pages. */
export { applyEntry } from './apply.js';
export { createState } from './create.js';
export { isFailure } from './failure.js';
export { matchesFilter } from './filter.js';
export { loadState, saveState } from './save.js';
export { threadsOf } from './threads.js';
