export { AgentOutcomes } from './agent-outcomes.js';
export { PendingOperations, type Asked, type Outcome, type PendingKind, type Slot } from './pending.js';
