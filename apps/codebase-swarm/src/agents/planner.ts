import { defineAgent } from '@omnipaw/kernel';
import type { AreaSummary, Finding, PlanItem } from '../plan/findings.js';
import { makePlan } from '../plan/make-plan.js';
import { readPages, writePage } from './board.js';
import { chunks } from './chunks.js';
import { FINDINGS } from './reader.js';

export const PLAN = 'plan';

export interface PlannerInput {
  /** How many pages of findings there are. */
  readonly pages: number;
}

/** What the planner tells; the plan itself is on the board. */
export interface PlanReport {
  readonly pages: number;
  readonly items: number;
  /** How many are not kept track of yet. */
  readonly edits: number;
  /** The highest sum of scores first. */
  readonly areas: readonly AreaSummary[];
  /** The highest scores of all. */
  readonly top: readonly PlanItem[];
  /** The moment for which ages and scores hold, milliseconds since the epoch. */
  readonly now: number;
}

const ITEMS_PER_PAGE = 500;
const TOP_COUNT = 5;

/** Ranks and groups the findings. It calls no tool: what it needs is on the board and in the recorded time. */
export function plannerAgent() {
  return defineAgent<PlannerInput, PlanReport>('planner', function* (ctx, { pages }) {
    const findings = yield* readPages<Finding, unknown>(ctx, FINDINGS, pages);
    const now = ctx.now();
    const { items, areas } = makePlan(findings, now);
    const parts = chunks(items, ITEMS_PER_PAGE);
    for (const [page, part] of parts.entries()) yield* writePage(ctx, { list: PLAN, page, items: part });
    const edits = items.filter(({ edit }) => edit !== null).length;
    const top = [...items].sort((one, other) => other.score - one.score).slice(0, TOP_COUNT);
    return { pages: parts.length, items: items.length, edits, areas, top, now };
  });
}
