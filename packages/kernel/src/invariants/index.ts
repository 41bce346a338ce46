export { INVARIANTS, type InvariantId } from './catalogue.js';
export { InvariantBreach, InvariantChecker } from './checker.js';
