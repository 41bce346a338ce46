/** What is wrong at one place of a JSON document, and how places and values are written for people. */

export interface Problem {
  /** A JSON pointer: `/tools/0/name`; empty for the whole. */
  readonly path: string;
  /** What was found, what is wanted, what to do. */
  readonly message: string;
}

const MAX_SHOWN_CHARS = 80;

/** One step further down a JSON pointer (RFC 6901). */
export function pointer(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The steps of a JSON pointer. */
export function stepsOf(path: string): readonly string[] {
  return path === '' ? [] : path.slice(1).split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Text with escapes for all that can't be seen: what others wrote begins no line, and commands no terminal. */
export function inOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A value as it is quoted in a message: short, in one line, nothing in it that a terminal would obey. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  // JSON escapes C0 controls; what else can't be seen is written as an escape as well. Escapes only make it longer, so the rest need not be looked at.
  const text = inOneLine(JSON.stringify(value).slice(0, MAX_SHOWN_CHARS + 1));
  return text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
