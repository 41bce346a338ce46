import type { Instruction, Json, Message } from '@omnipaw/kernel';
import { codeOf } from '../errors.js';
import { channelOf, type Member } from '../names.js';
import { deliverAll, unwrap } from '../remote/index.js';
import type { ProtocolContext, Received, ReceiveOptions, SwarmProtocol } from '../protocol/index.js';
import { drive } from './drive.js';
import { newMember, step, type ElectionAction, type ElectionEvent, type ElectionState } from './machine.js';
import { electionMessageOf, officeOf, type ElectionMessage, type Office } from './messages.js';
import { assertRhythm, silenceMs, type Rhythm } from './patience.js';

export type ElectionOptions = Rhythm;

/** Who leads, and in which term. */
export interface Leadership {
  readonly leader: Member;
  readonly term: number;
}

/** What the election needs of the protocol. */
type Circle = Pick<SwarmProtocol, 'swarm' | 'members' | 'peers' | 'receive'> & { readonly ctx: ProtocolContext };

/**
 * Takes part in the election of a leader for as long as a program waits through it: `new Election(protocol, { heartbeatMs,
 * timeoutMs })`, then `yield* election.receive(…)` instead of `protocol.receive`, and `during` for whatever else waits.
 *
 * 1. Those that vote are the slots that the protocol knew when this was made.
 * 2. The office is on record, in the leader's own memory, before it acts as one; it is given up when another term begins.
 * 3. Mail is read before time is found to have run out: who was busy for long takes nobody for dead that has spoken meanwhile.
 */
export class Election {
  readonly #circle: Circle;
  readonly #rhythm: Rhythm;
  readonly #channel: string;
  /** By rank: the same order for everybody, whatever order they were told in. */
  readonly #slots: readonly string[];
  readonly #ranks: ReadonlyMap<string, number>;
  /** The ranks of agents that have or had a slot; undefined for a slot without a vote. */
  readonly #agents = new Map<string, number | undefined>();
  /** What was received and not wanted yet. */
  readonly #kept: Message[] = [];
  #state: ElectionState;
  #attempts = 0;
  /** When something has to be done, by the recorded time. */
  #timer: number;

  constructor(protocol: Circle, options: ElectionOptions) {
    assertRhythm(options);
    const { ctx, members, swarm } = protocol;
    const own = members.find(({ id }) => id === ctx.agent.id);
    if (own === undefined) throw new TypeError(`Agent "${ctx.agent.id}" is no member of swarm "${swarm}", and can not take part in its election. Members: ${members.map(({ id }) => id).join(', ')}.`);
    this.#circle = protocol;
    this.#rhythm = options;
    this.#channel = channelOf(swarm, 'election');
    this.#slots = members.map(({ slot }) => slot).sort();
    this.#ranks = new Map(this.#slots.map((slot, rank) => [slot, rank]));
    this.#state = newMember(this.#ranks.get(own.slot)!, members.length);
    this.#timer = ctx.now() + this.#silenceMs();
  }

  /** Whether this member leads, as far as it knows. */
  get isLeader(): boolean {
    return this.#state.role === 'leader';
  }

