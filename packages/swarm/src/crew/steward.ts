/**
 * The steward of a node: starts members for coordinators that are elsewhere, and tells them how those end.
 *
 * 1. Nobody gets more than the steward has: what its node grants to strangers is what it was started with.
 * 2. An end is told once; if nobody can be told, the coordinator finds it out by its own deadlines.
 * 3. When a coordinator has ended, its members end, whether it has said so or not.
 */
import { OmniError, type AgentContext, type AgentDefinition, type Grant, type Json, type Message, type Quota } from '@omnipaw/kernel';
import { fieldsOf } from '../fields.js';
import { channelOf } from '../names.js';
import { deliver, remoteAddressOf, unwrap } from '../remote/index.js';
import type { Post, Steps } from '../strategy.js';
import { reasonOf, type Exit } from './next-message.js';
import { memberOptions } from './start.js';

/** On which a steward takes orders. */
export const STEWARD_CHANNEL = 'steward';

/** What a coordinator says to a steward. */
export type Order =
  | { readonly kind: 'start'; readonly agent: string; readonly post: Omit<Post, 'hub'>; readonly grants: readonly (Grant | string)[]; readonly quota?: Quota }
  | { readonly kind: 'end'; readonly swarm: string; readonly agent: string; readonly reason: string }
  | { readonly kind: 'over' }
  | { readonly kind: 'there?' };

/** How a member has ended, as a steward tells it. */
export interface Ended {
  readonly kind: 'ended';
  readonly agent: string;
  /** Null if it completed. */
  readonly error: string | null;
  readonly message: string;
  readonly result: Json;
}

/** The type of a swarm's steward, which is also the name of the only one that a node has. */
export function stewardOf(member: string): string {
  return member.replace(/\.member$/, '.steward');
}

/** On which a coordinator hears of members that are elsewhere. */
export function endsOf(swarm: string): string {
  return channelOf(swarm, STEWARD_CHANNEL);
}

/** How often a steward looks whether coordinators are still there. */
const LOOK_MS = 30_000;

interface Charge {
  readonly hub: string;
  readonly swarm: string;
}

export class Steward {
  readonly #ctx: AgentContext;
  readonly #member: AgentDefinition<Post, Json>;
  /** By agent. */
  readonly #charges = new Map<string, Charge>();

  constructor(ctx: AgentContext, member: AgentDefinition<Post, Json>) {
    this.#ctx = ctx;
    this.#member = member;
  }

  *run(): Steps<never> {
    for (;;) {
      const message = yield* this.#hear();
      if (message === undefined) yield* this.#lookAround();
      else if (message.channel === 'exit') yield* this.#exited(message.body as unknown as Exit);
      else if (message.from !== null) yield* this.#obey(message.from, message.body);
    }
  }

  *#hear(): Steps<Message | undefined> {
    const timeout = this.#charges.size === 0 ? {} : { timeoutMs: LOOK_MS };
    try {
      return unwrap(yield* this.#ctx.receive({ channel: [STEWARD_CHANNEL, 'exit'], ...timeout }));
    } catch (error) {
      if (error instanceof OmniError && error.code === 'RECEIVE_TIMEOUT') return undefined;
      throw error;
    }
  }

