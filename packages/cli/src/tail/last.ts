import { readEntries, type LogReader, type RawEntry } from '@omnipaw/kernel';

const NEWLINE = 0x0a;

/** Where to begin for the last so many entries, or for the last so many of those that match. */
export async function startOfLast(reader: LogReader, last: number, matches?: (entry: RawEntry) => boolean): Promise<number> {
  if (matches === undefined) return Math.max(0, (await entryCount(reader)) - last);
  const found: number[] = [];
  let nextSeq = 0;
  for await (const entry of readEntries(reader)) {
    nextSeq = entry.busSeq + 1;
    if (matches(entry)) found.push(entry.busSeq);
    if (found.length > last) found.shift();
  }
  return found[0] ?? nextSeq;
}

/** Reads the last segment only. */
async function entryCount(reader: LogReader): Promise<number> {
  let count: number | undefined;
  for await (const { firstSeq = 0, bytes } of reader.read(Number.MAX_SAFE_INTEGER)) {
    count ??= firstSeq;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  }
  return count ?? 0;
}
