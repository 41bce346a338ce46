import type { StoredLine } from '../log/entry.js';
import type { LogWindow } from '../log/log-window.js';
import type { EntryFilter, HistoryPayload, HistoryReply } from '../protocol/index.js';
import { matchesFilter } from '../state/index.js';

/** So many entries are looked at for one page. */
const MAX_SCANNED = 100_000;
/** Pages are read backwards in pieces of so many entries. */
const PIECE = 1_000;
/** A page is full when it has so many characters. */
const MAX_CHARS = 1024 * 1024;

type Wanted = HistoryPayload & { readonly limit: number; readonly filter: EntryFilter };

/** A page of entries, in the order of the log. */
export function historyPage(window: LogWindow, wanted: Wanted): Promise<HistoryReply> {
  return wanted.before === undefined ? pageAfter(window, wanted) : pageBefore(window, wanted);
}

async function pageAfter(window: LogWindow, { after = -1, limit, filter }: Wanted): Promise<HistoryReply> {
  const lines: string[] = [];
  let chars = 0;
  let last = after;
  for await (const stored of window.read(after + 1, after + MAX_SCANNED)) {
    for (const one of stored) {
      last = one.entry.busSeq;
      if (!matches(one, filter)) continue;
      lines.push(one.line);
      chars += one.line.length;
      if (lines.length === limit || chars > MAX_CHARS) return { lines, next: last };
    }
  }
  return { lines, next: last < window.lastSeq ? last : null };
}

async function pageBefore(window: LogWindow, { before = 0, limit, filter }: Wanted): Promise<HistoryReply> {
  const pages: string[][] = [];
  let [count, chars] = [0, 0];
  const end = Math.min(before, window.lastSeq + 1);
  let next = end;
  for (; next > 0 && end - next < MAX_SCANNED; next = Math.max(0, next - PIECE)) {
    const found = await matchesIn(window, { firstSeq: Math.max(0, next - PIECE), lastSeq: next - 1, filter });
    const page: string[] = [];
    for (const { entry, line } of found.reverse()) {
      page.unshift(line);
      count++;
      chars += line.length;
      if (count === limit || chars > MAX_CHARS) return { lines: [page, ...pages].flat(), next: entry.busSeq === 0 ? null : entry.busSeq };
    }
    pages.unshift(page);
  }
  return { lines: pages.flat(), next: next === 0 ? null : next };
}

async function matchesIn(window: LogWindow, { firstSeq, lastSeq, filter }: { readonly firstSeq: number; readonly lastSeq: number; readonly filter: EntryFilter }): Promise<StoredLine[]> {
  const found: StoredLine[] = [];
  for await (const stored of window.read(firstSeq, lastSeq)) for (const one of stored) if (matches(one, filter)) found.push(one);
  return found;
}

function matches({ entry, line }: StoredLine, filter: EntryFilter): boolean {
  return matchesFilter(entry, filter, line);
}
