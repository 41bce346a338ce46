import type { OmniError } from '../errors/index.js';
import {
  assertBatch,
  corruptLog,
  GENESIS_HASH,
  scanFrom,
  scanLog,
  type CheckpointStore,
  type KnownEntry,
  type LogBatch,
  type LogChunk,
  type LogEnd,
  type LogPlace,
  type LogStore,
} from '../logging/index.js';
import type { Codec } from '../ports/index.js';
import { makeDirectory } from './directory.js';
import { FileCheckpoints } from './file-checkpoints.js';
import { appendFailed, closeFailed, fenced, openFailed } from './failures.js';
import { FileLogReader } from './file-log-reader.js';
import { nodeCodec } from './node-ports.js';
import { SegmentWriter } from './segment-writer.js';
import { listSegments, segmentAt } from './segments.js';
import { takeWriterLock } from './writer-lock.js';

export interface FileLogStoreOptions {
  /** A segment of this size or more is followed by a new one at the next batch: a positive whole number. */
  readonly segmentBytes?: number;
  readonly codec?: Codec;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;

/**
 * A log in a directory: segment files that are only appended to.
 *
 * 1. A batch is written to one segment, and acknowledged after one `fdatasync`.
 * 2. A segment is full, synced and closed before the next one exists.
 * 3. After a failed write or sync every append is refused with the same error, until the log has been opened again. What the
 *    failed batch wrote is taken back if that can be done: after a failed sync a system may go on showing bytes that are not
 *    on the disk and never will be, so that a scan would believe them.
 * 4. Opening changes no segment: a torn tail is cut off by the first append.
 * 5. There is one writer (see `writer-lock.ts`), for as long as nobody deletes its lock file or the directory under it.
 */
export class FileLogStore implements LogStore {
  readonly directory: string;
  readonly #segmentBytes: number;
  readonly #codec: Codec;
  readonly #reader: FileLogReader;
  readonly checkpoints: CheckpointStore;
  #segment: SegmentWriter | undefined;
  #releaseLock: (() => void) | undefined;
  #nextSeq = 0;
  #failure: OmniError | undefined;
  /** The append under way. */
  #underWay: Promise<void> | undefined;

  constructor(directory: string, { segmentBytes = SEGMENT_BYTES, codec = nodeCodec }: FileLogStoreOptions = {}) {
    if (!Number.isSafeInteger(segmentBytes) || segmentBytes < 1) {
      throw new TypeError(`segmentBytes is a positive whole number of bytes; found ${String(segmentBytes)}.`);
    }
    this.directory = directory;
    this.#segmentBytes = segmentBytes;
    this.#codec = codec;
    this.#reader = new FileLogReader(directory);
    this.checkpoints = new FileCheckpoints(directory);
  }

  async open(known?: KnownEntry): Promise<LogEnd> {
    try {
      await makeDirectory(this.directory);
      return await this.#openLocked(takeWriterLock(this.directory), known);
    } catch (cause) {
      throw openFailed(this.directory, cause);
    }
  }

  async append(batch: LogBatch): Promise<void> {
    this.#underWay = this.#write(this.#admit(batch), batch);
    try {
      await this.#underWay;
      this.#nextSeq = batch.lastSeq + 1;
    } catch (cause) {
      throw (this.#failure = appendFailed(this.directory, batch.firstSeq, cause));
    } finally {
      this.#underWay = undefined;
    }
  }

  read(from?: number | LogPlace): AsyncIterable<LogChunk> {
    return this.#reader.read(from);
  }

  async close(): Promise<void> {
    // A descriptor that is closed under a running sync could be another file by the time the sync gets to it.
    await this.#underWay?.catch(() => undefined);
    const [segment, release] = [this.#segment, this.#releaseLock];
    this.#segment = this.#releaseLock = undefined;
    try {
      try {
        segment?.close();
      } finally {
        release?.();
      }
    } catch (cause) {
      throw closeFailed(this.directory, cause);
    }
  }

  async #openLocked(release: () => void, known: KnownEntry | undefined): Promise<LogEnd> {
    try {
      const end = await this.#recover(known);
      this.#nextSeq = end.nextSeq;
      this.#failure = undefined;
      this.#releaseLock = release;
      return end;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Finds the end, and what a crash left behind it. */
  async #recover(known: KnownEntry | undefined): Promise<LogEnd> {
    const last = (await listSegments(this.directory)).at(-1);
    if (last === undefined && known === undefined) {
      this.#segment = await SegmentWriter.create(segmentAt(this.directory, 0));
      return { nextSeq: 0, head: GENESIS_HASH };
    }
    const { damage, ...end } = await (known === undefined ? scanLog(this.#reader, this.#codec) : scanFrom(this.#reader, known, this.#codec));
    if (damage !== undefined) throw corruptLog(damage);
    if (last === undefined || (known !== undefined && end.nextSeq <= known.busSeq)) throw corruptLog({ ...known!, reason: 'SEQUENCE_MISMATCH' });
    // A torn tail is always in the last segment: anywhere else it is damage.
    this.#segment = await SegmentWriter.reopen(last, end.tornTail?.byteCount);
    return end;
  }

  #admit(batch: LogBatch): SegmentWriter {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#segment === undefined) throw new TypeError('The log is not open. Open it before appending.');
    if (this.#underWay !== undefined) throw new TypeError('An append is under way. Await it before the next.');
    assertBatch(batch, this.#nextSeq);
    return this.#segment;
  }

  async #write(current: SegmentWriter, { firstSeq, bytes }: LogBatch): Promise<void> {
    current.cutTail();
    const segment = current.byteCount < this.#segmentBytes ? current : await this.#roll(current, firstSeq);
    const { byteCount } = segment;
    try {
      segment.write(bytes);
      await segment.sync();
    } catch (error) {
      segment.takeBack(byteCount);
      throw error;
    }
  }

  async #roll(full: SegmentWriter, firstSeq: number): Promise<SegmentWriter> {
    this.#segment = await SegmentWriter.create(segmentAt(this.directory, firstSeq)).catch(refuseRival);
    full.close();
    return this.#segment;
  }
}

/** Nobody but a second writer makes the segment that comes next. */
function refuseRival(error: unknown): never {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  throw fenced(error);
}
