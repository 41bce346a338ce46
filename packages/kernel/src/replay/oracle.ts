/**
 * Stands where the log's writer stands, and answers from what is recorded.
 *
 * 1. Whatever the machine wants to record is compared with the next recorded entry. What is the same is answered with that
 *    entry, its time included; the first that is not is the divergence, and nothing is answered any more.
 * 2. Nothing leaves: who waits for the disk waits for what is behind the recording.
 * 3. Where the recording ends, the log that goes on from there takes over, in the middle of a tick if need be; if there is
 *    none, that is the end.
 */
import { OmniError } from '../errors/index.js';
import { deepFreeze } from '../json/index.js';
import type { Appended, Entry, EntryKind, ExecutionLogger, LogWriter, Proposal, ProposalOf, RawEntry, RecordedEntry } from '../logging/index.js';
import { Queue } from '../queue/index.js';
import { divergenceAt, divergenceError, type Divergence } from './divergence.js';
import { LateResults } from './late-results.js';
import { isSame } from './same.js';

export class Oracle implements LogWriter {
  readonly #recorded = new Queue<RecordedEntry>();
  readonly #behind: ExecutionLogger | undefined;
  #next: RecordedEntry | undefined;
  /** The entry that was made last. */
  #last: RawEntry | undefined;
  readonly #late: LateResults | undefined;
  #divergence: Divergence | undefined;
  #divergedAt: RawEntry | undefined;
  #failure: OmniError | undefined;

  /** `behind` is whom to write to where the recording ends. */
  constructor(behind?: ExecutionLogger) {
    this.#behind = behind;
    // Where another log goes on, the recording may have begun anywhere.
    this.#late = behind === undefined ? new LateResults() : undefined;
  }

  /** The entry that has to be made next; undefined where the recording ends. */
  get next(): RawEntry | undefined {
    return this.#next?.entry;
  }

  /** The entry that was made last; undefined before the first one. */
  get last(): RawEntry | undefined {
    return this.#last;
  }

  /** Which results may come too late; undefined where that is not known. */
  get late(): LateResults | undefined {
    return this.#late;
  }

  get divergence(): Divergence | undefined {
    return this.#divergence;
  }

  /** The entry that was not made again. */
  get divergedAt(): RawEntry | undefined {
    return this.#divergedAt;
  }

  get nextSeq(): number {
    return this.#next?.entry.busSeq ?? this.#behind?.nextSeq ?? (this.#last?.busSeq ?? -1) + 1;
  }

  get durableSeq(): number {
    return this.#behind?.durableSeq ?? -1;
  }

  get failure(): OmniError | undefined {
    return this.#failure ?? this.#behind?.failure;
  }

  get isBacklogged(): boolean {
    return this.#behind?.isBacklogged ?? false;
  }

  /** Adds the entry that comes after all that were added before. */
  expect(recorded: RecordedEntry): void {
    if (this.#next === undefined) this.#next = recorded;
    else this.#recorded.push(recorded);
  }

  append<Kind extends EntryKind>(proposal: ProposalOf<Kind>): Appended<Kind> {
    if (this.#failure !== undefined) throw this.#failure;
    const recorded = this.#next;
    if (recorded === undefined) return this.#goOn(proposal);
    // The union of proposals is the catalogue itself; a single kind of it always fits.
    const sameness = isSame(proposal as never, recorded);
    if (sameness === false) throw this.diverge(proposal as never);
    this.#next = this.#recorded.shift();
    this.#last = recorded.entry;
    // What was made now is frozen already, and lives on; what was read can go.
    const entry = (sameness === 'exactly' ? withData(recorded.entry, proposal.data) : deepFreeze(recorded.entry)) as unknown as Extract<Entry, { kind: Kind }>;
    this.#late?.apply(entry);
    return { entry, line: `${recorded.text}\n` };
  }

  /**
   * Ends it at an entry, the next one unless another is named, for which this was made, or nothing; the answer is what to throw.
   * Where another log goes on, there is nothing to end.
   */
  diverge(made: Proposal | undefined, because?: string, at = this.next): OmniError {
    if (this.#failure === undefined && at !== undefined && (this.#next !== undefined || this.#behind === undefined)) {
      this.#divergedAt = at;
      this.#divergence = divergenceAt(at, made, because);
      this.#failure = divergenceError(this.#divergence);
    }
    return this.#failure ?? END;
  }

  afterDurable(seq: number, callback: () => void): void {
    this.#behind?.afterDurable(seq, callback);
  }

  flushEarly(isQuiet: boolean): void {
    this.#behind?.flushEarly(isQuiet);
  }

  #goOn<Kind extends EntryKind>(proposal: ProposalOf<Kind>): Appended<Kind> {
    if (this.#behind !== undefined) return this.#behind.append(proposal);
    throw (this.#failure = END);
  }
}

function withData({ busSeq, time, agent, kind, prev, hash }: RawEntry, data: object): object {
  return Object.freeze({ busSeq, time, agent, kind, data, prev, hash });
}

/** Not a failure of anybody: a log may end anywhere, and the last step of it may be incomplete. */
const END = new OmniError('KERNEL_HALTED', 'The recording ends here.');
