import type { Grant } from '@omnipaw/kernel';
import { namespaceOf } from '../names.js';
import type { Seat } from '../strategy.js';
import type { SwarmDefinition } from './define-swarm.js';

/** What the coordinator of a swarm holds: it gives nobody more than it has itself. */
export function coordinatorGrants(id: string, { member: { type } }: Pick<SwarmDefinition, 'member'>, seats: readonly Seat[]): readonly (Grant | string)[] {
  const shared = `shared:${namespaceOf(id)}/**`;
  const ofMembers = new Map(seats.flatMap(({ grants }) => grants.map((grant) => [JSON.stringify(grant), grant] as const)));
  return [...ofMembers.values(), `delegate:${type}`, `send:${id}`, `send:${type}-*`, `read:${shared}`, `write:${shared}`];
}
