/**
 * Patterns of plugins, by RE2: it takes time in proportion to the text, whatever the pattern is. JavaScript's own engine would
 * stop the process on `(a+)+$`.
 */
import { RE2JS } from 're2js';
import { spend } from './budget.js';

const MAX_PATTERN_CHARS = 1_000;
/** In instructions of RE2's machine: each may be looked at for each character. */
const MAX_PROGRAM = 1_000;

/** A pattern as Ajv wants one. */
export class LinearPattern {
  readonly #source: string;
  readonly #pattern: RE2JS;
  readonly #size: number;

  /** Throws a `SyntaxError` that says why it is none. */
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
    spend(this.#size * (text.length + 1));
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
