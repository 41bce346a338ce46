import type { Json } from '@omnipaw/kernel';

/** What the body of a message between members is: a word, a question that wants an answer, or the answer to one. */
export type Envelope =
  | { readonly kind: 'say'; readonly body: Json }
  | { readonly kind: 'ask'; readonly ask: string; readonly body: Json }
  | { readonly kind: 'answer'; readonly ask: string; readonly body: Json };

/** The envelope that a body is; undefined for anything else: others may send what they like. */
export function toEnvelope(body: unknown): Envelope | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'body')) return undefined;
  const { kind, ask } = body as { readonly kind?: unknown; readonly ask?: unknown };
  if (kind === 'say') return body as Envelope;
  return (kind === 'ask' || kind === 'answer') && typeof ask === 'string' && ask !== '' ? (body as Envelope) : undefined;
}
