/**
 * A log that somebody else writes, in another process or in none.
 *
 * 1. It is only read: no lock, no repair.
 * 2. Every line is checked against the chain before it goes on, and only whole lines are lines.
 * 3. What does not fit is not passed on: it is told, and looked at again when something has changed.
 */
import { checkLine, corruptLog, FileLogReader, GENESIS_HASH, nodePorts, OmniError, type LogChunk, type LogPlace, type LogReader } from '@omnipaw/kernel';
import { storedLine, type StoredLine } from '../log/entry.js';
import { readLines, type Line } from '../log/lines.js';
import { turn } from '../log/log-window.js';
import { DirectoryChanges } from './directory-changes.js';
import { codeOf } from './kernel-source.js';
import type { LogSource, SourceSink } from './source.js';
import { isWritten } from './writer.js';

const { codec } = nodePorts;

/** So many lines in one go. */
const SLICE = 200;

export class DirectorySource implements LogSource {
  readonly kind = 'directory';
  readonly directory: string;
  readonly reader: LogReader;
  /** Where the next line will start; undefined before the first. */
  #place: LogPlace | undefined;
  #head = GENESIS_HASH;
  #firstHash: string | undefined;
  /** The last that was told of what is wrong, so that it is told once. */
  #told = '';
  readonly #changes: DirectoryChanges;
  #isClosed = false;

  constructor(directory: string) {
    this.directory = directory;
    this.reader = new FileLogReader(directory);
    this.#changes = new DirectoryChanges(directory);
  }

  async follow(sink: SourceSink): Promise<void> {
    do {
      await this.#readOn(sink);
      await this.#changes.next();
    } while (!this.#isClosed);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#changes.close();
    return Promise.resolve();
  }

  async #readOn(sink: SourceSink): Promise<void> {
    try {
      // Asked first: what a writer has written is read after it is gone.
      const isLive = await isWritten(this.directory);
      await this.#readNew(sink);
      this.#told = '';
      sink.status(isLive ? 'live' : 'ended');
    } catch (thrown) {
      if (await this.#isAnother()) this.#restart(sink);
      else this.#tell(thrown, sink);
    }
  }

  async #readNew(sink: SourceSink): Promise<void> {
    const reader = { read: () => fromPlace(this.reader, this.#place) };
    for await (const lines of readLines(reader, 0)) {
      let slice: StoredLine[] = [];
      const goOn = async (): Promise<void> => {
        if (slice.length > 0) sink.entries(slice);
        slice = [];
        await turn();
      };
      try {
        for (const line of lines) {
          slice.push(this.#check(line, sink));
          if (slice.length === SLICE) await goOn();
          if (this.#isClosed) return;
        }
      } finally {
        // What is good comes first, whatever comes after it.
        await goOn();
      }
    }
  }

  #check(line: Line, sink: SourceSink): StoredLine {
    const { segment, byteOffset, bytes } = line;
    const busSeq = this.#place?.busSeq ?? 0;
    const place = { segment, byteOffset, busSeq };
    if (line.busSeq !== busSeq) throw corruptLog({ ...place, reason: 'SEGMENT_MISMATCH' });
    const verdict = checkLine(bytes, { nextSeq: busSeq, head: this.#head }, codec);
    if ('reason' in verdict) throw corruptLog({ ...place, reason: verdict.reason });
    const stored = storedLine(bytes, busSeq);
    if (stored === undefined) throw corruptLog({ ...place, reason: 'MALFORMED_LINE' });
    sink.places.note(place);
    this.#head = verdict.hash;
    this.#firstHash ??= verdict.hash;
    this.#place = { segment, byteOffset: byteOffset + bytes.length + 1, busSeq: busSeq + 1 };
    return stored;
  }

  /** Whether the log is not the one any more that was read, or was cut. */
  async #isAnother(): Promise<boolean> {
    if (this.#place === undefined) return false;
    try {
      for await (const [first] of readLines(this.reader, 0)) {
        if (first === undefined) continue;
        const verdict = checkLine(first.bytes, { nextSeq: 0, head: GENESIS_HASH }, codec);
        // A first entry that is damaged is not another one.
        if ('hash' in verdict && verdict.hash !== this.#firstHash) return true;
        return await this.#isCut();
      }
    } catch (thrown) {
      return codeOf(thrown) === 'LOG_NOT_FOUND';
    }
    return false;
  }

  async #isCut(): Promise<boolean> {
    const place = this.#place!;
    for await (const { segment, byteOffset } of this.reader.read(place)) return segment !== place.segment || byteOffset < place.byteOffset;
    return true;
  }

  #restart(sink: SourceSink): void {
    this.#place = undefined;
    this.#head = GENESIS_HASH;
    this.#firstHash = undefined;
    sink.problem({ code: 'LOG_REPLACED', message: `The log in ${this.directory} was cut, or another one is in its place. All is read anew.` });
    sink.restart();
  }

  #tell(thrown: unknown, sink: SourceSink): void {
    const code = codeOf(thrown);
    // A log that has not been begun is none that is broken.
    sink.status(code === 'LOG_NOT_FOUND' ? 'ended' : 'broken');
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (message === this.#told) return;
    this.#told = message;
    const details = thrown instanceof OmniError ? { details: JSON.parse(JSON.stringify(thrown.details ?? {})) as object as never } : {};
    sink.problem({ code, message, ...details });
  }
}

/** What stands from a place on; throws if there is less than there was. */
async function* fromPlace(reader: LogReader, place: LogPlace | undefined): AsyncGenerator<LogChunk, void, undefined> {
  let isFirst = true;
  for await (const chunk of place === undefined ? reader.read() : reader.read(place)) {
    if (isFirst && place !== undefined && chunk.byteOffset < place.byteOffset) throw corruptLog({ ...place, reason: 'MALFORMED_LINE' });
    isFirst = false;
    yield chunk;
  }
}
