/** The two things in JavaScript that no pattern finds without knowing what came before. */

/** Words after which a slash starts a regular expression, since no value can stand before it. */
const BEFORE_VALUE = /(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|yield|await|instanceof)$/;
const REGULAR_EXPRESSION = /\/(?![*/])(?:\\[^\n]|\[(?:\\[^\n]|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;
const TEMPLATE_STOP = /\\[^]|`|\$\{/g;
const LONGEST_WORD = 12;

/** Follows template literals, which may hold code, which may hold template literals. */
export class ScriptPosition {
  readonly #source: string;
  /** For each template that is open around here, how many braces its code has open. */
  readonly #openBraces: number[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  /** Where code goes on after a slash, a backtick or a brace. */
  after(token: string, at: number): number {
    const innermost = this.#openBraces.length - 1;
    switch (token) {
      case '`':
        return this.#endOfTemplate(at + 1);
      case '{':
        if (innermost >= 0) this.#openBraces[innermost]! += 1;
        return at + 1;
      case '}':
        if (innermost < 0) return at + 1;
        this.#openBraces[innermost]! -= 1;
        if (this.#openBraces[innermost]! >= 0) return at + 1;
        this.#openBraces.pop();
        return this.#endOfTemplate(at + 1);
      default:
        return this.#endOfRegularExpression(at);
    }
  }

  #endOfTemplate(from: number): number {
    TEMPLATE_STOP.lastIndex = from;
    for (let stop = TEMPLATE_STOP.exec(this.#source); stop !== null; stop = TEMPLATE_STOP.exec(this.#source)) {
      if (stop[0].startsWith('\\')) continue;
      if (stop[0] === '${') this.#openBraces.push(0);
      return TEMPLATE_STOP.lastIndex;
    }
    return this.#source.length;
  }

  /** After a value a slash divides; anywhere else it starts a regular expression. */
  #endOfRegularExpression(at: number): number {
    let before = at - 1;
    while (before >= 0 && /\s/.test(this.#source.charAt(before))) before--;
    const isAfterValue = /[\w$)\]}"'`]/.test(this.#source.charAt(before));
    if (isAfterValue && !BEFORE_VALUE.test(this.#source.slice(Math.max(0, before - LONGEST_WORD), before + 1))) return at + 1;
    REGULAR_EXPRESSION.lastIndex = at;
    return REGULAR_EXPRESSION.test(this.#source) ? REGULAR_EXPRESSION.lastIndex : at + 1;
  }
}
