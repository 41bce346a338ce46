import { OmniError } from '../errors/index.js';
import type { Settings } from '../header/index.js';
import type { Json } from '../json/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';
import type { MessageFilter } from './entries.js';

/** A message as its receiver sees it. */
export interface Message<Body = Json> {
  /** `busSeq` of the entry that sent it: its identity. */
  readonly seq: number;
  /** The sender; null for an operator. */
  readonly from: string | null;
  readonly channel: string;
  readonly body: Body;
  /** Recorded time of sending, milliseconds since the epoch. */
  readonly sentAt: number;
}

type SavedMail = readonly (readonly [agent: string, messages: readonly Message[]])[];

/** A mailbox for every agent: bounded, in order of sending, emptied by receiving and by the agent's end. */
export class Mailboxes implements Projection, Saved<SavedMail> {
  readonly #boxes = new Map<string, Message[]>();
  readonly #settings: Pick<Settings, 'limits'>;

  constructor(settings: Pick<Settings, 'limits'>) {
    this.#settings = settings;
  }

  /** Refuses with `MAILBOX_FULL` what would not fit: the sender is told, nothing is dropped. */
  assertRoom(agent: string): void {
    const waiting = this.#boxes.get(agent)?.length ?? 0;
    if (waiting < this.#settings.limits.maxMailboxMessages) return;
    throw new OmniError(
      'MAILBOX_FULL',
      `The mailbox of "${agent}" holds ${String(waiting)} messages, as many as it may. Send again when it has received some, or raise maxMailboxMessages.`,
      { details: { agent, waiting } },
    );
  }

  /** The oldest message that a filter lets through. */
  find(agent: string, filter: MessageFilter): Message | undefined {
    return this.#boxes.get(agent)?.find((message) => isWanted(message, filter));
  }

  waiting(agent: string): readonly Message[] {
    return this.#boxes.get(agent) ?? [];
  }

  save(): SavedMail {
    return [...this.#boxes];
  }

  load(boxes: SavedMail): void {
    for (const [agent, messages] of boxes) this.#boxes.set(agent, [...messages]);
  }

  apply(entry: Entry): void {
    switch (entry.kind) {
      case 'MESSAGE_SENT':
        this.#deliver(entry.data.to, {
          seq: entry.busSeq,
          from: entry.agent,
          channel: entry.data.channel,
          body: entry.data.body,
          sentAt: entry.time,
        });
        break;
      case 'MESSAGE_RECEIVED':
        this.#remove(entry.agent, entry.data.message);
        break;
      case 'AGENT_TERMINATED':
        if (entry.agent !== null) this.#boxes.delete(entry.agent);
        break;
      default:
    }
  }

  #deliver(agent: string, message: Message): void {
    const box = this.#boxes.get(agent);
    if (box === undefined) this.#boxes.set(agent, [Object.freeze(message)]);
    else box.push(Object.freeze(message));
  }

  #remove(agent: string | null, seq: number): void {
    const box = agent === null ? undefined : this.#boxes.get(agent);
    const index = box?.findIndex((message) => message.seq === seq) ?? -1;
    if (index >= 0) box?.splice(index, 1);
  }
}

export function isWanted(message: Pick<Message, 'channel' | 'from'>, filter: MessageFilter): boolean {
  return (
    (filter.channel === undefined || filter.channel === message.channel || (typeof filter.channel === 'object' && filter.channel.includes(message.channel))) &&
    (filter.from === undefined || filter.from === message.from)
  );
}
