import type { AgentContext, Instruction, Json } from '@omnipaw/kernel';
import { announce } from '../announce.js';
import { Crew, crewOptions, workLoop, type Acts, type WorkInfo, type WorkOptions } from '../crew/index.js';
import { assertCount } from '../require.js';
import { sourceOf, type Job, type Post, type Steps, type Strategy } from '../strategy.js';
import { PipelinePlan, type StagePlan } from './plan.js';

/** One step on the way of every item. */
export interface Stage<Item, Result> {
  /** Who does it. */
  readonly role: string;
  readonly work: (ctx: AgentContext, item: Item, info: WorkInfo) => Generator<Instruction, Result>;
  /** How many items may wait for it before the stage before has to pause; 8 unless given. */
  readonly capacity?: number;
}

/** What an item is to one stage is for its own types to say. */
type AnyStage = Stage<never, unknown>;

const DEFAULT_CAPACITY = 8;

/**
 * Items that go through stages, each by members of its own role, many at once. The goal is the list of items; the result has
 * theirs, in order.
 *
 * Throws a TypeError for stages that are none.
 */
export function pipeline(stages: readonly AnyStage[], options: WorkOptions = {}): Strategy {
  if (stages.length === 0) throw new TypeError('A pipeline has at least one stage.');
  const ofCrew = crewOptions(options);
  const plans = stages.map(({ role, capacity = DEFAULT_CAPACITY }): StagePlan => {
    assertCount('capacity', capacity, 1);
    return { role, capacity };
  });
  const acts: Acts = Object.fromEntries(stages.map(({ work }, index) => [String(index), work as Acts[string]]));
  return Object.freeze({
    roles: [...new Set(stages.map(({ role }) => role))],
    source: sourceOf(stages.map(({ work }) => work), { plans, ...options }),
    *coordinate(ctx: AgentContext, job: Job): Steps<Json> {
      const items = Array.isArray(job.goal) ? (job.goal as readonly Json[]) : [job.goal];
      const plan = new PipelinePlan(items, plans, options);
      yield* announce(ctx, job, plan.taskCount);
      return yield* new Crew(ctx, job, { ...ofCrew, plan, race: false }).run();
    },
    serve: (ctx: AgentContext, post: Post) => workLoop(ctx, post, acts),
  });
}
