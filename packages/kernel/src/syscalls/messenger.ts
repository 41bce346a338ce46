import { OmniError } from '../errors/index.js';
import type { Settings } from '../header/index.js';
import type { AgentRegistry, AgentType, PermissionRecord } from '../identity/index.js';
import { toJsonWithin, type Json } from '../json/index.js';
import type { LifecycleController } from '../lifecycle/index.js';
import type { Emit } from '../logging/index.js';
import { isWanted, type Mailboxes, type MessageFilter } from '../messages/index.js';
import type { PendingOperations } from '../pending/index.js';

export interface MessengerOptions {
  readonly agents: Pick<AgentRegistry<AgentType>, 'has'>;
  readonly lifecycle: Pick<LifecycleController, 'stateOf'>;
  readonly mailboxes: Mailboxes;
  readonly pending: PendingOperations;
  readonly emit: Emit;
  readonly propose: Emit;
  readonly settings: Settings;
}

export interface Letter {
  /** Null for an operator or the kernel itself. */
  readonly from: string | null;
  readonly tick?: number;
  readonly to: string;
  readonly channel: string;
  readonly body: unknown;
  readonly permission: PermissionRecord;
}

/** Delivers messages: into the mailbox always, and on to the program when it waits for just this one. */
export class Messenger {
  readonly #options: MessengerOptions;

  constructor(options: MessengerOptions) {
    this.#options = options;
  }

  /** Throws `DEAD_LETTER` for a receiver that is not there any more, `MAILBOX_FULL`, `SERIALIZATION_ERROR`, `VALUE_TOO_LARGE`. */
  send(letter: Letter): void {
    const { agents, lifecycle, mailboxes, emit, propose, settings } = this.#options;
    const { from, tick, to, channel, permission } = letter;
    if (!agents.has(to) || lifecycle.stateOf(to) === 'TERMINATED') {
      throw new OmniError('DEAD_LETTER', `The message to "${to}" can't be delivered: there is no such agent, or it has ended.`, {
        details: { to, channel },
      });
    }
    // What the kernel has to say finds room: there is no sender who could try again.
    if (permission.by !== 'kernel') mailboxes.assertRoom(to);
    const body = toJsonWithin(letter.body, settings.limits.maxValueBytes, 'The body of the message');
    const record = from === null ? emit : propose;
    const data = { ...(tick === undefined ? {} : { tick }), to, channel, body, permission };
    record({ kind: 'MESSAGE_SENT', agent: from, data });
    this.#handOver(to);
  }

  /** Gives a waiting receiver the oldest message that it wants. */
  #handOver(agent: string): void {
    const { pending, mailboxes, emit } = this.#options;
    for (const slot of pending.openSlots(agent)) {
      if (slot.kind !== 'MESSAGE') continue;
      const filter = slot.opened['filter'] as MessageFilter;
      const message = mailboxes.waiting(agent).find((candidate) => isWanted(candidate, filter));
      if (message === undefined) continue;
      const result = { ok: true, value: message as unknown as Json } as const;
      const data = { tick: slot.tick, call: slot.call, message: message.seq, result, ...pending.resuming(agent, slot.call) };
      emit({ kind: 'MESSAGE_RECEIVED', agent, data });
    }
  }
}
