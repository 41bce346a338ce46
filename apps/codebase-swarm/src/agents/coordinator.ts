import { defineAgent } from '@omnipaw/kernel';
import type { Tools } from '../tools/index.js';
import { readGrant, writeGrant } from './board.js';
import { BUDGETS, type Budgets } from './budgets.js';
import { patcherAgent, type PatchReport } from './patcher.js';
import { PLAN, plannerAgent, type PlanReport } from './planner.js';
import { FINDINGS, readerAgent, type ReadReport } from './reader.js';

export interface SwarmReport {
  readonly read: ReadReport;
  readonly plan: PlanReport;
  readonly patch: PatchReport;
}

/** What each of the three may do, and nothing else. */
export const READER_GRANTS = ['call:code.list', 'call:code.scan', 'call:host.git.blame', writeGrant(FINDINGS)] as const;
export const PLANNER_GRANTS = [readGrant(FINDINGS), writeGrant(PLAN)] as const;
export const PATCHER_GRANTS = ['call:workspace.*', readGrant(PLAN)] as const;

/** One can only hand down what one holds. */
export const COORDINATOR_GRANTS = [
  'delegate:reader',
  'delegate:planner',
  'delegate:patcher',
  ...READER_GRANTS,
  ...PLANNER_GRANTS,
  ...PATCHER_GRANTS,
] as const;

/** The agents of the swarm, the root first. */
export function createAgents(tools: Tools, budgets: Budgets = BUDGETS) {
  const reader = readerAgent(tools);
  const planner = plannerAgent();
  const patcher = patcherAgent(tools);
  const coordinator = defineAgent<null, SwarmReport>('coordinator', function* (ctx) {
    const read = yield* ctx.delegate(reader, null, { grants: READER_GRANTS, quota: budgets.reader, depth: 0 });
    const plan = yield* ctx.delegate(planner, { pages: read.pages }, { grants: PLANNER_GRANTS, quota: budgets.planner, depth: 0 });
    const { pages, areas, now } = plan;
    const task = { pages, areas, now, hasHistory: read.withoutGit === null, filesRead: read.filesRead };
    const patch = yield* ctx.delegate(patcher, task, { grants: PATCHER_GRANTS, quota: budgets.patcher, depth: 0 });
    return { read, plan, patch };
  });
  return { coordinator, reader, planner, patcher };
}
