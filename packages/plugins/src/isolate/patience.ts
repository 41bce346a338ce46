/**
 * How long a call may be in the engine without a sign, pure but for what is remembered of codes that were ended.
 *
 * The engine asks every 10,000 steps or so whether to go on. So one that does not ask for seconds is in one call of its own, on a huge number
 * or text, which nothing can interrupt; the worker has to be ended. Two seconds are a hundred times what an ordinary sort or parse takes, and
 * the clock is the looks of a host that is as busy as the worker. To compile code is one such call, too, and takes as long as the code.
 */
import type { IsolateJob } from './job.js';

const PATIENCE_MS = 2_000;
/** A quarter of what an ordinary machine compiles. */
const COMPILED_CHARS_PER_MS = 1_000;
/** Code that has been ended may have half as long each time, and this at least: so that a plugin which does nothing else does not keep others waiting. */
const LEAST_PATIENCE_MS = 500;
const MAX_REMEMBERED = 256;

type Run = Pick<IsolateJob, 'owner' | 'code' | 'codeDigest' | 'limits'>;

export class Patience {
  /** How often the code of an owner was ended since it last came to an end by itself; the one not ended for longest first. */
  readonly #ended = new Map<string, number>();

  /** For a stretch in the engine; never more than the call may run in all. */
  of(run: Run): number {
    return Math.min(run.limits.cpuMs, this.#patienceMs(run));
  }

  /** To compile its code, which takes its time however often it was ended. */
  toCompile(run: Run): number {
    return Math.round(this.#patienceMs(run) + run.code.length / COMPILED_CHARS_PER_MS);
  }

  /** It was ended for that. */
  remember(run: Run): void {
    const key = keyOf(run);
    const times = (this.#ended.get(key) ?? 0) + 1;
    this.#ended.delete(key);
    this.#ended.set(key, times);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_REMEMBERED) this.#ended.delete(oldest!);
  }

  /** It came to an end by itself: whatever it was ended for, a busy machine perhaps, is over. */
  forget(run: Run): void {
    if (this.#ended.size > 0) this.#ended.delete(keyOf(run));
  }

  #patienceMs(run: Run): number {
    return Math.max(LEAST_PATIENCE_MS, PATIENCE_MS / 2 ** (this.#ended.get(keyOf(run)) ?? 0));
  }
}

function keyOf({ owner = '', codeDigest }: Run): string {
  return `${owner} ${codeDigest}`;
}
