/** Reads a log back, entry by entry, checking the chain on the way. */
import { OmniError } from '../errors/index.js';
import type { Codec } from '../ports/index.js';
import { corruptLog } from './damage.js';
import { LOG_FORMAT_VERSION, OLDEST_LOG_FORMAT, type RawEntry } from './entry.js';
import { parseEntry, type RecordedEntry } from './parse.js';
import { ChainScanner, type ScanReport } from './scan.js';
import type { KnownEntry, LogReader } from './store.js';

export interface ReadOptions {
  /** The first entry to read. What stands before it is not checked, except in the same segment. */
  readonly fromSeq?: number;
}

interface RecordedOptions extends ReadOptions {
  /** Reads what comes after this entry, and looks at nothing before it. */
  readonly after?: KnownEntry | undefined;
  readonly onEnd?: (report: ScanReport) => void;
}

/**
 * The entries of a log in order, up to an incomplete last line.
 *
 * Rejects with `LOG_CORRUPT` at the first damage, and with `LOG_FORMAT_UNSUPPORTED` for a log of another format.
 */
export async function* readEntries(reader: LogReader, codec: Codec, { fromSeq = 0 }: ReadOptions = {}): AsyncGenerator<RawEntry, void, undefined> {
  for await (const batch of readRecorded(reader, codec, { fromSeq })) for (const { entry } of batch) yield entry;
}

/** So few that what is made of them is gone before the next collection of young objects has to copy it; many beside one await. */
const BATCH_ENTRIES = 100;

/**
 * {@link readEntries} with the text of each line, many at a time. `onEnd` is told what a scan found, before any damage is
 * thrown.
 */
export async function* readRecorded(
  reader: LogReader,
  codec: Codec,
  { after, fromSeq = after === undefined ? 0 : after.busSeq + 1, onEnd }: RecordedOptions = {},
): AsyncGenerator<readonly RecordedEntry[], void, undefined> {
  const scanner = new ChainScanner(codec, fromSeq === 0 ? 'genesis' : 'anywhere');
  for await (const chunk of reader.read(after ?? fromSeq)) {
    scanner.feed(chunk);
    for (let isMore = true; isMore;) {
      const { batch, failure } = nextBatch(scanner, fromSeq, codec);
      // What is good comes first, whatever comes after it.
      if (batch.length > 0) yield batch;
      if (failure !== undefined) throw failure;
      isMore = batch.length === BATCH_ENTRIES;
    }
    if (scanner.damage !== undefined) break;
  }
  const report = scanner.finish();
  onEnd?.(report);
  if (report.damage !== undefined) throw corruptLog(report.damage);
}

/** The next entries of what the scanner was fed; fewer than a batch holds if there are no more, or if one fails. */
function nextBatch(scanner: ChainScanner, fromSeq: number, codec: Codec): { readonly batch: readonly RecordedEntry[]; readonly failure?: OmniError } {
  const batch: RecordedEntry[] = [];
  while (batch.length < BATCH_ENTRIES && scanner.advance()) {
    if (scanner.nextSeq <= fromSeq) continue;
    const recorded = entryUnder(scanner, codec);
    if (recorded instanceof OmniError) return { batch, failure: recorded };
    batch.push(recorded);
  }
  return { batch };
}

/** The entry under the cursor; the error by which reading ends if it is none, or the first one of a log of another format. */
function entryUnder(scanner: ChainScanner, codec: Codec): RecordedEntry | OmniError {
  const busSeq = scanner.nextSeq - 1;
  const recorded = parseEntry(scanner.line, { busSeq, hash: scanner.head }, codec);
  if (recorded === undefined) return corruptLog({ ...scanner.place, busSeq, reason: 'MALFORMED_LINE' });
  return (busSeq === 0 ? unsupportedFormat(recorded.entry) : undefined) ?? recorded;
}

function unsupportedFormat({ kind, data }: RawEntry): OmniError | undefined {
  const format = kind === 'LOG_OPENED' ? data['format'] : undefined;
  if (Number.isSafeInteger(format) && (format as number) >= OLDEST_LOG_FORMAT && (format as number) <= LOG_FORMAT_VERSION) return undefined;
  const found = format === undefined ? 'does not say its format' : `has format ${JSON.stringify(format)}`;
  return new OmniError(
    'LOG_FORMAT_UNSUPPORTED',
    `The log ${found}; this version of OmniPaw reads formats ${OLDEST_LOG_FORMAT} to ${LOG_FORMAT_VERSION}. Use the version that wrote it.`,
    { details: { found: format ?? null, supported: LOG_FORMAT_VERSION } },
  );
}
