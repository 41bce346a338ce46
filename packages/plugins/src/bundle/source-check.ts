/** What is refused in sources before the bundler sees them, because it would do harm there. Pure. */

/** Deeper nesting exhausts the stack of the parser, and takes seconds and a gigabyte to do so. */
const MAX_NESTING = 5_000;

/** Whether brackets are nested too deep. A bracket in a text counts as well, so only what is far beyond all that people write is refused. */
export function isTooDeep(source: string): boolean {
  let depth = 0;
  for (const character of source) {
    if (character === '(' || character === '[' || character === '{') depth++;
    else if (character === ')' || character === ']' || character === '}') depth = Math.max(0, depth - 1);
    if (depth > MAX_NESTING) return true;
  }
  return false;
}

/**
 * An `import()` or `require()` of a relative path that is put together, in code as esbuild prints it; undefined if there is none.
 *
 * The bundler would look for all files that it could mean, outside of the plugin's folder too, without asking anybody.
 */
export function patternImport(code: string): string | undefined {
  const calls = [...code.matchAll(/\b(?:import|require)(?:\.\w+)?\(/g)];
  if (calls.length === 0) return undefined;
  const places = new Places(code);
  for (const call of calls) {
    const begin = call.index + call[0].length;
    // Without an end it is no call but stands in a text, unless it is there to deceive us; a path would begin at once.
    const end = places.endOfArgument(begin) ?? Math.min(begin + MAX_BEGINNING, code.length);
    if (places.hasRelativeText(begin, end) && !isLiteral(code, places, [begin, end])) return call[0] + code.slice(begin, begin + 60).replaceAll(/\s+/g, ' ');
  }
  return undefined;
}

const MAX_BEGINNING = 200;

/** One text, and perhaps options after it. */
function isLiteral(code: string, places: Places, [begin, end]: readonly [number, number]): boolean {
  const text = firstVisible(code, begin);
  const quote = code[text];
  if (text >= end || !isQuote(quote)) return false;
  const after = places.endOfText(text);
  if (after > end || (quote === '`' && code.slice(text, after).includes('$'))) return false;
  const rest = firstVisible(code, after);
  if (rest >= end) return true;
  return code[rest] === ',' && (places.nextQuote(rest) >= end || beginsOptions(code, rest));
}

function beginsOptions(code: string, comma: number): boolean {
  const options = /,\s*\{\s*(?:with|assert)\b/y;
  options.lastIndex = comma;
  return options.test(code);
}

function firstVisible(code: string, begin: number): number {
  const visible = /\S|$/g;
  visible.lastIndex = begin;
  return visible.exec(code)!.index;
}

const QUOTES = ['"', "'", '`'];

function isQuote(character: string | undefined): boolean {
  return character !== undefined && QUOTES.includes(character);
}

/**
 * Where in code what begins somewhere ends. It is found for all beginnings in one go from the end to the beginning, since a source can
 * have a call in each call.
 */
class Places {
  readonly #code: string;
  /** By place: where the bracket is that closes what is open there, -1 if there is none. */
  readonly #closing: Int32Array;
  /** By quote and place within a text: where it goes on after the text, beyond the code if it has no end. */
  readonly #ends: readonly Int32Array[];
  readonly #quotes: Int32Array;
  /** Texts that begin with a dot: where the quote is, and where the dot. */
  readonly #relative: readonly (readonly [number, number])[];

  constructor(code: string) {
    this.#code = code;
    const made = (): Int32Array => new Int32Array(code.length + 2).fill(code.length + 1);
    this.#closing = made().fill(-1);
    this.#ends = QUOTES.map(made);
    this.#quotes = made();
    for (let at = code.length - 1; at >= 0; at--) this.#place(at, code[at]!);
    this.#relative = [...code.matchAll(/["'`]\s*\./g)].map((match) => [match.index, match.index + match[0].length]);
  }

  #place(at: number, character: string): void {
    const next = character === '\\' ? at + 2 : at + 1;
    for (let quote = 0; quote < QUOTES.length; quote++) this.#ends[quote]![at] = character === QUOTES[quote] ? at + 1 : this.#ends[quote]![next]!;
    this.#quotes[at] = isQuote(character) ? at : this.#quotes[at + 1]!;
    this.#closing[at] = this.#closingFrom(at, character);
  }

  #closingFrom(at: number, character: string): number {
    if (')]}'.includes(character)) return at;
    if (isQuote(character)) return this.#closing[this.endOfText(at)]!;
    const inner = this.#closing[at + 1]!;
    return '([{'.includes(character) && inner >= 0 ? this.#closing[inner + 1]! : inner;
  }

  /** From behind a bracket to the one that closes it; undefined if there is none. */
  endOfArgument(begin: number): number | undefined {
    const end = this.#closing[begin]!;
    return end < 0 ? undefined : end;
  }

  /** Where it goes on after a text, from its first quote. What stands in a template's `${}` is not looked at more closely. */
  endOfText(begin: number): number {
    return this.#ends[QUOTES.indexOf(this.#code[begin]!)]![begin + 1]!;
  }

  nextQuote(begin: number): number {
    return this.#quotes[begin]!;
  }

  /** Whether a text that begins with a dot is there. */
  hasRelativeText(begin: number, end: number): boolean {
    let [low, high] = [0, this.#relative.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#relative[middle]![0] < begin) low = middle + 1;
      else high = middle;
    }
    return low < this.#relative.length && this.#relative[low]![1] <= end;
  }
}
