import type { OmniError, ErrorRecord, Ports} from '@omnipaw/kernel';
import { swarmError } from '../errors.js';
import { encodeFrame, errorOf } from './frames.js';
import type { Letter } from './transport.js';

export interface OutboxOptions {
  readonly peer: string;
  readonly epoch: number;
  readonly post: (text: string) => void;
  readonly timers: Pick<Ports['timers'], 'set'>;
  /** For how long a node that is not there is waited for; one that is there and says nothing, {@link BUSY_FACTOR} times as long. */
  readonly patienceMs: number;
}

interface Waiting {
  readonly letter: Letter;
  readonly resolve: () => void;
  readonly reject: (error: OmniError) => void;
}

const FIRST_RESEND_MS = 200;
const LONGEST_RESEND_MS = 5_000;
/** A node that is there may be busy with a single call for a while, and is worth more patience. */
const BUSY_FACTOR = 6;
/** Of what is not answered, so many letters at a time are sent again. */
const RESENT_AT_ONCE = 64;

/**
 * What one node writes to another one, until it is answered.
 *
 * 1. A letter is posted again and again while the other node is there, and all of them in order when it comes back.
 * 2. When it has been away for too long, or has been there without a word, all that waits is given up at once, so that nothing overtakes.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** By number, in order. */
  readonly #waiting = new Map<number, Waiting>();
  #nextSeq = 1;
  #isThere = false;
  #isGivenUp = false;
  #resendMs = FIRST_RESEND_MS;
  /** How long it has been there, and has left what waits unanswered. */
  #silentMs = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  async send(letter: Letter, withinMs?: number): Promise<void> {
    if (this.#isGivenUp) throw unreachable(this.#options.peer);
    const seq = this.#nextSeq++;
    const cancel = withinMs === undefined ? undefined : this.#options.timers.set(withinMs, () => { this.#giveUpOne(seq); });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.set(seq, { letter, resolve, reject });
        if (this.#isThere) this.#post(seq, letter);
        this.#watch();
      });
    } finally {
      cancel?.();
    }
  }

  /** The other node says what became of a letter. */
  answered(epoch: number, seq: number, error: ErrorRecord | undefined): void {
    const waiting = epoch === this.#options.epoch ? this.#waiting.get(seq) : undefined;
    if (waiting === undefined) return;
    this.#waiting.delete(seq);
    this.#resendMs = FIRST_RESEND_MS;
    this.#silentMs = 0;
    if (this.#waiting.size === 0) this.#stopWatching();
    if (error === undefined) waiting.resolve();
    else waiting.reject(errorOf(error));
  }

  /** The other node is there, perhaps another one than before. */
  arrived(): void {
    this.#isThere = true;
    this.#isGivenUp = false;
    this.#stopWatching();
    for (const [seq, { letter }] of this.#waiting) this.#post(seq, letter);
    this.#watch();
  }

  left(): void {
    this.#isThere = false;
    this.#stopWatching();
    this.#watch();
  }

  /** Rejects all that waits, and whatever is sent from now on. */
  close(): void {
    this.#isGivenUp = true;
    this.#giveUp();
  }

  #post(seq: number, letter: Letter): void {
    const [floor = seq] = this.#waiting.keys();
    this.#options.post(encodeFrame({ kind: 'letter', epoch: this.#options.epoch, seq, floor, letter }));
  }

  /** One timer at most: to send again while the other node is there, and to give up while it is not. */
  #watch(): void {
    if (this.#waiting.size === 0 || this.#cancelTimer !== undefined) return;
    const { timers, patienceMs } = this.#options;
    const delayMs = this.#isThere ? Math.min(this.#resendMs, patienceMs * BUSY_FACTOR - this.#silentMs) : patienceMs;
    this.#cancelTimer = timers.set(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#due(delayMs);
    });
  }

  #due(waitedMs: number): void {
    this.#silentMs += waitedMs;
    if (!this.#isThere) this.#isGivenUp = true;
    // One that is there may find its voice again, and is asked anew with the next letter.
    if (this.#isGivenUp || this.#silentMs >= this.#options.patienceMs * BUSY_FACTOR) this.#giveUp();
    else this.#resend();
  }

  #stopWatching(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#resendMs = FIRST_RESEND_MS;
    this.#silentMs = 0;
  }

  #resend(): void {
    let count = 0;
    for (const [seq, { letter }] of this.#waiting) {
      if (count++ === RESENT_AT_ONCE) break;
      this.#post(seq, letter);
    }
    this.#resendMs = Math.min(2 * this.#resendMs, LONGEST_RESEND_MS);
    this.#watch();
  }

  /** Whoever has sent it waits no more: what comes after it does not either. */
  #giveUpOne(seq: number): void {
    const waiting = this.#waiting.get(seq);
    this.#waiting.delete(seq);
    if (this.#waiting.size === 0) this.#stopWatching();
    waiting?.reject(unreachable(this.#options.peer));
  }

  #giveUp(): void {
    this.#stopWatching();
    const given = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of given) reject(unreachable(this.#options.peer));
  }
}

export function unreachable(node: string): OmniError {
  return swarmError('NODE_UNREACHABLE', `Nobody has said that the letter to node "${node}" arrived: the node is not there, says nothing, or has gone before it could say so. The letter may have arrived. Start the node again, and send again what may arrive twice.`, { details: { node } });
}
