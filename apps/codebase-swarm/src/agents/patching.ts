/** Patchers: a map-reduce over the files that the plan changes. Each of them is a patch by itself, until a vote accepts it. */
import type { AgentContext, Instruction } from '@omnipaw/kernel';
import { defineSwarm, mapReduce } from '@omnipaw/swarm';
import type { FixKind } from '../fixes/fix-script.js';
import type { PlannedFile } from '../plan/planned-files.js';
import type { Tools } from '../tools/index.js';
import type { Changed } from '../tools/review.js';
import { readGrant, readPage, writeGrant, writePage } from './board.js';
import { chunks } from './chunks.js';
import { CHANGES } from './planner.js';
import { addCounts, countsOf } from './read-report.js';

/** On the board: files that were changed, in the workspace. */
export const PATCHES = 'patches';

export const PATCHER_GRANTS = ['call:workspace.edit', readGrant(CHANGES), readGrant(PATCHES), writeGrant(PATCHES)];

/** A changed file, on which a vote is taken. */
export interface Patch extends Changed {
  /** Comments that got an id. */
  readonly edits: number;
  readonly fixes: Readonly<Partial<Record<FixKind, number>>>;
}

export interface PatchingReport {
  readonly files: number;
  /** Comments that were changed at the source before they could be copied. */
  readonly stale: number;
  /** Files that could not be copied. */
  readonly leftOut: readonly string[];
}

const NOTHING_PATCHED: PatchingReport = Object.freeze({ files: 0, stale: 0, leftOut: [] });
const EDITS_AT_ONCE = 8;

/** Its goal is how many pages of changes there are, its result a {@link PatchingReport}. */
export function patchingSwarm(tools: Tools) {
  return defineSwarm('patching', {
    MAP_REDUCE: mapReduce<number, number, PatchingReport>({
      split: (pages) => Array.from({ length: pages }, (_, page) => page),
      work: (ctx, page) => patch(ctx, tools, page),
      merge: (reports) => reports.reduce(addReports, NOTHING_PATCHED),
    }),
  });
}

function* patch(ctx: AgentContext, tools: Tools, page: number): Generator<Instruction, PatchingReport> {
  const planned = yield* readPage<PlannedFile, unknown>(ctx, CHANGES, page);
  const patches: Patch[] = [];
  const leftOut: string[] = [];
  let stale = 0;
  for (const some of chunks(planned, EDITS_AT_ONCE)) {
    const results = yield* ctx.allSettled(some.map(({ path, edits, fix }) => ctx.tool(tools.edit, { path, edits, fix })));
    for (const [index, { path, lines }] of some.entries()) {
      const result = results[index]!;
      if (result.status === 'rejected') {
        leftOut.push(path);
        continue;
      }
      const { sha256, applied, fixes } = result.value;
      stale += result.value.stale.length;
      if (applied + fixes.length > 0) patches.push({ path, sha256, lines, edits: applied, fixes: countsOf(fixes.map(({ kind }) => kind)) });
    }
  }
  if (patches.length > 0) yield* writePage(ctx, { list: PATCHES, page, items: patches });
  return { files: patches.length, stale, leftOut };
}

function addReports(one: PatchingReport, other: PatchingReport): PatchingReport {
  return { files: one.files + other.files, stale: one.stale + other.stale, leftOut: [...one.leftOut, ...other.leftOut] };
}

/** What all patches change together. */
export function changesOf(patches: readonly Patch[]): Pick<Patch, 'edits' | 'fixes'> {
  return patches.reduce((sum, { edits, fixes }) => ({ edits: sum.edits + edits, fixes: addCounts(sum.fixes, fixes) }), { edits: 0, fixes: {} } as Pick<Patch, 'edits' | 'fixes'>);
}
