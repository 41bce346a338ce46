import type { AgentContext, Json } from '@omnipaw/kernel';
import { membership, namespaceOf } from '../names.js';
import type { Job, Post, Seat, Steps } from '../strategy.js';

/** Levels of agents that a member may have below it, if it is granted to delegate. */
const MEMBER_DEPTH = 6;
/** With those of its members. */
export const COORDINATOR_DEPTH = MEMBER_DEPTH + 1;

/** Starts whoever is to sit there; answers the agent's id. */
export function* startMember(ctx: AgentContext, job: Job, { seat, input = null }: { readonly seat: Seat; readonly input?: Json }): Steps<string> {
  const { swarm, member, strategy } = job;
  const { slot, role } = seat;
  const post: Post = { swarm, hub: ctx.agent.id, slot, role, strategy, input };
  const { agent } = yield* ctx.start(member, post, {
    grants: [...seat.grants, ...ofEveryMember(ctx.agent.id, member.type), `read:shared:${namespaceOf(swarm)}/**`, `write:shared:${namespaceOf(swarm)}/**`],
    depth: MEMBER_DEPTH,
    monitor: true,
    metadata: membership(swarm, slot),
    ...(seat.quota === undefined ? {} : { quota: seat.quota }),
  });
  return agent;
}

/** Members talk to who coordinates and to each other. */
function ofEveryMember(hub: string, type: string): readonly string[] {
  return [`send:${hub}`, `send:${type}-*`];
}
