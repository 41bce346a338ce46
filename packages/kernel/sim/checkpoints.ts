import type { LogStore } from '@omnipaw/kernel';
import type { Faults } from './faults.js';
import { never, type Life } from './life.js';

const NEWLINE = 0x0a;

/** The checkpoint beside the log, from one life to the next. */
export class Checkpoints {
  #bytes: Uint8Array | undefined;
  #isDamaged = false;

  /** Whether the kernel is right to complain. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** As a kernel has it that may die between any two steps; a save has happened or not. */
  during(life: Life): NonNullable<LogStore['checkpoints']> {
    return {
      load: () => (life.step() ? Promise.resolve(this.#bytes) : never()),
      save: (bytes) => {
        if (!life.step()) return never();
        this.#bytes = new Uint8Array(bytes);
        this.#isDamaged = false;
        return life.step() ? Promise.resolve() : never();
      },
    };
  }

  /** What becomes of it after the end of a life. */
  suffer({ checkpoint, survivingBytes }: Faults): void {
    if (this.#bytes === undefined || checkpoint === 'kept') return;
    if (checkpoint === 'lost') {
      this.#bytes = undefined;
      return;
    }
    // Half of the time in its first line, of which there is little and on which much depends.
    const header = this.#bytes.indexOf(NEWLINE);
    const place = survivingBytes % (survivingBytes % 2 === 0 ? header : this.#bytes.length);
    this.#bytes = this.#bytes.map((byte, index) => (index === place ? byte ^ 1 : byte));
    this.#isDamaged = true;
  }
}
