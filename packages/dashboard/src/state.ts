/** `@omnipaw/dashboard/state`: the fold of the page, for programs that draw their own. */
export * from './state/index.js';
