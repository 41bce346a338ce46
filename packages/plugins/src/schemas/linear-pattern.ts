/**
 * Patterns of plugins, by RE2: it takes time in proportion to the text, whatever the pattern is. JavaScript's own engine would
 * stop the process on `(a+)+$`.
 */
import { RE2JS } from 're2js';
import { spend, STEPS } from './budget.js';

const MAX_PATTERN_CHARS = 1_000;
/** In instructions of RE2's machine: each may be looked at for each character. */
const MAX_PROGRAM = 1_000;

/** A schema is looked through before it is compiled, and its patterns are asked for twice. */
const MAX_KEPT = 100;
const kept = new Map<string, LinearPattern>();

/** Throws a `SyntaxError` that says why a pattern is none. */
export function linearPattern(source: string): LinearPattern {
  const known = kept.get(source);
  if (known !== undefined) return known;
  const pattern = new LinearPattern(source);
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(source, pattern);
  return pattern;
}

/** A pattern as Ajv wants one. */
class LinearPattern {
  readonly #source: string;
  readonly #pattern: RE2JS;
  readonly #size: number;

  constructor(source: string) {
    this.#source = source;
    if (source.length > MAX_PATTERN_CHARS) throw new SyntaxError(`it is longer than ${MAX_PATTERN_CHARS} characters`);
    try {
      this.#pattern = RE2JS.compile(RE2JS.translateRegExp(source));
    } catch (cause) {
      throw new SyntaxError(reasonOf(cause), { cause });
    }
    this.#size = this.#pattern.programSize();
    if (this.#size > MAX_PROGRAM) throw new SyntaxError('it is too large; count less in it, or use maxLength');
  }

  test(text: string): boolean {
    // Each match has a machine of its own, made for it; and also in an empty text there is a place to look at.
    spend(STEPS.match + this.#size * (STEPS.machine + STEPS.instruction * text.length));
    return this.#pattern.matcher(text).find();
  }

  /** By this Ajv tells one pattern of a schema from another. */
  toString(): string {
    return `/${this.#source}/`;
  }
}

function reasonOf(cause: unknown): string {
  const said = cause instanceof Error ? cause.message.replace(/^error parsing regexp: /, '') : String(cause);
  return `${said.slice(0, 200)} (patterns are RE2's: no lookaround, no back references)`;
}