  /** Waits until there is a leader. */
  *leader(): Generator<Instruction, Leadership> {
    yield* this.#serve();
    while (this.#state.leader === undefined) {
      yield* this.#hear([], Infinity);
      yield* this.#serve();
    }
    const { leader, term } = this.#state;
    return { leader: this.#memberOf(leader), term };
  }

  /** As {@link SwarmProtocol.receive}. */
  receive<Body = Json>(topics: string | readonly string[], options: ReceiveOptions = {}): Generator<Instruction, Received<Body>> {
    return this.during(this.#circle.receive<Body>(topics, options));
  }

  sleep(ms: number): Generator<Instruction, void> {
    return this.during(this.#circle.ctx.sleep(ms));
  }

  /**
   * Takes part while another part of the program waits for messages or for time: `election.during(protocol.reachConsensus(…))`.
   * What waits for a tool or for a child is waited for as usual, and the election with it.
   */
  during<Result>(part: Iterable<Instruction, Result>): Generator<Instruction, Result> {
    return drive(part, (instruction) => this.#carryOut(instruction));
  }

  *#carryOut(instruction: Instruction): Generator<Instruction, unknown> {
    yield* this.#serve();
    if (instruction.op === 'RECEIVE') return yield* this.#receive(instruction);
    if (instruction.op === 'SLEEP') return yield* this.#sleep(instruction.ms);
    return (yield instruction) as unknown;
  }

  *#receive({ channel, from, timeoutMs = Infinity }: Instruction & { readonly op: 'RECEIVE' }): Generator<Instruction, Message> {
    const end = this.#circle.ctx.now() + timeoutMs;
    const channels = channel === undefined ? undefined : [channel].flat();
    const isWanted = (message: Message): boolean => (channels?.includes(message.channel) ?? true) && (from ?? message.from) === message.from;
    for (;;) {
      const index = this.#kept.findIndex(isWanted);
      if (index >= 0) return this.#kept.splice(index, 1)[0]!;
      const message = yield* this.#hear(channels, end);
      if (message !== undefined) this.#kept.push(message);
      yield* this.#serve();
    }
  }

  *#sleep(ms: number): Generator<Instruction, void> {
    const { ctx } = this.#circle;
    const end = ctx.now() + ms;
    try {
      for (;;) {
        yield* this.#hear([], end);
        yield* this.#serve();
      }
    } catch (error) {
      if (codeOf(error) !== 'RECEIVE_TIMEOUT') throw error;
    }
  }

  /** Waits for a message on the channels, all unless given; undefined if there was something to do for the election first. Throws `RECEIVE_TIMEOUT` at the end. */
  *#hear(channels: readonly string[] | undefined, end: number): Generator<Instruction, Message | undefined> {
    const { ctx } = this.#circle;
    const until = Math.min(end, this.#timer);
    try {
      const message = yield* ctx.receive({ ...(channels === undefined ? {} : { channel: [this.#channel, ...channels] }), timeoutMs: Math.max(0, until - ctx.now()) });
      if (message.channel !== this.#channel) return message;
      yield* this.#heard(unwrap(message));
    } catch (error) {
      if (codeOf(error) !== 'RECEIVE_TIMEOUT' || ctx.now() >= end) throw error;
    }
    return undefined;
  }

  /** Does what is due: reads the mail of the election, and acts if time has run out all the same. */
  *#serve(): Generator<Instruction, void> {
    const { ctx } = this.#circle;
    while (ctx.now() >= this.#timer) {
      try {
        yield* this.#heard(unwrap(yield* ctx.receive({ channel: this.#channel, timeoutMs: 0 })));
      } catch (error) {
        if (codeOf(error) !== 'RECEIVE_TIMEOUT') throw error;
        yield* this.#step({ type: 'timeout' }, ctx.now());
      }
    }
  }

  *#heard({ from: sender, body, sentAt }: Message): Generator<Instruction, void> {
    const message = electionMessageOf(body);
    const from = this.#rankOf(sender);
    if (message !== undefined && from !== undefined) yield* this.#step({ type: 'message', from, message }, sentAt);
  }

  /** What has happened, and when: a beat that was read late was no later for it. */
  *#step(event: ElectionEvent, at: number): Generator<Instruction, void> {
    // A beat is due so long after the last one began, however long others took to answer that one.
    const begunAt = this.#circle.ctx.now();
    const { state, actions } = step(this.#state, event);
    this.#state = state;
    if (state.leader !== undefined) this.#attempts = 0;
    else if (event.type === 'timeout') this.#attempts++;
    for (const action of actions) {
      if (action.type === 'await') this.#timer = action.what === 'beat' ? begunAt + this.#rhythm.heartbeatMs : at + this.#silenceMs();
      else if (!(yield* this.#act(action))) return yield* this.#step({ type: 'unseated' }, this.#circle.ctx.now());
    }
  }

  /** Answers whether it goes on from there. */
  *#act(action: Exclude<ElectionAction, { readonly type: 'await' }>): Generator<Instruction, boolean> {
    const { ctx, peers, swarm } = this.#circle;
    switch (action.type) {
      case 'send':
        yield* this.#send([this.#memberOf(action.to)], action.message);
        return true;
      case 'broadcast':
        yield* this.#send(peers.filter(({ slot }) => this.#ranks.has(slot)), action.message);
        return true;
      case 'take office':
        return yield* isAccepted(ctx.memory.set(officeOf(swarm), { term: action.term } satisfies Office));
      case 'leave office':
        yield* ctx.memory.delete(officeOf(swarm));
        return true;
    }
  }

  /**
   * Who can not be reached is taken for lost, and hears the next word or none; what the log refuses was not said. A node that does
   * not answer is waited for no longer than leaves time to beat, and to do what else there is.
   */
  *#send(members: readonly Member[], message: ElectionMessage): Generator<Instruction, void> {
    const withinMs = Math.ceil(this.#rhythm.heartbeatMs / 2);
    const refusals = yield* deliverAll(this.#circle.ctx, members.map(({ id }) => ({ to: id, channel: this.#channel, body: message, withinMs })));
    for (const error of refusals) if (error !== undefined && !ORDINARY.has(codeOf(error))) throw error;
  }

  /** Who is not known may have been admitted since the last look. */
  #rankOf(sender: string | null): number | undefined {
    if (sender === null) return undefined;
    if (!this.#agents.has(sender)) for (const { id, slot } of this.#circle.members) this.#agents.set(id, this.#ranks.get(slot));
    return this.#agents.get(sender);
  }

  #memberOf(rank: number): Member {
    return this.#circle.members.find(({ slot }) => slot === this.#slots[rank])!;
  }

  #silenceMs(): number {
    const { rank, size, leader, votedFor } = this.#state;
    return silenceMs(this.#rhythm, { rank, size, attempts: this.#attempts, hasVoted: leader === undefined && votedFor !== undefined });
  }
}

const ORDINARY: ReadonlySet<string | undefined> = new Set(['DEAD_LETTER', 'MAILBOX_FULL', 'NODE_UNREACHABLE', 'VOTED_ALREADY', 'NOT_ELECTED', 'STALE_TERM', 'TERM_TOO_FAR']);

/** Whether an operation was carried out; throws what is no ordinary refusal in an election. */
function* isAccepted(operation: Iterable<Instruction, void>): Generator<Instruction, boolean> {
  try {
    yield* operation;
    return true;
  } catch (error) {
    if (ORDINARY.has(codeOf(error))) return false;
    throw error;
  }
}
