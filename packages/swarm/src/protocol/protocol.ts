import { OmniError, type Instruction, type Json, type Message } from '@omnipaw/kernel';
import { reachConsensus, requestVote, serveConsensus, type Consensus, type ConsensusOptions, type Decision, type Floor, type Seat as ConsensusSeat, type ServeOptions, type Tally, type Voice, type VoteOptions } from '../consensus/index.js';
import { codeOf, swarmError } from '../errors.js';
import { addressOf, channelOf, PACKAGE_TOPICS, topicChannel, type Member } from '../names.js';
import { remoteAddressOf, unwrap } from '../remote/index.js';
import { Deadline, NO_PATIENCE } from './deadline.js';
import { toEnvelope } from './envelope.js';
import { sendPatiently } from './patience.js';
import type { Answers, Broadcast, ProtocolContext, ProtocolOptions, Received, ReceiveOptions, RequestOptions, SendOptions } from './words.js';

interface Answer {
  readonly ask: string;
  readonly body: Json;
}

/**
 * How members of a swarm talk: `new SwarmProtocol(ctx, { swarm, members })` in a program, its methods with `yield*`.
 *
 * 1. Whatever a mailbox has taken is received once, and what one member said on one topic in the order in which it was said.
 * 2. What did not arrive is told to who said it: nothing is lost in silence.
 * 3. What is no word of this protocol is dropped by who receives it, and stays on record.
 * 4. An answer is taken from who was asked, for the question that is open; any other answer is dropped when it is met.
 * 5. Members may be of other kernels, and are `node/agent` then.
 */
export class SwarmProtocol {
  readonly swarm: string;
  readonly #ctx: ProtocolContext;
  readonly #members = new Map<string, Member>();
  readonly #answerChannel: string;
  /** What was met while somebody else's words were waited for. */
  readonly #aside: Message[] = [];

  constructor(ctx: ProtocolContext, { swarm, members }: ProtocolOptions) {
    this.swarm = swarm;
    this.#ctx = ctx;
    this.#answerChannel = channelOf(swarm, 'answer');
    for (const member of members) this.#members.set(member.slot, member);
  }

