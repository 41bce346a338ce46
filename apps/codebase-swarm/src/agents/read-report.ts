/** What readers tell, and how several of them add up: pure. What they have found is on the board. */
import type { FixKind } from '../fixes/fix-script.js';
import { addCounts, countsOf, type Counts } from '../plan/counts.js';
import type { ScanResult } from '../tools/scan.js';

export interface ReadReport {
  /** Pages of the board, of which some may be empty. */
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
  /** What can be fixed mechanically, by kind. */
  readonly fixable: Counts<FixKind>;
  readonly withoutGit: string | null;
}

export const NOTHING_READ: ReadReport = Object.freeze({
  pages: 0, findings: 0, filesRead: 0, filesWithFindings: 0, otherFiles: 0, skipped: {}, languages: {}, omitted: 0, fixable: {}, withoutGit: null,
});

const NO_LANGUAGE = 'no known language';

export function addReports(one: ReadReport, other: ReadReport): ReadReport {
  return {
    pages: Math.max(one.pages, other.pages),
    findings: one.findings + other.findings,
    filesRead: one.filesRead + other.filesRead,
    filesWithFindings: one.filesWithFindings + other.filesWithFindings,
    otherFiles: one.otherFiles + other.otherFiles,
    skipped: addCounts(one.skipped, other.skipped),
    languages: addCounts(one.languages, other.languages),
    omitted: one.omitted + other.omitted,
    fixable: addCounts(one.fixable, other.fixable),
    withoutGit: one.withoutGit ?? other.withoutGit,
  };
}

/** Of one call of the scanner. */
export function reportOfScan({ found, languages, skipped }: ScanResult): ReadReport {
  const { [NO_LANGUAGE]: nameless = 0, ...reasons } = countsOf(skipped.map(({ reason }) => reason));
  return {
    ...NOTHING_READ,
    findings: found.reduce((sum, { markers }) => sum + markers.length, 0),
    filesRead: Object.values(languages).reduce((sum, count) => sum + count, 0),
    filesWithFindings: found.filter(({ markers }) => markers.length > 0).length,
    otherFiles: nameless,
    skipped: reasons,
    languages,
    omitted: found.reduce((sum, { omitted }) => sum + omitted, 0),
    fixable: countsOf(found.flatMap(({ fixes }) => fixes.map(({ kind }) => kind))),
  };
}

/** The most frequent language first. */
export function inOrder(report: ReadReport): ReadReport {
  const languages = Object.entries(report.languages).sort(([name, count], [other, more]) => more - count || (name < other ? -1 : 1));
  return { ...report, languages: Object.fromEntries(languages) };
}