  *#obey(hub: string, body: Json): Steps<void> {
    const order = orderIn(body);
    if (order?.kind === 'start') yield* this.#start(hub, order);
    if (order?.kind === 'end') yield* this.#endFor(hub, order);
    if (order?.kind === 'over') yield* this.#endAllOf(hub);
  }

  *#start(hub: string, { agent, post, grants, quota }: Order & { readonly kind: 'start' }): Steps<void> {
    try {
      const options = memberOptions({ post: { ...post, hub }, grants, member: this.#member.type, quota });
      yield* this.#ctx.start(this.#member, { ...post, hub }, { ...options, id: agent });
      this.#charges.set(agent, { hub, swarm: post.swarm });
    } catch (error) {
      const { code, message } = error as OmniError;
      yield* this.#tell({ hub, swarm: post.swarm }, { kind: 'ended', agent, error: code, message, result: null });
    }
  }

  /** Whoever is not there any more, or never was, has ended as well. */
  *#endFor(hub: string, { agent, reason, swarm }: Order & { readonly kind: 'end' }): Steps<void> {
    if (this.#charges.get(agent)?.hub === hub) return yield* this.#end(agent, reason);
    yield* this.#tell({ hub, swarm }, { kind: 'ended', agent, error: 'AGENT_NOT_FOUND', message: `There is no member "${agent}" on this node that "${hub}" has started.`, result: null });
  }

  *#exited(exit: Exit): Steps<void> {
    const charge = this.#charges.get(exit.agent);
    if (charge === undefined) return;
    this.#charges.delete(exit.agent);
    const { agent, error } = exit;
    if (error === null) {
      const result = yield* this.#ctx.join<Json>({ agent });
      yield* this.#tell(charge, { kind: 'ended', agent, error, message: '', result });
    } else {
      const { message } = yield* reasonOf(this.#ctx, exit);
      yield* this.#tell(charge, { kind: 'ended', agent, error, message, result: null });
    }
  }

  *#tell({ hub, swarm }: Charge, ended: Ended): Steps<void> {
    const code = yield* refusedBy(this.#ctx, hub, { channel: endsOf(swarm), body: ended });
    if (code === 'DEAD_LETTER') yield* this.#endAllOf(hub);
  }

  *#lookAround(): Steps<void> {
    const hubs = new Map([...this.#charges.values()].map(({ hub, swarm }) => [hub, swarm]));
    for (const [hub, swarm] of hubs) {
      const code = yield* refusedBy(this.#ctx, hub, { channel: endsOf(swarm), body: { kind: 'there?' } });
      if (code === 'DEAD_LETTER') yield* this.#endAllOf(hub);
    }
  }

  *#endAllOf(hub: string): Steps<void> {
    for (const [agent, charge] of this.#charges) if (charge.hub === hub) yield* this.#end(agent, 'its coordinator has ended');
  }

  *#end(agent: string, reason: string): Steps<void> {
    this.#charges.delete(agent);
    yield* this.#ctx.revoke({ agent }, reason);
  }
}

/** The code by which a word was refused, or by which nobody knows whether it arrived; undefined if it did. */
 
export function* refusedBy(ctx: Pick<AgentContext, 'send' | 'tool'>, to: string, { channel, body }: { readonly channel: string; readonly body: unknown }): Steps<string | undefined> {
  try {
    yield* deliver(ctx, { to, channel, body });
    return undefined;
  } catch (error) {
    const { code } = error as OmniError;
    if (code === 'DEAD_LETTER' || code === 'NODE_UNREACHABLE' || code === 'MAILBOX_FULL') return code;
    throw error;
  }
}

/** An order as it came; undefined for what is none, since who sent it may be of another version, or mean harm. */
function orderIn(body: Json): Order | undefined {
  const { kind, agent, post, grants, reason, swarm: named } = fieldsOf(body);
  if (kind === 'over') return body as unknown as Order;
  if (typeof agent !== 'string') return undefined;
  if (kind === 'end') return typeof reason === 'string' && typeof named === 'string' ? (body as unknown as Order) : undefined;
  const { swarm, slot, role, strategy, input } = fieldsOf(post);
  const isPost = [swarm, slot, role, strategy].every((field) => typeof field === 'string') && input !== undefined;
  return kind === 'start' && isPost && Array.isArray(grants) ? (body as unknown as Order) : undefined;
}

/** Whom a word of a coordinator to another node starts there, as it is called from here. */
export function startedBy({ to, channel, body }: { readonly to: string; readonly channel: string; readonly body: Json }): { readonly agent: string; readonly slot: string; readonly role: string } | undefined {
  const node = remoteAddressOf(to)?.node;
  const order = channel === STEWARD_CHANNEL ? orderIn(body) : undefined;
  if (node === undefined || order?.kind !== 'start') return undefined;
  const { slot, role } = order.post;
  return { agent: `${node}/${order.agent}`, slot, role };
}
