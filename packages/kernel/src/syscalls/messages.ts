import { isBefore, type Settings } from '../header/index.js';
import type { Json } from '../json/index.js';
import type { Emit } from '../logging/index.js';
import type { Mailboxes, MessageFilter } from '../messages/index.js';
import type { PendingOperations } from '../pending/index.js';
import type { Authority, Position } from './authority.js';
import type { Evaluated, Instruction } from '../programs/index.js';
import type { Messenger } from './messenger.js';
import { invalidInstruction, requireCount, requireText } from './require.js';

export interface MessageSyscallsOptions {
  readonly authority: Authority;
  readonly messenger: Messenger;
  readonly mailboxes: Mailboxes;
  readonly pending: PendingOperations;
  readonly settings: Settings;
  readonly propose: Emit;
}

/** On these the kernel asks parents for approval and tells of breaches and ends; a program that could send on them could forge all three. */
const KERNEL_CHANNELS: ReadonlySet<string> = new Set(['approval', 'breach', 'exit']);

/** That one may wait for at once. */
const MAX_CHANNELS = 32;

/** SEND, RECEIVE and SLEEP. */
export class MessageSyscalls {
  readonly #options: MessageSyscallsOptions;

  constructor(options: MessageSyscallsOptions) {
    this.#options = options;
  }

  send(instruction: Instruction & { readonly op: 'SEND' }, at: Position): Evaluated {
    const to = requireText(instruction.to, 'SEND', 'to');
    const channel = requireText(instruction.channel ?? 'default', 'SEND', 'channel');
    if (KERNEL_CHANNELS.has(channel)) {
      throw invalidInstruction(`The channel "${channel}" is the kernel's own: what comes on it is never from a program. Choose another name.`);
    }
    const permission = this.#options.authority.authorize(at, 'send', to);
    this.#options.messenger.send({ from: at.agent, tick: at.tick, to, channel, body: instruction.body, permission });
    return { ok: true, value: undefined };
  }

  receive(instruction: Instruction & { readonly op: 'RECEIVE' }, at: Position): Evaluated {
    const { mailboxes, pending, propose, settings } = this.#options;
    const { agent, tick, call } = at;
    const filter = filterOf(instruction);
    const message = mailboxes.find(agent, filter);
    if (message !== undefined) {
      const seen = isBefore(2, settings) ? {} : { result: { ok: true, value: message as unknown as Json } as const };
      propose({ kind: 'MESSAGE_RECEIVED', agent, data: { tick, message: message.seq, ...seen } });
      return { ok: true, value: message };
    }
    const { timeoutMs } = instruction;
    const deadline = timeoutMs === undefined ? {} : { deadline: at.now + requireCount(timeoutMs, 'RECEIVE', 'timeoutMs') };
    propose({ kind: 'RECEIVE_STARTED', agent, data: { tick, call, filter, ...deadline, ...pending.waiting(agent, 'yield') } });
    return 'MESSAGE';
  }

  sleep(instruction: Instruction & { readonly op: 'SLEEP' }, at: Position): Evaluated {
    const { pending, propose } = this.#options;
    const deadline = at.now + requireCount(instruction.ms, 'SLEEP', 'ms');
    const data = { tick: at.tick, call: at.call, deadline, ...pending.waiting(at.agent, 'yield') };
    propose({ kind: 'SLEEP_STARTED', agent: at.agent, data });
    return 'TIMER';
  }
}

/** What a RECEIVE waits for; throws `INVALID_INSTRUCTION`. */
export function filterOf({ channel, from }: { readonly channel?: unknown; readonly from?: unknown }): MessageFilter {
  return Object.freeze({
    ...(channel === undefined ? {} : { channel: Array.isArray(channel) ? channelsOf(channel) : requireText(channel, 'RECEIVE', 'channel') }),
    ...(from === undefined ? {} : { from: requireText(from, 'RECEIVE', 'from') }),
  });
}

function channelsOf(channels: readonly unknown[]): readonly string[] {
  if (channels.length === 0 || channels.length > MAX_CHANNELS) throw invalidInstruction(`RECEIVE names ${channels.length} channels; it takes from 1 to ${MAX_CHANNELS}.`);
  return Object.freeze(Array.from(channels, (channel) => requireText(channel, 'RECEIVE', 'channel')));
}
