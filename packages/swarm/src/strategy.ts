/** What all strategies of working together are to the swarm that has them: the coordinator's part, and a member's. */
import type { AgentContext, AgentDefinition, Grant, Instruction, Json, Quota } from '@omnipaw/kernel';

/** A part of a program. */
export type Steps<Result> = Generator<Instruction, Result>;

/** A place in a swarm, which somebody else takes over if its member fails. */
export interface Seat {
  /** `reader-1` */
  readonly slot: string;
  readonly role: string;
  /** Beside what every member has: talking to the swarm, and reading what it shares. */
  readonly grants: readonly (Grant | string)[];
  /** Of its own; without it the member uses what the whole swarm has. */
  readonly quota?: Quota;
  /** The node where its member is to be; the coordinator's own kernel unless given. */
  readonly node?: string;
}

/** What the coordinator of a swarm is to do. */
export interface Job {
  readonly swarm: string;
  readonly goal: Json;
  readonly seats: readonly Seat[];
  /** The type of the swarm's members. */
  readonly member: AgentDefinition<Post, Json>;
  /** The name that the strategy goes by. */
  readonly strategy: string;
  /** When it has to be over, milliseconds since the epoch. */
  readonly deadline?: number;
}

/** What a member is started with. */
export interface Post {
  readonly swarm: string;
  /** The agent that coordinates. */
  readonly hub: string;
  readonly slot: string;
  readonly role: string;
  readonly strategy: string;
  /** What the strategy itself has to say to this member. */
  readonly input: Json;
}

/** What of a strategy decides about what its agents do: the text of programs, and options. */
export function sourceOf(programs: readonly unknown[], options: unknown): string {
  return [...programs.map(String), JSON.stringify(options)].join('\n');
}

/** A way of working together. */
export interface Strategy {
  /** The roles that there must be a member for; none if any will do. */
  readonly roles: readonly string[];
  /** Whether each role is that of one member; as many as there are seats unless given. */
  readonly hasSingleRoles?: boolean;
  /** What its user wrote and chose, as a text, from which the version of the swarm's agents is made. */
  readonly source: string;
  /** What the coordinator does: it starts the members, and answers the result. */
  coordinate(ctx: AgentContext, job: Job): Steps<Json>;
  /** What a member does. */
  serve(ctx: AgentContext, post: Post): Steps<Json>;
}
