/** Codes whose digest was found to be right, by it: the last ones, and not more than so many characters of them. */
export class CheckedCodes {
  readonly #codes = new Map<string, string>();
  readonly #maxChars: number;
  #chars = 0;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  has(digest: string, code: string): boolean {
    return this.#codes.get(digest) === code;
  }

  add(digest: string, code: string): void {
    if (code.length > this.#maxChars) return;
    this.#chars += code.length - (this.#codes.get(digest)?.length ?? 0);
    this.#codes.delete(digest);
    this.#codes.set(digest, code);
    for (const [oldest, { length }] of this.#codes) {
      if (this.#chars <= this.#maxChars) return;
      this.#codes.delete(oldest);
      this.#chars -= length;
    }
  }
}
