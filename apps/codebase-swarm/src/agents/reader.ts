import type { Origin } from '@omnipaw/host';
import { defineAgent, type AgentContext, type Instruction } from '@omnipaw/kernel';
import { parseTag } from '../plan/tag.js';
import type { Finding } from '../plan/findings.js';
import type { Tools } from '../tools/index.js';
import type { ListResult } from '../tools/list.js';
import type { FileMarkers, ScanResult } from '../tools/scan.js';
import { writePage } from './board.js';
import { chunks } from './chunks.js';

export const FINDINGS = 'findings';

/** What the reader tells; the findings themselves are on the board. */
export interface ReadReport {
  readonly pages: number;
  readonly findings: number;
  readonly filesRead: number;
  readonly filesWithFindings: number;
  /** Files in languages that are not understood. */
  readonly otherFiles: number;
  /** Files that were not read, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Files read, by language. */
  readonly languages: Readonly<Record<string, number>>;
  /** Markers beyond the limit for one file. */
  readonly omitted: number;
  readonly withoutGit: string | null;
}

/** What the reader remembers, for whoever watches it. */
export interface ReaderMemory {
  progress: { readonly done: number; readonly total: number; readonly findings: number };
}

/** Bounded, so that neither a result nor a tick grows with the tree. */
const FILES_PER_SCAN = 50;
const SCANS_AT_ONCE = 4;
const BLAMES_AT_ONCE = 8;
const NO_LANGUAGE = 'no known language';

/** Finds the markers of the tree, and by git their age and author. */
export function readerAgent(tools: Tools) {
  return defineAgent<null, ReadReport, ReaderMemory>('reader', function* (ctx) {
    const tally = new Tally();
    let from: number | null = 0;
    while (from !== null) {
      const page: ListResult = yield* ctx.tool(tools.list, { from });
      tally.otherFiles = page.otherFiles;
      tally.withoutGit = page.withoutGit;
      for (let left = page.files; left.length > 0; ) {
        const wave = left.slice(0, FILES_PER_SCAN * SCANS_AT_ONCE);
        const results = yield* ctx.all(chunks(wave, FILES_PER_SCAN).map((paths) => ctx.tool(tools.scan, { paths })));
        const found = results.flatMap((result) => result.found);
        const findings = page.withoutGit === null ? yield* withOrigins(ctx, tools, found) : found.flatMap((file) => findingsOf(file, []));
        if (findings.length > 0) yield* writePage(ctx, { list: FINDINGS, page: tally.pages++, items: findings });
        tally.add(results);
        yield* ctx.memory.set('progress', { done: tally.done, total: page.total, findings: tally.findings });
        left = [...results.flatMap((result) => result.left), ...left.slice(wave.length)];
      }
      from = page.next;
    }
    return tally.report();
  });
}

/** Asks git about each file that has markers whose tag does not say it already. */
function* withOrigins(ctx: AgentContext<ReaderMemory>, tools: Tools, found: readonly FileMarkers[]): Generator<Instruction, Finding[]> {
  const findings: Finding[] = [];
  for (const some of chunks(found, BLAMES_AT_ONCE)) {
    const answers = yield* ctx.allSettled(some.map((file) => ctx.tool(tools.blame, { path: file.path, lines: linesToAsk(file) })));
    for (const [index, file] of some.entries()) {
      const answer = answers[index]!;
      // A file that git takes too long for has no ages; its markers count all the same.
      findings.push(...findingsOf(file, answer.status === 'fulfilled' ? answer.value.origins : []));
    }
  }
  return findings;
}

function linesToAsk({ markers }: FileMarkers): number[] {
  const lines = markers.filter(({ label }) => typeof parseTag(label ?? '')?.date !== 'string').map(({ line }) => line);
  return [...new Set(lines)];
}

function findingsOf({ path, markers }: FileMarkers, origins: readonly Origin[]): Finding[] {
  const byLine = new Map(origins.map((origin) => [origin.line, origin]));
  return markers.map((marker) => {
    const origin = byLine.get(marker.line);
    return { ...marker, path, author: origin?.author ?? null, date: origin?.date ?? null };
  });
}

/** Counts while the reader reads. */
class Tally {
  pages = 0;
  otherFiles = 0;
  withoutGit: string | null = null;
  findings = 0;
  #filesRead = 0;
  #filesWithFindings = 0;
  #omitted = 0;
  readonly #skipped = new Map<string, number>();
  readonly #languages = new Map<string, number>();

  /** Files that are over and done with, read or not. */
  get done(): number {
    return this.#filesRead + [...this.#skipped.values()].reduce((sum, count) => sum + count, 0);
  }

  add(results: readonly ScanResult[]): void {
    for (const { found, languages, skipped } of results) {
      for (const { markers, omitted } of found) {
        this.findings += markers.length;
        this.#filesWithFindings++;
        this.#omitted += omitted;
      }
      for (const [language, count] of Object.entries(languages)) {
        this.#filesRead += count;
        increase(this.#languages, language, count);
      }
      for (const { reason } of skipped) increase(this.#skipped, reason, 1);
    }
  }

  report(): ReadReport {
    const { [NO_LANGUAGE]: nameless = 0, ...skipped } = Object.fromEntries(this.#skipped);
    return {
      pages: this.pages,
      findings: this.findings,
      filesRead: this.#filesRead,
      filesWithFindings: this.#filesWithFindings,
      otherFiles: this.otherFiles + nameless,
      skipped,
      languages: Object.fromEntries([...this.#languages].sort((one, other) => other[1] - one[1])),
      omitted: this.#omitted,
      withoutGit: this.withoutGit,
    };
  }
}

function increase(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
