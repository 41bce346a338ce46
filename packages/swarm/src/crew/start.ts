import type { AgentContext, DelegationOptions, Grant, Json, Quota } from '@omnipaw/kernel';
import { membership, namespaceOf } from '../names.js';
import { remoteAddressOf, toolTo } from '../remote/index.js';
import type { Job, Post, Seat, Steps } from '../strategy.js';

/** Levels of agents that a member may have below it, if it is granted to delegate. */
const MEMBER_DEPTH = 6;
/** With those of its members. */
export const COORDINATOR_DEPTH = MEMBER_DEPTH + 1;

/** Starts whoever is to sit there, in this kernel; answers the agent's id. */
export function* startMember(ctx: AgentContext, job: Job, { seat, input = null }: { readonly seat: Seat; readonly input?: Json }): Steps<string> {
  const post: Post = { ...postOf(job, seat, input), hub: ctx.agent.id };
  const { agent } = yield* ctx.start(job.member, post, memberOptions({ post, grants: seat.grants, member: job.member.type, quota: seat.quota }));
  return agent;
}

/** What whoever sits there is to know, wherever that is. */
export function postOf({ swarm, strategy }: Job, { slot, role }: Seat, input: Json): Omit<Post, 'hub'> {
  return { swarm, slot, role, strategy, input };
}

interface Engagement {
  readonly post: Post;
  readonly grants: readonly (Grant | string)[];
  /** The type of the swarm's members. */
  readonly member: string;
  readonly quota: Quota | undefined;
}

export function memberOptions({ post: { swarm, slot, hub }, grants, member, quota }: Engagement): DelegationOptions {
  const shared = `shared:${namespaceOf(swarm)}/**`;
  const elsewhere = remoteAddressOf(hub);
  // Members talk to who coordinates and to each other.
  const toHub = elsewhere === undefined ? `send:${hub}` : `call:${toolTo(elsewhere.node)}`;
  return {
    grants: [...grants, toHub, `send:${member}-*`, `read:${shared}`, `write:${shared}`],
    depth: MEMBER_DEPTH,
    monitor: true,
    metadata: membership(swarm, slot),
    ...(quota === undefined ? {} : { quota }),
  };
}
