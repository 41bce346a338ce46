import { defineAgent, type AgentContext, type Instruction } from '@omnipaw/kernel';
import type { FixableFile } from '../fixes/fix-script.js';
import type { AreaSummary, Finding, PlanItem } from '../plan/findings.js';
import { makePlan, type Plan } from '../plan/make-plan.js';
import { plannedFiles, type PlannedFile } from '../plan/planned-files.js';
import { readPages, readGrant, writeGrant, writePage } from './board.js';
import { chunks, heavyChunks } from './chunks.js';
import { FINDINGS, FIXABLE } from './reading.js';

/** On the board: what there is to do, ranked, and what is to be changed, file by file. */
export const PLAN = 'plan';
export const CHANGES = 'changes';

export const PLANNER_GRANTS = [readGrant(FINDINGS), readGrant(FIXABLE), writeGrant(PLAN), readGrant(PLAN), writeGrant(CHANGES), readGrant(CHANGES)];

export interface PlannerInput {
  /** How many pages of findings there are. */
  readonly pages: number;
  /** Whether what can be fixed mechanically is to be fixed. */
  readonly fix: boolean;
}

/** What the planner tells; the plan itself is on the board. */
export interface PlanReport {
  readonly pages: number;
  readonly items: number;
  /** How many are not kept track of yet. */
  readonly edits: number;
  /** Mechanical changes that are planned. */
  readonly fixes: number;
  /** Pages of the board with files to change. */
  readonly changePages: number;
  /** The highest sum of scores first. */
  readonly areas: readonly AreaSummary[];
  /** The highest scores of all. */
  readonly top: readonly PlanItem[];
  /** The moment for which ages and scores hold, milliseconds since the epoch. */
  readonly now: number;
}

/** What was found: all that a plan is made of. */
export interface Seen {
  readonly findings: readonly Finding[];
  /** Empty unless what can be fixed is to be fixed. */
  readonly fixable: readonly FixableFile[];
}

/** What there is to do, and which files are to be changed for it. */
export interface Decided extends Plan {
  readonly files: readonly PlannedFile[];
}

/** How it is decided what is done. Whatever is not on a planned line is not changed: a juror sees to it. */
export type Planning = (ctx: AgentContext, seen: Seen) => Generator<Instruction, Decided>;

/** All that has no id gets one, and all that can be fixed is fixed. */
// eslint-disable-next-line require-yield -- others ask somebody
export const planByRules: Planning = function* (ctx, { findings, fixable }) {
  const plan = makePlan(findings, ctx.now());
  return { ...plan, files: plannedFiles(plan.items, fixable) };
};

const ITEMS_PER_PAGE = 500;
/** A page of these is what one patcher gets at once, and what a juror looks through at once. */
const PAGE_OF_FILES = { maxItems: 20, maxChars: 256 * 1024 } as const;
const TOP_COUNT = 5;

/** Ranks and groups the findings. It calls no tool: what it needs is on the board and in the recorded time. */
export function plannerAgent(decide: Planning) {
  return defineAgent<PlannerInput, PlanReport>('planner', function* (ctx, { pages, fix }) {
    const findings = yield* readPages<Finding, unknown>(ctx, FINDINGS, pages);
    const fixable = fix ? yield* readPages<FixableFile, unknown>(ctx, FIXABLE, pages) : [];
    const now = ctx.now();
    const { items, areas, files } = yield* decide(ctx, { findings, fixable });
    const parts = chunks(items, ITEMS_PER_PAGE);
    for (const [page, part] of parts.entries()) yield* writePage(ctx, { list: PLAN, page, items: part });
    const changes = heavyChunks(files, PAGE_OF_FILES);
    for (const [page, part] of changes.entries()) yield* writePage(ctx, { list: CHANGES, page, items: part });
    const edits = items.filter(({ edit }) => edit !== null).length;
    const fixes = fixable.reduce((sum, file) => sum + file.fixes.length, 0);
    const top = [...items].sort((one, other) => other.score - one.score).slice(0, TOP_COUNT);
    return { pages: parts.length, items: items.length, edits, fixes, changePages: changes.length, areas, top, now };
  });
}
