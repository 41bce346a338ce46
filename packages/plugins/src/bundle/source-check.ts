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
  for (const call of code.matchAll(/\b(?:import|require)(?:\.\w+)?\(/g)) {
    const begin = call.index + call[0].length;
    // Without an end it is no call but stands in a text, unless it is there to deceive us; a path would begin at once.
    const argument = argumentAt(code, begin) ?? code.slice(begin, begin + MAX_BEGINNING);
    if (!LITERAL.test(argument) && /["'`]\s*\./.test(argument)) return call[0] + code.slice(begin, begin + 60).replaceAll(/\s+/g, ' ');
  }
  return undefined;
}

const MAX_BEGINNING = 200;

/** One text, and perhaps options after it. */
const LITERAL = /^\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\$]|\\.)*`)\s*(?:,[^"'`]*|,\s*\{\s*(?:with|assert)\b.*)?$/s;

/** From behind the bracket to the one that closes it; undefined if there is none. */
function argumentAt(code: string, begin: number): string | undefined {
  let depth = 1;
  for (let at = begin; at < code.length; at++) {
    const character = code[at]!;
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character) && --depth === 0) return code.slice(begin, at);
    else if ('"\'`'.includes(character)) at = endOfText(code, at);
  }
  return undefined;
}

/** Where a text ends that begins here. What stands in a template's `${}` is not looked at more closely. */
function endOfText(code: string, begin: number): number {
  for (let at = begin + 1; at < code.length; at++) {
    if (code[at] === '\\') at++;
    else if (code[at] === code[begin]) return at;
  }
  return code.length;
}
