/** Patchers: a map-reduce over the files that the plan changes. Each of them is a patch by itself, until a vote accepts it. */
import type { AgentContext, Instruction, Settled } from '@omnipaw/kernel';
import { defineSwarm, mapReduce } from '@omnipaw/swarm';
import type { FixKind } from '../fixes/fix-script.js';
import { addCounts, type Counts } from '../plan/counts.js';
import type { PlannedFile } from '../plan/planned-files.js';
import type { Tools } from '../tools/index.js';
import type { Changed } from '../tools/review.js';
import type { EditResult } from '../tools/workspace.js';
import { readGrant, readPage, writeGrant, writePage } from './board.js';
import { chunks } from './chunks.js';
import { CHANGES } from './planner.js';

/** On the board: files that were changed, in the workspace. */
export const PATCHES = 'patches';

export const PATCHER_GRANTS = ['call:workspace.edit', readGrant(CHANGES), readGrant(PATCHES), writeGrant(PATCHES)];

/** How much of what is changed. */
export interface Changes {
  /** Comments that got an id. */
  readonly edits: number;
  readonly fixes: Counts<FixKind>;
}

/** A changed file, on which a vote is taken. */
export interface Patch extends Changed, Changes {}

export interface PatchingReport {
  readonly files: number;
  /** Comments that were changed at the source before they could be copied. */
  readonly stale: number;
  /** Files that could not be copied. */
  readonly leftOut: readonly string[];
}

/**
 * How files are changed: by one call of `workspace.edit` each, whose outcomes are the answer, in order. It may say which words
 * become which others, on the lines that are planned; what comes of it is looked at by the jury.
 */
export type Patching = (ctx: AgentContext, tools: Tools, planned: readonly PlannedFile[]) => Generator<Instruction, readonly Settled<EditResult>[]>;

/** As planned, and no more. */
export const patchAsPlanned: Patching = function* (ctx, tools, planned) {
  return yield* ctx.allSettled(planned.map(({ path, edits, fix }) => ctx.tool(tools.edit, { path, edits, fix })));
};

export const NO_CHANGES: Changes = Object.freeze({ edits: 0, fixes: {} });
const NOTHING_PATCHED: PatchingReport = Object.freeze({ files: 0, stale: 0, leftOut: [] });
const EDITS_AT_ONCE = 8;

/** Its goal is how many pages of changes there are, its result a {@link PatchingReport}. */
export function patchingSwarm(tools: Tools, patch: Patching) {
  return defineSwarm('patching', {
    MAP_REDUCE: mapReduce<number, number, PatchingReport>({
      split: (pages) => Array.from({ length: pages }, (_, page) => page),
      *work(ctx, page) {
        const planned = yield* readPage<PlannedFile, unknown>(ctx, CHANGES, page);
        const patches: Patch[] = [];
        let report = NOTHING_PATCHED;
        for (const some of chunks(planned, EDITS_AT_ONCE)) {
          const results = yield* patch(ctx, tools, some);
          patches.push(...some.flatMap((file, index) => patchesOf(file, results[index])));
          report = some.reduce((sum, file, index) => addReports(sum, reportOf(file, results[index])), report);
        }
        if (patches.length > 0) yield* writePage(ctx, { list: PATCHES, page, items: patches });
        return report;
      },
      merge: (reports) => reports.reduce(addReports, NOTHING_PATCHED),
    }),
  });
}

/** One, unless there is nothing to vote on. */
function patchesOf({ path, lines }: PlannedFile, result: Settled<EditResult> | undefined): Patch[] {
  if (result?.status !== 'fulfilled' || !result.value.isChanged) return [];
  const { sha256, applied, fixes } = result.value;
  return [{ path, sha256, lines, edits: applied, fixes }];
}

function reportOf(file: PlannedFile, result: Settled<EditResult> | undefined): PatchingReport {
  if (result?.status !== 'fulfilled') return { ...NOTHING_PATCHED, leftOut: [file.path] };
  return { files: patchesOf(file, result).length, stale: result.value.stale.length, leftOut: [] };
}

function addReports(one: PatchingReport, other: PatchingReport): PatchingReport {
  return { files: one.files + other.files, stale: one.stale + other.stale, leftOut: [...one.leftOut, ...other.leftOut] };
}

/** What patches change together. */
export function addChanges(sum: Changes, patches: readonly Changes[]): Changes {
  return patches.reduce<Changes>((all, { edits, fixes }) => ({ edits: all.edits + edits, fixes: addCounts(all.fixes, fixes) }), sum);
}
