/**
 * How long a call may be in the engine without a sign, pure but for what is remembered of codes that were ended.
 *
 * The engine asks every 10,000 steps or so whether to go on. So one that does not ask for seconds is in one call of its own, on a huge number
 * or text, which nothing can interrupt; the worker has to be ended. Two seconds are a hundred times what an ordinary sort or parse takes, and
 * the clock is the looks of a host that is as busy as the worker. To compile code is one such call, too, and takes as long as the code.
 */
import type { IsolateJob } from './job.js';

const PATIENCE_MS = 2_000;
const CHARS_PER_MS = 4_000;
/** Code that has been ended may have half as long each time, and this at least: so that a plugin which does nothing else does not keep others waiting. */
const LEAST_PATIENCE_MS = 500;
const MAX_REMEMBERED = 256;

export class Patience {
  /** How often each code was ended, by its digest; the one not ended for longest first. */
  readonly #ended = new Map<string, number>();

  /** Never more than the call may run in all. */
  of({ code, codeDigest, limits }: IsolateJob): number {
    const patienceMs = Math.max(LEAST_PATIENCE_MS, PATIENCE_MS / 2 ** (this.#ended.get(codeDigest) ?? 0));
    return Math.min(limits.cpuMs, Math.round(patienceMs + code.length / CHARS_PER_MS));
  }

  /** It was ended for that. */
  remember({ codeDigest }: IsolateJob): void {
    const times = (this.#ended.get(codeDigest) ?? 0) + 1;
    this.#ended.delete(codeDigest);
    this.#ended.set(codeDigest, times);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_REMEMBERED) this.#ended.delete(oldest!);
  }
}
