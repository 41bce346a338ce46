import { defineAgent, type Grant } from '@omnipaw/kernel';
import { delegateSwarm, swarmGrants } from '@omnipaw/swarm';
import type { Tools } from '../tools/index.js';
import { BUDGETS, type Budgets } from './budgets.js';
import { CHAIR, chairAgent, CHAIR_GRANTS, type VoteReport } from './chair.js';
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

/** The agents of the swarm, the root first. */
export function createAgents(tools: Tools, budgets: Budgets = BUDGETS) {
  const reading = readingSwarm(tools);
  const planner = plannerAgent();
  const patching = patchingSwarm(tools);
  const { chair, juror } = chairAgent(tools);
  const writer = writerAgent(tools);
  const coordinator = defineAgent<Goal, SwarmReport>('coordinator', function* (ctx, { agents, fix, check }) {
    const read = yield* delegateSwarm<'MAP_REDUCE', ReadReport>(ctx, { swarm: reading, id: READING, agents, goal: null, strategy: 'MAP_REDUCE', grants: READER_GRANTS, budget: budgets.reading });
    const plan = yield* ctx.delegate(planner, { pages: read.pages, fix }, { grants: PLANNER_GRANTS, quota: budgets.planner });
    const patch = yield* delegateSwarm<'MAP_REDUCE', PatchingReport>(ctx, { swarm: patching, id: PATCHING, agents, goal: plan.changePages, strategy: 'MAP_REDUCE', grants: PATCHER_GRANTS, budget: budgets.patching });
    const vote = yield* ctx.delegate(chair, { pages: plan.changePages, check }, { id: CHAIR, grants: CHAIR_GRANTS, quota: budgets.chair, depth: 1 });
    const { pages, areas, now } = plan;
    const task = { pages, patchPages: plan.changePages, areas, now, hasHistory: read.withoutGit === null, filesRead: read.filesRead };
    const write = yield* ctx.delegate(writer, task, { grants: WRITER_GRANTS, quota: budgets.writer });
    return { read, plan, patch, vote, write };
  });
  return { agents: [coordinator, ...reading.agents, planner, ...patching.agents, chair, juror, writer], coordinator, grants: grantsOf(reading, patching) };
}

/** What the coordinator needs: one can only hand down what one holds. */
function grantsOf(reading: ReturnType<typeof readingSwarm>, patching: ReturnType<typeof patchingSwarm>): readonly (Grant | string)[] {
  return [
    ...['delegate:planner', 'delegate:chair', 'delegate:writer'],
    ...swarmGrants(READING, reading), ...READER_GRANTS,
    ...PLANNER_GRANTS,
    ...swarmGrants(PATCHING, patching), ...PATCHER_GRANTS,
    ...CHAIR_GRANTS,
    ...WRITER_GRANTS,
  ];
}
