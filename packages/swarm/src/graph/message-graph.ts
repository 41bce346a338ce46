import type { Entry, EntryCatalogue, RawEntry } from '@omnipaw/kernel';
import { fieldsOf } from '../fields.js';
import { outgoingIn, remoteIn } from '../remote/index.js';

/** A message, or the attempt to send one. */
export interface GraphMessage {
  /** `busSeq` of the entry that says so. */
  readonly seq: number;
  /** The agent that sent it; null for an operator, and for the kernel itself. */
  readonly from: string | null;
  readonly by: 'agent' | 'operator' | 'kernel';
  /** Null where a refusal does not say whom it was for. */
  readonly to: string | null;
  readonly channel: string | null;
  /**
   * `read` by its receiver; `waiting` in the mailbox, or on the way to another kernel, where the log ends; `delivered` to another
   * kernel, in whose log it is; `unread`, since its receiver has ended; `refused`, so that it never was on its way.
   */
  readonly state: 'read' | 'waiting' | 'delivered' | 'unread' | 'refused';
  /** Why it was refused. */
  readonly error: string | null;
  /** The tick that sent it; null for who has none. */
  readonly sentTick: number | null;
  /** The tick of the receiver that has it, and the entry that says so. */
  readonly readTick: number | null;
  readonly readSeq: number | null;
  /** Between kernels: the id of the letter, by which it is found in the other log. */
  readonly letter?: string;
  /** `seq` of the message that its sender had read last, and so may have been led by; null if it had read none. */
  readonly cause: number | null;
}

export interface GraphAgent {
  readonly id: string;
  readonly type: string;
  readonly parent: string | null;
}

/** Who said what to whom. */
export interface MessageGraph {
  readonly agents: readonly GraphAgent[];
  /** In the order of the log. */
  readonly messages: readonly GraphMessage[];
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Every message of a log, whether it arrived or not: `messageGraph(readEntries(new FileLogReader('./log')))`. */
export async function messageGraph(entries: AsyncIterable<RawEntry | Entry>): Promise<MessageGraph> {
  const fold = new GraphFold();
  for await (const entry of entries) fold.apply(entry as Entry);
  return { agents: fold.agents, messages: fold.messages };
}

class GraphFold {
  readonly agents: GraphAgent[] = [];
  readonly messages: Mutable<GraphMessage>[] = [];
  /** By agent, what is in its mailbox. */
  readonly #mailboxes = new Map<string, Map<number, Mutable<GraphMessage>>>();
  readonly #lastRead = new Map<string, number>();
  /** By the call that sends it, what is on its way to another kernel. */
  readonly #leaving = new Map<string, Mutable<GraphMessage>>();
  #logId = '';

  apply({ busSeq: seq, agent, kind, data }: Entry): void {
    if (seq === 0) this.#logId = textOf(fieldsOf(data)['logId']) ?? '';
    switch (kind) {
      case 'AGENT_SPAWNED':
        this.agents.push({ id: agent!, type: data.type, parent: data.parent });
        break;
      case 'MESSAGE_SENT':
        this.#sent(seq, agent, data);
        break;
      case 'TOOL_CALLED':
        this.#leave(seq, agent!, data);
        break;
      case 'TOOL_RESULT':
        this.#arrive(agent!, data);
        break;
      case 'MESSAGE_RECEIVED':
        this.#read(seq, agent!, data);
        break;
      case 'REFUSED':
        if (data.op === 'SEND') this.messages.push(this.#message({ seq, agent, tick: data.tick }, { ...addressIn(data), state: 'refused', error: data.error.code }));
        break;
      case 'AGENT_TERMINATED':
        for (const message of this.#mailboxes.get(agent!)?.values() ?? []) message.state = 'unread';
        this.#mailboxes.delete(agent!);
        break;
      default:
    }
  }

  #sent(seq: number, agent: string | null, { tick, to, channel, body, permission }: EntryCatalogue['MESSAGE_SENT']): void {
    const letter = remoteIn(agent, body);
    const message = this.#message({ seq, agent, tick, by: permission.by }, { to, channel, state: 'waiting', error: null });
    if (letter !== undefined) Object.assign(message, { from: letter.from, by: 'agent', letter: letter.id });
    this.messages.push(message);
    const mailbox = this.#mailboxes.get(to) ?? new Map<number, Mutable<GraphMessage>>();
    this.#mailboxes.set(to, mailbox);
    mailbox.set(seq, message);
  }

  #leave(seq: number, agent: string, data: EntryCatalogue['TOOL_CALLED']): void {
    const word = outgoingIn(data);
    if (word === undefined) return;
    const { to, channel } = word;
    const { tick, call } = data;
    const message = this.#message({ seq, agent, tick }, { to, channel, state: 'waiting', error: null });
    message.letter = `${this.#logId}/${agent}/${String(tick)}/${String(call)}`;
    this.messages.push(message);
    this.#leaving.set(message.letter, message);
  }

  #arrive(agent: string, { tick, call, result }: EntryCatalogue['TOOL_RESULT']): void {
    const letter = `${this.#logId}/${agent}/${String(tick)}/${String(call)}`;
    const message = this.#leaving.get(letter);
    if (message === undefined) return;
    this.#leaving.delete(letter);
    message.state = result.ok ? 'delivered' : 'refused';
    message.error = result.ok ? null : result.error.code;
  }

  #read(seq: number, agent: string, { tick, call, message: sent }: EntryCatalogue['MESSAGE_RECEIVED']): void {
    this.#lastRead.set(agent, sent);
    const message = this.#mailboxes.get(agent)?.get(sent);
    if (message === undefined) return;
    this.#mailboxes.get(agent)!.delete(sent);
    message.state = 'read';
    message.readSeq = seq;
    // Who waited for it goes on with it in its next tick.
    message.readTick = call === undefined ? tick : tick + 1;
  }

  #message(sender: Sender, { to, channel, state, error }: Pick<GraphMessage, 'to' | 'channel' | 'state' | 'error'>): Mutable<GraphMessage> {
    const { seq, agent, tick, by } = sender;
    const cause = agent === null ? undefined : this.#lastRead.get(agent);
    return {
      seq, from: agent, by: agent !== null ? 'agent' : by === 'kernel' ? 'kernel' : 'operator', to, channel, state, error,
      sentTick: tick ?? null, readTick: null, readSeq: null, cause: cause ?? null,
    };
  }
}

interface Sender {
  readonly seq: number;
  readonly agent: string | null;
  readonly tick: number | undefined;
  /** What allowed it. */
  readonly by?: string;
}

/** Whom a message was for that was refused, as far as the refusal says. */
function addressIn({ error: { code, details } }: EntryCatalogue['REFUSED']): Pick<GraphMessage, 'to' | 'channel'> {
  const { to, channel, action, resource, agent } = fieldsOf(details);
  const receiver = to ?? (action === 'send' ? resource : code === 'MAILBOX_FULL' ? agent : undefined);
  return { to: textOf(receiver), channel: textOf(channel) };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
