/**
 * Which JSON values are the same: by their canonical text, since equal values share it. So one look tells whether a value is among
 * many, and keys of whatever name (`valueOf`, `__proto__`) are nothing but text.
 */
import { spend, spendOnText, STEPS } from './budget.js';
import { canonicalJson } from './canonical-json.js';
import { keysOf } from './check.js';

/** Of an empty text and of an empty list or object; each item and key takes one more at least. */
const LEAST_CHARS = 2;

/** Whether a value is among some that are known. */
export class KnownValues {
  readonly #texts: ReadonlySet<string>;
  readonly #mostChars: number;

  constructor(values: readonly unknown[]) {
    const texts = values.map((value) => canonicalJson(value as never));
    this.#texts = new Set(texts);
    this.#mostChars = texts.reduce((most, text) => Math.max(most, text.length), 0);
  }

  has(value: unknown): boolean {
    const text = canonicalWithin(value, this.#mostChars);
    return text !== undefined && this.#texts.has(text);
  }
}

/** The canonical text of a value, undefined if it has more characters than these. Takes steps in proportion to the text that it writes. */
export function canonicalWithin(value: unknown, mostChars: number): string | undefined {
  spend(STEPS.text);
  if (typeof value === 'string') return value.length + LEAST_CHARS > mostChars ? undefined : within(quoted(value), mostChars);
  if (typeof value !== 'object' || value === null) return within(JSON.stringify(value), mostChars);
  return Array.isArray(value) ? arrayWithin(value, mostChars) : objectWithin(value as Readonly<Record<string, unknown>>, mostChars);
}

function arrayWithin(items: readonly unknown[], mostChars: number): string | undefined {
  if (items.length + LEAST_CHARS > mostChars + 1) return undefined;
  let text = '[';
  for (const item of items) {
    const next = canonicalWithin(item, mostChars - text.length - 1);
    if (next === undefined) return undefined;
    text += text === '[' ? next : `,${next}`;
  }
  return within(`${text}]`, mostChars);
}

function objectWithin(object: Readonly<Record<string, unknown>>, mostChars: number): string | undefined {
  const keys = keysOf(object);
  if (keys.length * 4 + LEAST_CHARS > mostChars + 1) return undefined;
  // They are sorted.
  spend(STEPS.sorting * keys.length * Math.ceil(Math.log2(keys.length + 1)));
  let text = '{';
  for (const key of [...keys].sort()) {
    const name = quoted(key);
    const next = canonicalWithin(object[key], mostChars - text.length - name.length - LEAST_CHARS);
    if (next === undefined) return undefined;
    text += text === '{' ? `${name}:${next}` : `,${name}:${next}`;
  }
  return within(`${text}}`, mostChars);
}

function quoted(text: string): string {
  spendOnText(text.length);
  return JSON.stringify(text);
}

function within(text: string, mostChars: number): string | undefined {
  return text.length > mostChars ? undefined : text;
}
