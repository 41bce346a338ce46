/** Readers: a map-reduce over the files of a code base. */
import type { Origin } from '@omnipaw/host';
import type { AgentContext, Instruction } from '@omnipaw/kernel';
import { defineSwarm, mapReduce } from '@omnipaw/swarm';
import type { FixableFile } from '../fixes/fix-script.js';
import type { Finding } from '../plan/findings.js';
import { parseTag } from '../plan/tag.js';
import type { Tools } from '../tools/index.js';
import type { ListResult } from '../tools/list.js';
import type { FileFindings } from '../tools/scan.js';
import { readGrant, writeGrant, writePage } from './board.js';
import { chunks } from './chunks.js';
import { addReports, inOrder, NOTHING_READ, reportOfScan, type ReadReport } from './read-report.js';

/** On the board: comments that ask for work, and what can be fixed mechanically. */
export const FINDINGS = 'findings';
export const FIXABLE = 'fixable';

/** Some files: what is found in them goes on the pages of this number. */
interface Piece {
  readonly page: number;
  readonly paths: readonly string[];
  readonly listing: Pick<ListResult, 'otherFiles' | 'withoutGit'>;
}

type Steps<Result> = Generator<Instruction, Result>;

export const READER_GRANTS = ['call:code.list', 'call:code.scan', 'call:host.git.blame', ...[FINDINGS, FIXABLE].flatMap((list) => [readGrant(list), writeGrant(list)])];

/** Bounded, so that neither a result nor a message grows with the tree. */
const FILES_PER_PIECE = 50;
const BLAMES_AT_ONCE = 8;

/** Its result is a {@link ReadReport}. */
export function readingSwarm(tools: Tools) {
  return defineSwarm('reading', {
    MAP_REDUCE: mapReduce<null, Piece, ReadReport>({
      split: (_, ctx) => piecesOf(ctx, tools),
      work: (ctx, piece) => read(ctx, tools, piece),
      merge: (reports) => inOrder(reports.reduce(addReports, NOTHING_READ)),
    }),
  });
}

/** At least one, since it says what else there is. */
function* piecesOf(ctx: AgentContext, tools: Tools): Steps<Piece[]> {
  const pieces: Piece[] = [];
  for (let from: number | null = 0; from !== null; ) {
    const { files, next, otherFiles, withoutGit }: ListResult = yield* ctx.tool(tools.list, { from });
    const some = files.length === 0 && pieces.length === 0 ? [[]] : chunks(files, FILES_PER_PIECE);
    for (const paths of some) pieces.push({ page: pieces.length, paths, listing: { otherFiles: pieces.length === 0 ? otherFiles : 0, withoutGit } });
    from = next;
  }
  return pieces;
}

function* read(ctx: AgentContext, tools: Tools, { page, paths, listing }: Piece): Steps<ReadReport> {
  const found: FileFindings[] = [];
  let report: ReadReport = { ...NOTHING_READ, ...listing, pages: page + 1 };
  for (let left = paths; left.length > 0; ) {
    const result = yield* ctx.tool(tools.scan, { paths: left });
    found.push(...result.found);
    report = addReports(report, reportOfScan(result));
    left = result.left;
  }
  const marked = found.filter(({ markers }) => markers.length > 0);
  const findings = listing.withoutGit === null ? yield* withOrigins(ctx, tools, marked) : marked.flatMap((file) => findingsOf(file, []));
  const fixable = found.flatMap(({ path, fixes }): FixableFile[] => (fixes.length === 0 ? [] : [{ path, fixes }]));
  if (findings.length > 0) yield* writePage(ctx, { list: FINDINGS, page, items: findings });
  if (fixable.length > 0) yield* writePage(ctx, { list: FIXABLE, page, items: fixable });
  return report;
}

/** Asks git about each file that has markers whose tag does not say it already. */
function* withOrigins(ctx: AgentContext, tools: Tools, marked: readonly FileFindings[]): Steps<Finding[]> {
  const findings: Finding[] = [];
  for (const some of chunks(marked, BLAMES_AT_ONCE)) {
    const answers = yield* ctx.allSettled(some.map((file) => ctx.tool(tools.blame, { path: file.path, lines: linesToAsk(file) })));
    for (const [index, file] of some.entries()) {
      const answer = answers[index]!;
      // A file that git takes too long for has no ages; its markers count all the same.
      findings.push(...findingsOf(file, answer.status === 'fulfilled' ? answer.value.origins : []));
    }
  }
  return findings;
}

function linesToAsk({ markers }: FileFindings): number[] {
  const lines = markers.filter(({ label }) => typeof parseTag(label ?? '')?.date !== 'string').map(({ line }) => line);
  return [...new Set(lines)];
}

function findingsOf({ path, markers }: FileFindings, origins: readonly Origin[]): Finding[] {
  const byLine = new Map(origins.map((origin) => [origin.line, origin]));
  return markers.map((marker) => {
    const origin = byLine.get(marker.line);
    return { ...marker, path, author: origin?.author ?? null, date: origin?.date ?? null };
  });
}
