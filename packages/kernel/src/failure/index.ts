export { AgentEndings, delegationResult, type EndingsOptions } from './endings.js';
export { FailureHandler, type BreachRecord, type FailureHandlerOptions } from './handler.js';
