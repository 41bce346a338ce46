/**
 * Starts and ends the members of a swarm, in this kernel and on other nodes, and hears how they end.
 *
 * 1. A member that is elsewhere is named by who starts it, so that starting it is one letter.
 * 2. A node that can't be reached is not used again, and all members there count as gone: what they still say is passed over.
 * 3. How a member elsewhere has ended is believed of the steward of its node, and of nobody else there.
 */
import { OmniError, type AgentContext, type Json, type Message } from '@omnipaw/kernel';
import { fieldsOf } from '../fields.js';
import { addressOf } from '../names.js';
import { Deadline, sendPatiently } from '../protocol/index.js';
import { deliverAll, remoteAddressOf, unwrap, type Outgoing } from '../remote/index.js';
import type { Job, Seat, Steps } from '../strategy.js';
import { reasonOf, type Exit } from './next-message.js';
import { postOf, startMember } from './start.js';
import { endsOf, STEWARD_CHANNEL, stewardOf, type Order } from './steward.js';
import type { Failure } from './task.js';
import { timeUp } from './time-up.js';

/** That a member has ended, as it was told: by the kernel, or by a steward, who says more at once. */
export interface Ending extends Exit {
  readonly told?: { readonly message: string; readonly result: Json };
}

/** How often it is looked whether the other nodes are there. */
const LOOK_MS = 10_000;
/** For how long a coordinator that ends waits for nodes to hear of it. */
const LAST_WORD_MS = 1_000;

export class Staff {
  readonly #ctx: AgentContext;
  readonly #job: Job;
  readonly #nodes: readonly string[];
  readonly #deadline: Deadline;
  readonly #gone = new Set<string>();
  /** By node, the members there. */
  readonly #elsewhere = new Map<string, Set<string>>();
  #lost: string[] = [];
  #nextNode = 0;
  #names = 0;
  #mark: string | undefined;
  #lookAt: number;

  constructor(ctx: AgentContext, job: Job) {
    this.#ctx = ctx;
    this.#job = job;
    this.#deadline = new Deadline(ctx, job.deadline === undefined ? Infinity : job.deadline - ctx.now());
    this.#nodes = [...new Set(job.seats.flatMap(({ node }) => (node === undefined ? [] : [node])))];
    this.#lookAt = this.isSpread ? ctx.now() + LOOK_MS : Infinity;
  }

  /** Whether members are on other nodes. */
  get isSpread(): boolean {
    return this.#nodes.length > 0;
  }

