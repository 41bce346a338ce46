import type { AgentContext, Grant, Instruction, Json, Operation, Quota } from '@omnipaw/kernel';
import { COORDINATOR } from '../account/index.js';
import { COORDINATOR_DEPTH } from '../crew/index.js';
import { membership } from '../names.js';
import { strategyOf, type SwarmDefinition } from './define-swarm.js';
import { coordinatorGrants } from './grants.js';
import { seatsOf, type Crowds } from './seats.js';

/** A swarm that an agent lets do a part of its work. */
export interface DelegatedSwarm<Name extends string> {
  readonly swarm: SwarmDefinition<Name>;
  /** The name of the swarm, and of the agent that coordinates it. */
  readonly id: string;
  readonly agents?: Crowds;
  readonly goal: unknown;
  readonly strategy: NoInfer<Name>;
  /** Carved out of what the delegator has. */
  readonly budget?: Quota;
  readonly grants?: readonly (Grant | string)[];
  readonly timeoutMs?: number;
}

/**
 * Lets a swarm do a part of an agent's work, and waits for its result: `const found = yield* delegateSwarm(ctx, { swarm: reading, id: 'reading', … })`.
 *
 * Needs `delegate:<name>.coordinator` and all of {@link swarmGrants}, since the swarm gets its authority from here. Throws `DELEGATION_FAILED`.
 */
export function* delegateSwarm<Name extends string, Result = Json, Memory = unknown>(ctx: AgentContext<Memory>, asked: DelegatedSwarm<Name>): Generator<Instruction, Result> {
  const { swarm, id, agents, goal, strategy, budget, grants = [], timeoutMs } = asked;
  const seats = seatsOf(agents, strategyOf(swarm.strategies, strategy), grants);
  const input = { strategy, goal: goal as Json, seats, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  return yield* ctx.delegate(swarm.coordinator, input, {
    id, grants: coordinatorGrants(id, swarm, seats), depth: COORDINATOR_DEPTH, metadata: membership(id, COORDINATOR, { slots: seats.map(({ slot }) => slot) }), ...(budget === undefined ? {} : { quota: budget }),
  }) as Operation<Result>;
}

/** What an agent needs to delegate to a swarm, beside what the members are granted. */
export function swarmGrants(id: string, swarm: SwarmDefinition): readonly (Grant | string)[] {
  return [`delegate:${swarm.coordinator.type}`, ...coordinatorGrants(id, swarm, [])];
}
