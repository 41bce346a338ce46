/** Code that a worker keeps compiled, by its digest. The host says what to forget, and gives no code twice until then. */
import { NoScript } from './engine.js';
import type { Failure, StartMessage } from './protocol.js';

export class CompiledCodes {
  readonly #compile: (code: string, fileName: string) => Promise<Uint8Array>;
  /** What it was compiled to, or why it is none; or the code itself, if it could not be compiled for a reason that may pass. */
  readonly #codes = new Map<string, Uint8Array | Failure | string>();

  /** `compile` rejects with a {@link NoScript} for what is no script; with anything else if it could not find out. */
  constructor(compile: (code: string, fileName: string) => Promise<Uint8Array>) {
    this.#compile = compile;
  }

  async get({ codeDigest, code, fileName }: Pick<StartMessage, 'codeDigest' | 'code' | 'fileName'>): Promise<Uint8Array | Failure> {
    const known = this.#codes.get(codeDigest) ?? code;
    if (known === undefined) return { reason: 'crashed', message: 'The code was not given.' };
    if (typeof known !== 'string') return known;
    try {
      return this.#keep(codeDigest, await this.#compile(known, fileName));
    } catch (thrown) {
      const { message } = thrown as Error;
      if (thrown instanceof NoScript) return this.#keep(codeDigest, { reason: 'script', message });
      // There was no memory for another engine, say. That is no mistake of the plugin's, and not for good.
      this.#codes.set(codeDigest, known);
      return { reason: 'crashed', message: `The code could not be compiled: ${message}` };
    }
  }

  forget(codeDigest: string): void {
    this.#codes.delete(codeDigest);
  }

  #keep<Result extends Uint8Array | Failure>(codeDigest: string, result: Result): Result {
    this.#codes.set(codeDigest, result);
    return result;
  }
}
