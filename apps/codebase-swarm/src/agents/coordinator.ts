import { defineAgent } from '@omnipaw/kernel';
import { delegateSwarm, swarmGrants } from '@omnipaw/swarm';
import type { Tools } from '../tools/index.js';
import { BUDGETS, type Budgets } from './budgets.js';
import { CHAIR, chairAgent, CHAIR_GRANTS, type VoteReport } from './chair.js';
import { RULES, type Parts } from './parts.js';
import { PATCHER_GRANTS, patchingSwarm, type PatchingReport } from './patching.js';
import { plannerAgent, PLANNER_GRANTS, type PlanReport } from './planner.js';
import type { ReadReport } from './read-report.js';
import { READER_GRANTS, readingSwarm } from './reading.js';
import { writerAgent, WRITER_GRANTS, type WriteReport } from './writer.js';

export interface Goal {
  /** How many agents read, and how many patch. */
  readonly agents: number;
  readonly fix: boolean;
  readonly check: string | null;
}

export interface SwarmReport {
  readonly read: ReadReport;
  readonly plan: PlanReport;
  readonly patch: PatchingReport;
  readonly vote: VoteReport;
  readonly write: WriteReport;
}

const READING = 'reading';
const PATCHING = 'patching';

/** The agents of the swarm, and what the first of them is granted. */
export function createAgents(tools: Tools, { budgets = BUDGETS, parts = RULES }: { readonly budgets?: Budgets; readonly parts?: Parts } = {}) {
  const reading = readingSwarm(tools);
  const planner = plannerAgent(parts.plan);
  const patching = patchingSwarm(tools, parts.patch);
  const { chair, juror } = chairAgent(tools);
  const writer = writerAgent(tools);
  const [plannerGrants, patcherGrants] = [[...PLANNER_GRANTS, ...parts.grants], [...PATCHER_GRANTS, ...parts.grants]];
  const coordinator = defineAgent<Goal, SwarmReport>('coordinator', function* (ctx, { agents, fix, check }) {
    const crowd = { agents, strategy: 'MAP_REDUCE' } as const;
    const read = yield* delegateSwarm<'MAP_REDUCE', ReadReport>(ctx, { ...crowd, swarm: reading, id: READING, goal: null, grants: READER_GRANTS, budget: budgets.reading });
    const plan = yield* ctx.delegate(planner, { pages: read.pages, fix }, { grants: plannerGrants, quota: budgets.planner });
    const { pages, changePages, areas, now } = plan;
    const patch = yield* delegateSwarm<'MAP_REDUCE', PatchingReport>(ctx, { ...crowd, swarm: patching, id: PATCHING, goal: changePages, grants: patcherGrants, budget: budgets.patching });
    const vote = yield* ctx.delegate(chair, { pages: changePages, check }, { id: CHAIR, grants: CHAIR_GRANTS, quota: budgets.chair, depth: 1 });
    const task = { pages, patchPages: changePages, areas, now, hasHistory: read.withoutGit === null, filesRead: read.filesRead };
    const write = yield* ctx.delegate(writer, task, { grants: WRITER_GRANTS, quota: budgets.writer });
    return { read, plan, patch, vote, write };
  });
  // One can only hand down what one holds.
  const grants = [
    ...['delegate:planner', 'delegate:chair', 'delegate:writer'],
    ...swarmGrants(READING, reading), ...swarmGrants(PATCHING, patching),
    ...READER_GRANTS, ...plannerGrants, ...patcherGrants, ...CHAIR_GRANTS, ...WRITER_GRANTS,
  ];
  return { agents: [coordinator, ...reading.agents, planner, ...patching.agents, chair, juror, writer], coordinator, grants };
}
