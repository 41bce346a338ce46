import { defineAgent, nodePorts, type AgentContext, type AgentDefinition, type Json } from '@omnipaw/kernel';
import { Steward, stewardOf } from '../crew/index.js';
import type { Job, Post, Seat, Steps, Strategy } from '../strategy.js';

/** What a coordinator is started with. */
export interface Assignment {
  readonly strategy: string;
  readonly goal: Json;
  readonly seats: readonly Seat[];
  readonly timeoutMs?: number;
}

/** A kind of swarm: the types of its agents, and the ways in which they can work together. */
export interface SwarmDefinition<Name extends string = string> {
  readonly name: string;
  readonly strategies: Readonly<Record<Name, Strategy>>;
  readonly coordinator: AgentDefinition<Assignment, Json>;
  readonly member: AgentDefinition<Post, Json>;
  /** Of which each node has one where members of coordinators on other nodes may be. */
  readonly steward: AgentDefinition<null, Json>;
  /** For a kernel: `createKernel({ agents: [...review.agents] })`. */
  readonly agents: readonly AgentDefinition[];
}

/** Raised when coordinators or members of this package would do otherwise on the same log. */
const PROTOCOL = '1\n';

/**
 * Defines a kind of swarm by the strategies that it can work by: `defineSwarm('review', { MAP_REDUCE: mapReduce({ … }) })`.
 *
 * Its agents have the types `review.coordinator`, `review.member` and `review.steward`.
 */
export function defineSwarm<Name extends string>(name: string, strategies: Readonly<Record<Name, Strategy>>): SwarmDefinition<Name> {
  const all = Object.freeze({ ...strategies });
  // The text of a program is what is in this file; what its user wrote and chose decides about the version, and what this package does with it.
  const version = nodePorts.codec.sha256(PROTOCOL + Object.entries<Strategy>(all).map(([key, { source }]) => `${key}\n${source}`).join('\n')).slice(0, 12);

  const member: AgentDefinition<Post, Json> = defineAgent(`${name}.member`, function* (ctx: AgentContext, post: Post): Steps<Json> {
    return yield* strategyOf(all, post.strategy).serve(ctx, post);
  }, { version });

  const coordinator: AgentDefinition<Assignment, Json> = defineAgent(`${name}.coordinator`, function* (ctx: AgentContext, { strategy, goal, seats, timeoutMs }: Assignment): Steps<Json> {
    const deadline = timeoutMs === undefined ? {} : { deadline: ctx.now() + timeoutMs };
    const job: Job = { swarm: ctx.agent.id, goal, seats, member, strategy, ...deadline };
    return yield* strategyOf(all, strategy).coordinate(ctx, job);
  }, { version });

  const steward: AgentDefinition<null, Json> = defineAgent(stewardOf(member.type), function* (ctx: AgentContext): Steps<Json> {
    return yield* new Steward(ctx, member).run();
  }, { version });

  return Object.freeze({ name, strategies: all, coordinator, member, steward, agents: Object.freeze([coordinator, member, steward]) });
}

/** Throws a TypeError for a name that no strategy of the swarm has. */
export function strategyOf(strategies: Readonly<Record<string, Strategy>>, name: string): Strategy {
  const found = Object.hasOwn(strategies, name) ? strategies[name] : undefined;
  if (found !== undefined) return found;
  throw new TypeError(`The swarm has no strategy "${name}". It has ${Object.keys(strategies).join(', ')}.`);
}
