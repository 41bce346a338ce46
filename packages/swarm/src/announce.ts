import type { AgentContext, Json } from '@omnipaw/kernel';
import { namespaceOf } from './names.js';
import type { Job, Steps } from './strategy.js';

/** What a swarm is about, in the memory that it shares, under the key `plan`. */
export interface Announced {
  readonly strategy: string;
  /** How many tasks there are, if that is known from the beginning. */
  readonly tasks: number | null;
}

/** Puts the goal and the plan where all members can read them, and whoever follows the log. */
export function* announce(ctx: AgentContext, { swarm, goal, strategy }: Pick<Job, 'swarm' | 'goal' | 'strategy'>, tasks: number | null): Steps<void> {
  const shared = ctx.shared(namespaceOf(swarm));
  yield* write('goal', goal);
  const plan: Announced = { strategy, tasks };
  yield* write('plan', plan);

  function* write(key: string, value: Json | Announced): Steps<void> {
    const { version } = yield* shared.get(key);
    yield* shared.set(key, value, version);
  }
}