  /** The context that it was made with, for what is built on top of it. */
  get ctx(): ProtocolContext {
    return this.#ctx;
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** The others. */
  get peers(): readonly Member[] {
    return this.members.filter(({ id }) => id !== this.#ctx.agent.id);
  }

  /** An agent has a slot from here on: a new one, or that of another agent. */
  admit(member: Member): void {
    this.#members.set(member.slot, member);
  }

  /**
   * Needs `send:<to>`, or `call:swarm.to.<node>` for an agent of another kernel. Throws `MAILBOX_FULL`, after some patience if told
   * so, `DEAD_LETTER` for who has ended, and `NODE_UNREACHABLE`.
   */
  // eslint-disable-next-line @typescript-eslint/max-params -- to whom, on what, what: as `ctx.send` has them, and how
  *send(to: string, topic: string, body: unknown, options: SendOptions = {}): Generator<Instruction, void> {
    assertFree(topic);
    yield* this.#say(to, topic, body, options);
  }

  /** To all others. Who could not be reached is in the answer, with the code of the refusal. */
  *broadcast(topic: string, body: unknown): Generator<Instruction, Broadcast> {
    const delivered: string[] = [];
    const undelivered: { to: string; error: string }[] = [];
    for (const { id: to } of this.peers) {
      const error = yield* refusalOf(this.send(to, topic, body));
      if (error === undefined) delivered.push(to);
      else undelivered.push({ to, error });
    }
    return { delivered, undelivered };
  }

  /** The oldest word on a topic, or on any of several; throws `RECEIVE_TIMEOUT`. */
  *receive<Body = Json>(topics: string | readonly string[], options: ReceiveOptions = {}): Generator<Instruction, Received<Body>> {
    [topics].flat().forEach(assertFree);
    return yield* this.#hear<Body>(topics, options);
  }

  *#hear<Body>(topics: string | readonly string[], { from, timeoutMs }: ReceiveOptions = {}): Generator<Instruction, Received<Body>> {
    const deadline = new Deadline(this.#ctx, timeoutMs);
    // Answers that come too late are met here, and so fill no mailbox.
    const channel = [...[topics].flat().map((topic) => topicChannel(this.swarm, topic)), this.#answerChannel];
    for (;;) {
      const message = yield* this.#next({ channel, from }, deadline);
      const word = this.#wordIn(message);
      if (word !== undefined) return word as Received<Body>;
    }
  }

  /**
   * Asks, and waits for the answer: the body of it. A full mailbox is tried again for as long as an answer would be waited for.
   *
   * Throws `REQUEST_TIMEOUT`; `MAILBOX_FULL`, `DEAD_LETTER` and `NODE_UNREACHABLE` if the question did not arrive. Who waits hears nothing else
   * meanwhile: two that ask one another at once wait in vain.
   */
  // eslint-disable-next-line @typescript-eslint/max-params -- to whom, on what, what: as `ctx.send` has them, and how
  *request<Body = Json>(to: string, topic: string, body: unknown, { timeoutMs }: RequestOptions): Generator<Instruction, Body> {
    assertFree(topic);
    const deadline = new Deadline(this.#ctx, timeoutMs);
    const ask = this.#ctx.uuid();
    yield* this.#deliver(to, { topic, body: { kind: 'ask', ask, body } }, deadline);
    const answer = yield* this.#answerTo(new Map([[ask, to]]), deadline);
    if (answer !== undefined) return answer.body as Body;
    throw swarmError('REQUEST_TIMEOUT', `Agent "${to}" has not answered on "${topic}" within ${timeoutMs} ms. It may be busy, hang, or know nothing of this topic; an answer that comes later is dropped.`, { details: { to, topic, timeoutMs } });
  }

  /** Asks several at once; who has not answered in time is `missing`, and so is who could not be asked. */
  // eslint-disable-next-line @typescript-eslint/max-params -- to whom, on what, what: as `ctx.send` has them, and how
  *requestAll<Body = Json>(members: readonly Member[], topic: string, body: unknown, options: RequestOptions): Generator<Instruction, Answers<Body>> {
    assertFree(topic);
    return yield* this.#askAll<Body>(members, topic, body, options);
  }

  // eslint-disable-next-line @typescript-eslint/max-params -- as `requestAll`
  *#askAll<Body>(members: readonly Member[], topic: string, body: unknown, { timeoutMs }: RequestOptions): Generator<Instruction, Answers<Body>> {
    const deadline = new Deadline(this.#ctx, timeoutMs);
    const asked = new Map<string, string>();
    const asks = new Map<string, Member>();
    const errors = new Map<Member, string>();
    for (const member of members) {
      const ask = this.#ctx.uuid();
      const error = yield* refusalOf(this.#deliver(member.id, { topic, body: { kind: 'ask', ask, body } }, NO_PATIENCE));
      if (error !== undefined) errors.set(member, error);
      else asked.set(ask, member.id);
      asks.set(ask, member);
    }
    const bodies = new Map<Member, Json>();
    while (asked.size > 0) {
      const answer = yield* this.#answerTo(asked, deadline);
      if (answer === undefined) break;
      asked.delete(answer.ask);
      bodies.set(asks.get(answer.ask)!, answer.body);
    }
    return {
      answers: members.flatMap((member) => (bodies.has(member) ? [{ member, body: bodies.get(member) as Body }] : [])),
      missing: members.flatMap((member) => (bodies.has(member) ? [] : [{ member, error: errors.get(member) ?? 'REQUEST_TIMEOUT' }])),
    };
  }

  /** Answers a question. Throws a TypeError for what was none. */
  *reply(request: Received<unknown>, body: unknown, { patienceMs = 0 }: SendOptions = {}): Generator<Instruction, void> {
    const { from, ask } = request;
    if (from === null || ask === undefined) throw new TypeError(`Message ${request.seq} on "${request.topic}" is no question: nobody waits for an answer. Look whether it has an \`ask\`.`);
    yield* this.#deliver(from, { topic: 'answer', body: { kind: 'answer', ask, body } }, new Deadline(this.#ctx, patienceMs));
  }

  /** Lets all others vote once, between yes and no unless there are other options; answers how they did, decided or not. */
  requestVote(question: Json, options: VoteOptions): Generator<Instruction, Tally> {
    return requestVote(this.#inside(), question, options);
  }

  /**
   * Lets all others propose, without knowing of one another, and vote until it is decided. Throws `NO_CONSENSUS` with the tally
   * (`details.tally`, and `details.rounds`) if it is not after `maxRounds`.
   */
  reachConsensus(options: ConsensusOptions): Generator<Instruction, Consensus> {
    return reachConsensus(this.#inside(), options);
  }

  /** Answers what a chair asks, until it says what came out: that. Throws `RECEIVE_TIMEOUT`. */
  serveConsensus(voice: Voice, options: ServeOptions = {}): Generator<Instruction, Decision> {
    return serveConsensus(this.#inside(), voice, options);
  }

  /** For the package itself, which talks on topics of its own. */
  #inside(): Floor & ConsensusSeat {
    return {
      ctx: this.#ctx,
      peers: this.peers,
      // eslint-disable-next-line @typescript-eslint/max-params -- as `send`
      send: (to, topic, body, options) => this.#say(to, topic, body, options),
      receive: (topics, options) => this.#hear(topics, options),
      // eslint-disable-next-line @typescript-eslint/max-params -- as `requestAll`
      requestAll: (members, topic, body, options) => this.#askAll(members, topic, body, options),
      reply: (request, body, options) => this.reply(request, body, options),
    };
  }

  // eslint-disable-next-line @typescript-eslint/max-params -- as `send`
  #say(to: string, topic: string, body: unknown, { patienceMs = 0 }: SendOptions = {}): Generator<Instruction, void> {
    return this.#deliver(to, { topic, body: { kind: 'say', body } }, new Deadline(this.#ctx, patienceMs));
  }

  #deliver(to: string, { topic, body }: { readonly topic: string; readonly body: object }, deadline: Pick<Deadline, 'leftMs'>): Generator<Instruction, void> {
    return sendPatiently({ ctx: this.#ctx, deadline }, { to, channel: topicChannel(this.swarm, topic), body });
  }

  /** The next answer to one of these questions, each with the agent that was asked; undefined once time is over. */
  *#answerTo(asked: ReadonlyMap<string, string>, deadline: Deadline): Generator<Instruction, Answer | undefined> {
    try {
      for (;;) {
        const { from, body } = unwrap(yield* this.#ctx.receive({ channel: this.#answerChannel, ...deadline.timeout }));
        const envelope = toEnvelope(body);
        if (envelope?.kind === 'answer' && from !== null && asked.get(envelope.ask) === from) return { ask: envelope.ask, body: envelope.body };
      }
    } catch (error) {
      if (codeOf(error) === 'RECEIVE_TIMEOUT') return undefined;
      throw error;
    }
  }

  /** The next message, of anybody or of one agent. */
  *#next({ channel, from }: { readonly channel: readonly string[]; readonly from: string | undefined }, deadline: Deadline): Generator<Instruction, Message> {
    const isWanted = (message: Message): boolean => channel.includes(message.channel) && (from === undefined || message.from === from);
    const kept = this.#aside.findIndex(isWanted);
    if (kept >= 0) return this.#aside.splice(kept, 1)[0]!;
    // The kernel knows only its own agents apart: whoever is elsewhere is found here.
    const sender = from === undefined || remoteAddressOf(from) !== undefined ? {} : { from };
    for (;;) {
      const message = unwrap(yield* this.#ctx.receive({ channel, ...sender, ...deadline.timeout }));
      if (isWanted(message)) return message;
      this.#aside.push(message);
    }
  }

  #wordIn({ seq, from, channel, body: content, sentAt }: Message): Received | undefined {
    const envelope = channel === this.#answerChannel ? undefined : toEnvelope(content);
    if (envelope === undefined || envelope.kind === 'answer') return undefined;
    const { body } = envelope;
    return { seq, from, topic: addressOf(channel)!.topic.replace(/^say\//, ''), body, sentAt, ...(envelope.kind === 'ask' ? { ask: envelope.ask } : {}) };
  }
}

/** What is said on a topic of the package would be dropped unseen, or taken for a word of its own. */
function assertFree(topic: string): void {
  if (PACKAGE_TOPICS.has(topic)) throw new TypeError(`The topic "${topic}" is the package's own, as are ${[...PACKAGE_TOPICS].filter((other) => other !== topic).join(', ')}. Choose another name.`);
}

/** The code by which sending was refused. What is wrong with the word itself is thrown: it would reach nobody. */
function* refusalOf(sending: Generator<Instruction, void>): Generator<Instruction, string | undefined> {
  try {
    yield* sending;
    return undefined;
  } catch (error) {
    if (error instanceof OmniError && (error.failureClass === 'POLICY_VIOLATION' || error.code === 'NODE_UNREACHABLE')) return error.code;
    throw error;
  }
}
