import type { Json } from '@omnipaw/kernel';

/** Answers what may be shown of an argument or a result, and undefined for nothing. */
export type Show = (value: Json, what: { readonly tool: string; readonly part: 'arguments' | 'result' }) => Json | undefined;

/** Back ends cut longer attributes off, or drop the span. */
const MAX_CHARS = 8_192;

/** A value as the text of an attribute. */
export function textOf(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS - 1)}…` : text;
}
