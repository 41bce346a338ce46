/**
 * The steward of a node: starts members for coordinators that are elsewhere, and tells them how those end.
 *
 * 1. Nobody gets more than the steward has: what its node grants to strangers is what it was started with.
 * 2. An end is told until the coordinator has it, or has ended itself.
 * 3. When a coordinator has ended, its members end, whether it has said so or not; as those of one that can't be written to.
 * 4. Nothing that anybody says, nor how anybody ends or answers, ends the steward: all members on its node end with it.
 */
import type { OmniError, AgentContext, AgentDefinition, Grant, Json, Message, Quota } from '@omnipaw/kernel';
import { codeOf } from '../errors.js';
import { fieldsOf } from '../fields.js';
import { channelOf, isPlain } from '../names.js';
import { deliver, remoteAddressOf, unwrap, type Outgoing } from '../remote/index.js';
import type { Post, Steps } from '../strategy.js';
import { nextMessage, reasonOf, type Exit } from './next-message.js';
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
/** For how long it waits for the node of one, while others wait for it. */
const WORD_MS = 5_000;

interface Charge {
  readonly hub: string;
  readonly swarm: string;
}

/** What a coordinator has to hear yet. */
interface Untold extends Charge {
  readonly ended: Ended;
}

export class Steward {
  readonly #ctx: AgentContext;
  readonly #member: AgentDefinition<Post, Json>;
  /** By agent. */
  readonly #charges = new Map<string, Charge>();
  #untold: readonly Untold[] = [];
  #lookAt: number;

  constructor(ctx: AgentContext, member: AgentDefinition<Post, Json>) {
    this.#ctx = ctx;
    this.#member = member;
    this.#lookAt = ctx.now() + LOOK_MS;
  }

  *run(): Steps<never> {
    for (;;) {
      const message = yield* this.#hear();
      if (this.#ctx.now() >= this.#lookAt) yield* this.#lookAround();
      if (message === undefined) continue;
      if (message.channel === 'exit') yield* this.#exited(message.body as unknown as Exit);
      else if (message.from !== null) yield* this.#obey(message.from, message.body);
    }
  }

  *#hear(): Steps<Message | undefined> {
    const hasToLook = this.#charges.size > 0 || this.#untold.length > 0;
    const message = yield* nextMessage(this.#ctx, { channels: [STEWARD_CHANNEL, 'exit'], until: hasToLook ? this.#lookAt : Infinity });
    return message === undefined ? undefined : unwrap(message);
  }

  *#obey(hub: string, body: Json): Steps<void> {
    // Whoever orders something is there, and can be told.
    yield* this.#tellAgain(hub);
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
      const { message } = error as Error;
      yield* this.#tell({ hub, swarm: post.swarm }, { kind: 'ended', agent, error: codeOf(error) ?? 'PROGRAM_FAILED', message, result: null });
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

  *#tell(charge: Charge, ended: Ended): Steps<void> {
    const code = yield* this.#say(charge, ended);
    if (code === 'VALUE_TOO_LARGE') yield* this.#tell(charge, tooLarge(ended));
    else if (code !== undefined && code !== 'DEAD_LETTER') this.#untold = [...this.#untold, { ...charge, ended }];
  }

  /** What a coordinator has not heard, in order, until it can't be told again. */
  *#tellAgain(hub: string): Steps<void> {
    for (let next = this.#nextUntold(hub); next !== undefined; next = this.#nextUntold(hub)) {
      const code = yield* this.#say(next, next.ended);
      if (code !== undefined) return;
      this.#untold = this.#untold.filter((one) => one !== next);
    }
  }

  #nextUntold(hub: string): Untold | undefined {
    return this.#untold.find((one) => one.hub === hub);
  }

  *#lookAround(): Steps<void> {
    const hubs = new Map([...this.#charges.values(), ...this.#untold].map(({ hub, swarm }) => [hub, swarm]));
    for (const [hub, swarm] of hubs) {
      const code = yield* this.#say({ hub, swarm }, { kind: 'there?' });
      if (code === undefined) yield* this.#tellAgain(hub);
    }
    this.#lookAt = this.#ctx.now() + LOOK_MS;
  }

  /** Answers what refused it; who has ended, or can't be written to, needs nobody any more. */
  *#say({ hub, swarm }: Charge, body: Ended | { readonly kind: 'there?' }): Steps<string | undefined> {
    let code: string | undefined;
    try {
      code = yield* refusedBy(this.#ctx, { to: hub, channel: endsOf(swarm), body, withinMs: WORD_MS });
    } catch (error) {
      code = codeOf(error) === 'VALUE_TOO_LARGE' ? 'VALUE_TOO_LARGE' : 'DEAD_LETTER';
    }
    if (code === 'DEAD_LETTER') yield* this.#endAllOf(hub);
    return code;
  }

  *#endAllOf(hub: string): Steps<void> {
    this.#untold = this.#untold.filter((one) => one.hub !== hub);
    for (const [agent, charge] of this.#charges) if (charge.hub === hub) yield* this.#end(agent, 'its coordinator has ended');
  }

  *#end(agent: string, reason: string): Steps<void> {
    this.#charges.delete(agent);
    yield* this.#ctx.revoke({ agent }, reason);
  }
}

/** What is told of a member whose result is too large for a message. */
function tooLarge({ agent }: Ended): Ended {
  return { kind: 'ended', agent, error: 'VALUE_TOO_LARGE', message: `What agent "${agent}" came to is too large for a message to another node. Let it answer less, or raise maxValueBytes.`, result: null };
}

/** The code by which a word was refused, or by which nobody knows whether it arrived; undefined if it did. */
export function* refusedBy(ctx: Pick<AgentContext, 'send' | 'tool'>, letter: Outgoing): Steps<string | undefined> {
  try {
    yield* deliver(ctx, letter);
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
  if (kind === 'end') return typeof reason === 'string' && isPlain(named) ? (body as unknown as Order) : undefined;
  const { swarm, slot, role, strategy, input } = fieldsOf(post);
  const isPost = isPlain(swarm) && isPlain(slot) && typeof role === 'string' && typeof strategy === 'string' && input !== undefined;
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
