import type { AgentContext, Instruction, Json } from '@omnipaw/kernel';
import { announce } from '../announce.js';
import type { WorkInfo } from '../crew/index.js';
import { assertCount } from '../require.js';
import { sourceOf, type Job, type Post, type Steps, type Strategy } from '../strategy.js';
import { isHandOff } from './hand-off.js';
import type { Intensity, Restart, Rules, Together } from './machine.js';
import { Supervision, type ChildInput } from './supervision.js';

/** A child of a supervisor. */
export interface SupervisedChild<Input> {
  readonly role: string;
  /** It is given the goal, or what was handed over to it. */
  readonly work: (ctx: AgentContext, input: Input, info: WorkInfo) => Generator<Instruction, unknown>;
  /** When it is started again: however it ends, if it failed (unless given), or never. */
  readonly restart?: Restart;
  /** Whether it is started only when somebody hands over to it. */
  readonly onDemand?: boolean;
}

export interface SupervisorOptions {
  /** Who is started again along with a child: nobody unless given. */
  readonly together?: Together;
  /** More restarts than that within this time, and the swarm fails: 3 within a minute unless given. */
  readonly intensity?: Intensity;
}

/**
 * Children that are watched, and started again by the rules of Erlang's supervisors. The result has, by role, what each child
 * came to at last; the swarm is over when all have ended but those that are permanent.
 *
 * Throws a TypeError for children or options that are none.
 */
export function supervisor(children: readonly SupervisedChild<never>[], { together = 'one-for-one', intensity = { maxRestarts: 3, withinMs: 60_000 } }: SupervisorOptions = {}): Strategy {
  const roles = children.map(({ role }) => role);
  if (roles.length === 0 || new Set(roles).size < roles.length) throw new TypeError('A supervisor has at least one child, each with a role of its own.');
  assertCount('maxRestarts', intensity.maxRestarts, 0);
  assertCount('withinMs', intensity.withinMs, 1);
  const rules: Rules = {
    children: children.map(({ role, restart = 'transient', onDemand = false }) => ({ role, restart, isOnDemand: onDemand })),
    together,
    intensity,
  };
  return Object.freeze({
    roles,
    hasSingleRoles: true,
    source: sourceOf(children.map(({ work }) => work), rules),
    *coordinate(ctx: AgentContext, job: Job): Steps<Json> {
      yield* announce(ctx, job, null);
      return yield* new Supervision(ctx, job, rules).run();
    },
    *serve(ctx: AgentContext, { swarm, slot, role, input }: Post): Steps<Json> {
      const { work } = children.find((child) => child.role === role)!;
      const given = input as unknown as ChildInput;
      const result = yield* work(ctx, given.input as never, { key: `${swarm}/${slot}/${given.number}`, swarm, slot });
      if (isHandOff(result)) return { handOff: { to: result.to, input: result.input as Json } };
      return { result: (result === undefined ? null : result) as Json };
    },
  });
}
