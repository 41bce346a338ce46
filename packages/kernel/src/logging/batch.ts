import type { LogBatch } from './store.js';

const NEWLINE = 0x0a;

/** Refuses a batch that does not go on where the log ends: no store may accept it, and only a caller's bug makes it. */
export function assertBatch({ firstSeq, lastSeq, bytes }: LogBatch, nextSeq: number): void {
  if (firstSeq !== nextSeq) {
    throw new TypeError(`The batch starts at entry ${String(firstSeq)}, but the log goes on with entry ${String(nextSeq)}.`);
  }
  if (!Number.isSafeInteger(lastSeq) || lastSeq < firstSeq || bytes.at(-1) !== NEWLINE) {
    throw new TypeError(`A batch holds whole lines, one or more; found entries ${String(firstSeq)} to ${String(lastSeq)}.`);
  }
}
