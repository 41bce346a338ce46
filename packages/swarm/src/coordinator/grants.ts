import type { Grant } from '@omnipaw/kernel';
import { namespaceOf } from '../names.js';
import { toolTo } from '../remote/index.js';
import type { Seat } from '../strategy.js';
import type { SwarmDefinition } from './define-swarm.js';

/** What the coordinator of a swarm holds: it gives nobody more than it has itself. */
export function coordinatorGrants(id: string, { member: { type } }: Pick<SwarmDefinition, 'member'>, seats: readonly Seat[]): readonly (Grant | string)[] {
  const shared = `shared:${namespaceOf(id)}/**`;
  const ofMembers = new Map(seats.flatMap(({ grants }) => grants.map((grant) => [JSON.stringify(grant), grant] as const)));
  const nodes = new Set(seats.flatMap(({ node }) => (node === undefined ? [] : [`call:${toolTo(node)}`])));
  return [...ofMembers.values(), ...nodes, `delegate:${type}`, `send:${id}`, `send:${type}-*`, `read:${shared}`, `write:${shared}`];
}
