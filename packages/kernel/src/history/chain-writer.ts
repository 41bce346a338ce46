import { encodeLine, GENESIS_HASH, type LogStore, type Proposal, type RawEntry } from '../logging/index.js';
import type { Codec } from '../ports/index.js';

/** What is written at once: enough that a sync costs little, and little enough for any memory. Characters. */
const BATCH_CHARS = 1024 * 1024;

/** What an entry says, without where it stands in which chain. */
export type Saying = Pick<RawEntry, 'time' | 'agent' | 'kind' | 'data'>;

/** Writes entries into an open, empty log, as a chain of their own, in bounded batches. */
export class ChainWriter {
  readonly #store: LogStore;
  readonly #codec: Codec;
  #nextSeq = 0;
  #head = GENESIS_HASH;
  #firstWaiting = 0;
  #waiting: string[] = [];
  #waitingChars = 0;

  constructor(store: LogStore, codec: Codec) {
    this.#store = store;
    this.#codec = codec;
  }

  /** The hash of the last entry. */
  get head(): string {
    return this.#head;
  }

  /** How many entries there are. */
  get entries(): number {
    return this.#nextSeq;
  }

  async add({ time, agent, kind, data }: Saying): Promise<void> {
    const stamp = { busSeq: this.#nextSeq++, time, prev: this.#head };
    const { line, hash } = encodeLine({ agent, kind, data } as unknown as Proposal, stamp, this.#codec.sha256);
    this.#head = hash;
    this.#waiting.push(line);
    this.#waitingChars += line.length;
    if (this.#waitingChars >= BATCH_CHARS) await this.flush();
  }

  /** Resolves once everything is durable. */
  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const bytes = this.#codec.utf8(this.#waiting.join(''));
    const firstSeq = this.#firstWaiting;
    this.#firstWaiting = this.#nextSeq;
    this.#waiting = [];
    this.#waitingChars = 0;
    await this.#store.append({ firstSeq, lastSeq: this.#nextSeq - 1, bytes });
  }
}
