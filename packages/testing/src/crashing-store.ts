import { nodePorts, type Entry, type EntryKind, type LogBatch, type LogChunk, type LogEnd, type LogStore, type MemoryLogStore } from '@omnipaw/kernel';

/** A kind, or what tells an entry from the others. */
type EntryTest = EntryKind | ((entry: Entry) => boolean);

/**
 * Where a process dies, and so what of its last write is on the disk. Nothing of the write has been acknowledged.
 *
 * - `before`: nothing of the first entry that fits, nor of what came after it;
 * - `within`: half of its line;
 * - `after`: all up to it, and nothing more;
 * - `write`: so many bytes of the write with this number, all of them unless given. Writes are counted from 1, and each
 *   holds what came together while the one before was on its way.
 */
export type CrashPoint =
  | { readonly before: EntryTest }
  | { readonly within: EntryTest }
  | { readonly after: EntryTest }
  | { readonly write: number; readonly bytes?: number };

/** Passes everything on to a store, up to the point where it dies and answers nothing any more. */
export class CrashingStore implements LogStore {
  readonly #inner: MemoryLogStore;
  readonly #point: CrashPoint;
  readonly #died: (left: Uint8Array) => void;
  #end: LogEnd | undefined;
  #writes = 0;
  #isDead = false;

  /** `died` is told what the disk holds then. */
  constructor(inner: MemoryLogStore, point: CrashPoint, died: (left: Uint8Array) => void) {
    this.#inner = inner;
    this.#point = point;
    this.#died = died;
  }

  async open(): Promise<LogEnd> {
    this.#end = await this.#inner.open();
    return this.#end;
  }

  async append(batch: LogBatch): Promise<void> {
    if (this.#isDead) return never();
    this.#writes++;
    const survives = survivorsOf(batch, this.#point, this.#writes);
    if (survives !== undefined) return this.#die(batch.bytes.subarray(0, survives));
    await this.#inner.append(batch);
  }

  read(): AsyncIterable<LogChunk> {
    return this.#inner.read();
  }

  close(): Promise<void> {
    return this.#isDead ? never() : this.#inner.close();
  }

  #die(written: Uint8Array): Promise<never> {
    this.#isDead = true;
    const stored = this.#inner.bytes();
    // The first write cuts off what an earlier crash has left.
    const torn = this.#writes === 1 && written.length > 0 ? (this.#end?.tornTail?.byteCount ?? 0) : 0;
    this.#died(Buffer.concat([stored.subarray(0, stored.length - torn), written]));
    return never();
  }
}

/** How many bytes of a batch are on the disk when the process dies with it; undefined if it lives on. */
function survivorsOf(batch: LogBatch, point: CrashPoint, writes: number): number | undefined {
  if ('write' in point) return point.write === writes ? Math.min(point.bytes ?? Infinity, batch.bytes.length) : undefined;
  const [place, test] = Object.entries(point)[0] as ['before' | 'within' | 'after', EntryTest];
  const fits = typeof test === 'function' ? test : ({ kind }: Entry): boolean => kind === test;
  let offset = 0;
  for (const line of nodePorts.codec.text(batch.bytes).split(/(?<=\n)/)) {
    const { length } = nodePorts.codec.utf8(line);
    if (fits(JSON.parse(line) as Entry)) return offset + { before: 0, within: Math.floor(length / 2), after: length }[place];
    offset += length;
  }
  return undefined;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
