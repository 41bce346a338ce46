export { INVARIANTS, type InvariantId } from './catalogue.js';
export { InvariantChecker } from './checker.js';
