import { OmniError } from '@omnipaw/kernel';
import { encodeFrame, refusalOf, type LetterFrame } from './frames.js';
import type { DeliverLetter, Letter } from './transport.js';

export interface InboxOptions {
  readonly deliver: DeliverLetter;
  readonly post: (text: string) => void;
}

/**
 * What one node gets from another one: each letter of a link once, and in order.
 *
 * 1. A letter is delivered when all before it were, or when the sender waits for none of them any more.
 * 2. The next one does not wait for the answer, so that many share a sync of the disk.
 * 3. An answer is kept until the sender has it, and given again to whoever asks again.
 * 4. What comes of an earlier link of the sender, once a later one was heard, is too late.
 */
export class Inbox {
  readonly #options: InboxOptions;
  #epoch = -Infinity;
  #next = 0;
  readonly #held = new Map<number, Letter>();
  readonly #answers = new Map<number, string>();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  receive({ epoch, seq, floor, letter }: LetterFrame): void {
    if (epoch < this.#epoch) return;
    if (epoch > this.#epoch) this.#begin(epoch, floor);
    this.#forgetBelow(floor);
    if (seq < this.#next) {
      const answer = this.#answers.get(seq);
      if (answer !== undefined) this.#options.post(answer);
      return;
    }
    this.#held.set(seq, letter);
    this.#deliverHeld();
  }

  #begin(epoch: number, floor: number): void {
    this.#epoch = epoch;
    this.#next = floor;
    this.#held.clear();
    this.#answers.clear();
  }

  #forgetBelow(floor: number): void {
    for (const answered of this.#answers.keys()) if (answered < floor) this.#answers.delete(answered);
    if (floor <= this.#next) return;
    for (const held of this.#held.keys()) if (held < floor) this.#held.delete(held);
    this.#next = floor;
    this.#deliverHeld();
  }

  #deliverHeld(): void {
    for (let letter = this.#held.get(this.#next); letter !== undefined; letter = this.#held.get(this.#next)) {
      this.#held.delete(this.#next);
      void this.#deliver({ epoch: this.#epoch, seq: this.#next++, letter });
    }
  }

  async #deliver({ epoch, seq, letter }: Pick<LetterFrame, 'epoch' | 'seq' | 'letter'>): Promise<void> {
    let refusal: unknown;
    try {
      await this.#options.deliver(letter);
    } catch (thrown) {
      // Whoever is about to go refuses nothing: the next kernel of this node is given the letter again.
      if (thrown instanceof OmniError && thrown.failureClass === 'TRANSIENT') return;
      refusal = thrown;
    }
    const answer = encodeFrame({ kind: 'answer', epoch, seq, ...(refusal === undefined ? {} : { error: refusalOf(refusal) }) });
    if (epoch === this.#epoch) this.#answers.set(seq, answer);
    this.#options.post(answer);
  }
}