  /** On which ends are told. */
  get channels(): readonly string[] {
    return this.isSpread ? ['exit', endsOf(this.#job.swarm)] : ['exit'];
  }

  /** For how long a letter of this swarm may be on its way: no longer than the swarm has time. */
  get withinMs(): number | undefined {
    return this.#deadline.withinMs;
  }

  /** When {@link look} is due, milliseconds since the epoch. */
  get lookAt(): number {
    return this.#lookAt;
  }

  /** Starts whoever is to sit there; answers the agent, as it is called from here. Throws `NODE_UNREACHABLE` if no node is left. */
  *start(seat: Seat, input: Json = null): Steps<string> {
    if (seat.node === undefined) return yield* startMember(this.#ctx, this.#job, { seat, input });
    for (let node = this.#nodeFor(seat.node); ; node = this.#nodeFor(node)) {
      const agent = this.#nameFor(seat);
      const order: Order = { kind: 'start', agent, post: postOf(this.#job, seat, input), grants: seat.grants, ...(seat.quota === undefined ? {} : { quota: seat.quota }) };
      if (!(yield* this.#order(node, order))) continue;
      this.#membersOn(node).add(`${node}/${agent}`);
      return `${node}/${agent}`;
    }
  }

  /** Ends a member, wherever it is, which is not expected to say anything any more. */
  *end(agent: string, reason: string): Steps<void> {
    const address = remoteAddressOf(agent);
    if (address === undefined) return yield* this.#ctx.revoke({ agent }, reason);
    this.#membersOn(address.node).delete(agent);
    yield* this.askAfter(agent, reason);
  }

  /** A member elsewhere took no word: it is ended if it has not yet, and its steward says how it has. */
  *askAfter(agent: string, reason: string): Steps<void> {
    const address = remoteAddressOf(agent);
    if (address === undefined || this.#gone.has(address.node)) return;
    yield* this.#order(address.node, { kind: 'end', swarm: this.#job.swarm, agent: address.agent, reason });
  }

  /** That somebody has ended, if that is what a message says. */
  endingIn(message: Message): Ending | undefined {
    const ending = endingIn(message, (from) => remoteAddressOf(from)?.agent === stewardOf(this.#job.member.type));
    const address = ending === undefined ? undefined : remoteAddressOf(ending.agent);
    if (ending !== undefined && address !== undefined) this.#membersOn(address.node).delete(ending.agent);
    return ending;
  }

  /** Why, in words. */
  *reasonOf({ agent, error, told }: Ending): Steps<Failure> {
    if (told === undefined || error === null) return yield* reasonOf(this.#ctx, { agent, error });
    return { code: error, message: told.message };
  }

  /** What somebody answered who has completed. */
  *resultOf<Result>({ agent, told }: Ending): Steps<Result> {
    return told === undefined ? yield* this.#ctx.join<Result>({ agent }) : (told.result as Result);
  }

  /** Looks whether the other nodes are there. */
  *look(): Steps<void> {
    const nodes = this.#nodes.filter((node) => !this.#gone.has(node));
    const refusals = yield* deliverAll(this.#ctx, nodes.map((node) => this.#letterTo(node, { kind: 'there?' })));
    for (const [index, refusal] of refusals.entries()) {
      // A steward whose mailbox is full is there.
      if (refusal !== undefined && refusal.code !== 'MAILBOX_FULL') this.#refused(nodes[index]!, refusal);
    }
    this.#lookAt = this.#ctx.now() + LOOK_MS;
  }

  /** A word to an agent elsewhere has failed: its node is not used any more. */
  lose(node: string): void {
    this.#gone.add(node);
    this.#lost.push(...this.#membersOn(node));
    this.#elsewhere.delete(node);
  }

  /** Members of nodes that were lost since it was asked last. */
  takeLost(): readonly string[] {
    const lost = this.#lost;
    this.#lost = [];
    return lost;
  }

  /** Nobody is needed any more; members of this kernel end with their coordinator, and stewards find out that it has ended. */
  *dismissAll(): Steps<void> {
    const nodes = this.#nodes.filter((node) => !this.#gone.has(node));
    // It is about to end, and whatever refuses this is not with what it ends.
    yield* deliverAll(this.#ctx, nodes.map((node) => ({ ...this.#letterTo(node, { kind: 'over' }), withinMs: LAST_WORD_MS })));
  }

  /** Answers whether the node has the order; one without a steward, or out of reach, is lost. Throws `SWARM_TIMEOUT`. */
  *#order(node: string, order: Order): Steps<boolean> {
    try {
      // That a mailbox is full will pass.
      yield* sendPatiently({ ctx: this.#ctx, deadline: this.#deadline }, this.#letterTo(node, order));
      return true;
    } catch (error) {
      this.#refused(node, error as OmniError);
      return false;
    }
  }

  #refused(node: string, refusal: OmniError): void {
    if (this.#deadline.leftMs === 0) throw timeUp(this.#job.swarm);
    if (refusal.code !== 'DEAD_LETTER' && refusal.code !== 'NODE_UNREACHABLE') throw refusal;
    this.lose(node);
  }

  #letterTo(node: string, order: Order): Outgoing {
    return { to: `${node}/${stewardOf(this.#job.member.type)}`, channel: STEWARD_CHANNEL, body: order, withinMs: this.withinMs };
  }

  #nodeFor(wanted: string): string {
    if (!this.#gone.has(wanted)) return wanted;
    const left = this.#nodes.filter((node) => !this.#gone.has(node));
    const node = left[this.#nextNode++ % left.length];
    if (node !== undefined) return node;
    throw new OmniError('NODE_UNREACHABLE', `None of the nodes ${this.#nodes.join(', ')} can be reached, or has a steward for this swarm, so there is nowhere for its members to be. Start them again.`, { failureClass: 'PERMANENT', details: { nodes: this.#nodes } });
  }

  /** Of no other swarm, whoever else has agents on that node. */
  #nameFor({ slot }: Seat): string {
    this.#mark ??= this.#ctx.uuid().slice(0, 8);
    return `${this.#job.member.type}-${this.#mark}.${slot}.${String(++this.#names)}`;
  }

  #membersOn(node: string): Set<string> {
    const members = this.#elsewhere.get(node) ?? new Set<string>();
    this.#elsewhere.set(node, members);
    return members;
  }
}

/**
 * That somebody has ended, in this kernel or on another node; undefined for a message that says nothing of it. Of members
 * elsewhere their stewards tell: whoever else wrote that could end any of them, and make up its result.
 */
export function endingIn(message: Message, isSteward: (address: string) => boolean): Ending | undefined {
  if (message.channel === 'exit') return message.body as unknown as Exit;
  const { from, channel, body } = unwrap(message);
  const node = from === null || addressOf(channel)?.topic !== STEWARD_CHANNEL || !isSteward(from) ? undefined : remoteAddressOf(from)?.node;
  const { kind, agent, error = null, message: text, result = null } = fieldsOf(body);
  if (node === undefined || kind !== 'ended' || typeof agent !== 'string' || typeof text !== 'string') return undefined;
  return { agent: `${node}/${agent}`, error: typeof error === 'string' ? error : null, told: { message: text, result: result as Json } };
}
