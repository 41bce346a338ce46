/**
 * The one scanner of logs: opening, verifying and reading all go through it. It checks line after line against the
 * chain and stops for good at the first that does not fit.
 */
import type { Codec } from '../ports/index.js';
import { checkLine, type ChainPlace } from './chain.js';
import type { DamageReason, LogDamage } from './damage.js';
import { GENESIS_HASH } from './entry.js';
import { LineSplitter, type LinePlace } from './line-splitter.js';
import type { KnownEntry, LogChunk, LogReader, TornTail } from './store.js';
import { isTornTail } from './torn-tail.js';

/** What a scan found. */
export interface ScanReport {
  /** How many good entries there are, and so the `busSeq` after the last of them. */
  readonly nextSeq: number;
  /** The hash of the last good entry, or the genesis hash. */
  readonly head: string;
  readonly damage?: LogDamage;
  readonly tornTail?: TornTail;
}

/** A good line, while a scan stands on it. */
export interface ScannedLine {
  /** Without its newline; a part of a chunk, so copy it to keep it. */
  readonly line: Uint8Array;
  /** The hash of that line. */
  readonly head: string;
  /** The `busSeq` of the line after it. */
  readonly nextSeq: number;
}

/** Scans a log from its beginning, and calls `visit` for each good entry. */
export async function scanLog(
  reader: LogReader,
  codec: Codec,
  visit?: (entry: ScannedLine) => void,
): Promise<ScanReport> {
  return scan(new ChainScanner(codec), reader.read(), visit);
}

/** Scans a log from an entry on that is known to be good; it is damage if another one stands there. */
export function scanFrom(reader: LogReader, known: KnownEntry, codec: Codec): Promise<ScanReport> {
  const scanner = new ChainScanner(codec, 'anywhere');
  return scan(scanner, reader.read(known), () => { scanner.assertKnown(known); });
}

async function scan(scanner: ChainScanner, chunks: AsyncIterable<LogChunk>, visit: ((entry: ScannedLine) => void) | undefined): Promise<ScanReport> {
  for await (const chunk of chunks) {
    scanner.feed(chunk);
    while (scanner.advance()) visit?.(scanner);
    if (scanner.damage !== undefined) break;
  }
  return scanner.finish();
}

/**
 * A cursor over the good lines of a log: after `feed(chunk)`, each `advance()` that answers true stands on the next one.
 * When it answers false, feed the next chunk; after the last, `finish()` says what was found.
 */
export class ChainScanner {
  readonly #codec: Codec;
  readonly #lines = new LineSplitter();
  #segment: string | undefined;
  #line: Uint8Array = new Uint8Array();
  /** Undefined until the first chunk, where the scan may start anywhere. */
  #nextSeq: number | undefined;
  #head: string | undefined;
  #damage: LogDamage | undefined;

  /** A scan from `'anywhere'` believes what the first chunk says of its place, and the `prev` of its first line. */
  constructor(codec: Codec, from: 'genesis' | 'anywhere' = 'genesis') {
    this.#codec = codec;
    if (from === 'genesis') this.#nextSeq = 0;
  }

  /** The line under the cursor, without its newline. */
  get line(): Uint8Array {
    return this.#line;
  }

  /** Where that line stands. */
  get place(): LinePlace {
    return this.#lines.place;
  }

  /** The hash of that line; the genesis hash before the first. */
  get head(): string {
    return this.#head ?? GENESIS_HASH;
  }

  /** The `busSeq` that the line after it must have. */
  get nextSeq(): number {
    return this.#nextSeq ?? 0;
  }

  get damage(): LogDamage | undefined {
    return this.#damage;
  }

  feed(chunk: LogChunk): void {
    if (chunk.segment === this.#segment) this.#lines.feed(chunk);
    else this.#enter(chunk);
  }

  advance(): boolean {
    if (this.#damage !== undefined) return false;
    const line = this.#lines.next();
    if (this.#lines.isOverlong) this.#report('MALFORMED_LINE');
    if (line === undefined) return false;
    const verdict = checkLine(line, this.#chainPlace(), this.#codec);
    if ('reason' in verdict) {
      this.#report(verdict.reason);
      return false;
    }
    this.#line = line;
    this.#head = verdict.hash;
    this.#nextSeq = this.nextSeq + 1;
    return true;
  }

  /** Takes it for damage if the line under the cursor is the known entry's and is another one. */
  assertKnown(known: KnownEntry): void {
    if (this.nextSeq - 1 === known.busSeq && this.head !== known.hash) this.#report('HASH_MISMATCH');
  }

  finish(): ScanReport {
    const found = { nextSeq: this.nextSeq, head: this.head };
    if (this.#damage !== undefined) return { ...found, damage: this.#damage };
    const rest = this.#lines.takeRest();
    if (rest.length === 0) return found;
    if (isTornTail(rest, this.#chainPlace(), this.#codec)) return { ...found, tornTail: { ...this.place, byteCount: rest.length } };
    return { ...found, damage: this.#report('NEWLINE_MISSING') };
  }

  /** A segment starts with a line, and so the one before must have ended with one. */
  #enter(chunk: LogChunk): void {
    if (this.#lines.takeRest().length > 0) this.#report('NEWLINE_MISSING');
    this.#segment = chunk.segment;
    this.#lines.enter(chunk);
    this.#nextSeq ??= chunk.firstSeq ?? 0;
    if ((chunk.firstSeq ?? this.#nextSeq) !== this.#nextSeq) this.#report('SEGMENT_MISMATCH');
  }

  #chainPlace(): ChainPlace {
    // Nothing is known of the entry before the first one, unless that is the log's very first.
    return { nextSeq: this.nextSeq, head: this.#nextSeq === 0 ? GENESIS_HASH : this.#head };
  }

  #report(reason: DamageReason): LogDamage {
    return (this.#damage ??= { ...this.place, busSeq: this.nextSeq, reason });
  }
}
