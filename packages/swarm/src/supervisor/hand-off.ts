/** What a child answers that hands over to another role. */
export class HandOff {
  readonly to: string;
  readonly input: unknown;

  constructor(to: string, input: unknown) {
    this.to = to;
    this.input = input;
  }
}

/** Says, as the result of a child's work, who goes on, and with what: `return handOff('writer', { outline })`. */
export function handOff(to: string, input: unknown): HandOff {
  return new HandOff(to, input);
}

export function isHandOff(result: unknown): result is HandOff {
  return result instanceof HandOff;
}
