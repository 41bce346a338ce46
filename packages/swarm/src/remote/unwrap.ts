import type { Json, Message } from '@omnipaw/kernel';
import { fieldsOf } from '../fields.js';

/** The body of a message that came from another kernel. Only who runs the kernel can put one into a mailbox. */
export interface RemoteBody {
  readonly kind: 'remote';
  /** `node/agent` */
  readonly from: string;
  /** Of the letter: the same on both sides. */
  readonly id: string;
  readonly body: Json;
}

/** The letter that a message of nobody in this kernel is; undefined for any other message. */
export function remoteIn(from: string | null, content: unknown): RemoteBody | undefined {
  if (from !== null) return undefined;
  const { kind, from: sender, id, body } = fieldsOf(content);
  return kind === 'remote' && typeof sender === 'string' && sender.includes('/') && typeof id === 'string' && body !== undefined ? (content as RemoteBody) : undefined;
}

/** A message as a program should take it: one from another kernel has the address of its sender, and the body that was sent. */
export function unwrap<Body = Json>(message: Message<Body>): Message<Body> {
  const letter = remoteIn(message.from, message.body);
  if (letter === undefined) return message;
  const { seq, channel, sentAt } = message;
  return { seq, from: letter.from, channel, body: letter.body as Body, sentAt };
}
