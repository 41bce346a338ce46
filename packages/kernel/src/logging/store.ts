/** Whole lines, each ended by a newline, for the entries `firstSeq` to `lastSeq`. */
export interface LogBatch {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: Uint8Array;
}

/** A piece of the log as stored, in order; it may end in the middle of a line. */
export interface LogChunk {
  /** Which piece of the store it comes from, as a person would name it: a segment's file name. */
  readonly segment: string;
  /** Offset of the first byte inside that segment. */
  readonly byteOffset: number;
  /**
   * The `busSeq` of the segment's first line, where the store has it on record: it is checked against the line. A read
   * that does not start at the log's beginning says it.
   */
  readonly firstSeq?: number;
  /** Never written to again: a reader may keep it. Empty for a segment that holds nothing yet. */
  readonly bytes: Uint8Array;
}

/** Where a line of a log starts, as somebody found it before. */
export interface LogPlace {
  readonly segment: string;
  readonly byteOffset: number;
  readonly busSeq: number;
}

/** Reading needs no lock and no opening, and works on a damaged log. */
export interface LogReader {
  /**
   * All that is stored, from the segment that holds an entry on, or from exactly a place (which the first chunk then says, its
   * `firstSeq` being the place's `busSeq`); with no argument, from the start.
   */
  read(from?: number | LogPlace): AsyncIterable<LogChunk>;
}

/** An incomplete last line, left by a crash in the middle of a write. */
export interface TornTail {
  readonly segment: string;
  readonly byteOffset: number;
  readonly byteCount: number;
}

/** Where a log ends. */
export interface LogEnd {
  /** How many entries it holds, and so the `busSeq` of the next. */
  readonly nextSeq: number;
  /** The hash of the last entry, or the genesis hash. */
  readonly head: string;
  /** What a crash left after the last entry; the first append cuts it off. */
  readonly tornTail?: TornTail;
}

/**
 * The storage contract.
 *
 * A store keeps bytes in order and says when they are durable; it knows nothing of kinds. Promises:
 *
 * 1. `append` resolves only when every byte of the batch would survive a power cut, and batches become durable in the
 *    order in which they were given. The caller awaits one append before the next.
 * 2. After an `append` rejected, the store accepts nothing more: it never continues past a failed sync.
 * 3. A batch is refused with `LOG_FENCED` if another writer has taken the log over.
 * 4. `busSeq` is the kernel's. A batch that does not start where the log ends is a `TypeError`.
 */
/** An entry that was there, and up to which a log was checked, when somebody looked last. */
export interface KnownEntry extends LogPlace {
  readonly hash: string;
}

/** Keeps one thing that was made from the log, beside it. It is never needed: what is lost is made again. */
export interface CheckpointStore {
  /** What was saved last; undefined if nothing was. */
  load(): Promise<Uint8Array | undefined>;
  /** Replaces what was saved before, as a whole or not at all. */
  save(bytes: Uint8Array): Promise<void>;
}

export interface LogStore extends LogReader {
  /**
   * Takes the writer's place and finds the end; changes nothing stored: an incomplete last line is reported, and cut off
   * by the first append. Rejects with `LOG_CORRUPT` (segment, byte offset, busSeq) for any other damage and with
   * `LOG_LOCKED` while another writer is there.
   *
   * With a known entry, what stands before it need not be checked again; rejects with `LOG_CORRUPT` if another entry stands there.
   */
  open(known?: KnownEntry): Promise<LogEnd>;
  /** Where checkpoints are kept, by a store that keeps them. */
  readonly checkpoints?: CheckpointStore;
  append(batch: LogBatch): Promise<void>;
  /** Gives the writer's place back. Closing twice is harmless. */
  close(): Promise<void>;
}
