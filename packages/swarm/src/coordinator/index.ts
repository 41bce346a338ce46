/** A goal, a strategy, and agents that reach it. */
export { defineSwarm, type SwarmDefinition } from './define-swarm.js';
export { delegateSwarm, swarmGrants, type DelegatedSwarm } from './delegate-swarm.js';
export { hostSwarm, type HostOptions } from './host-swarm.js';
export type { Crowd, Crowds } from './seats.js';
export { SwarmCoordinator, type ResumeOptions, type SwarmKernel, type SwarmOptions, type SwarmOutcome, type Watching } from './swarm-coordinator.js';
