import type { Grant, Quota } from '@omnipaw/kernel';
import { assertCount } from '../require.js';
import type { Seat, Strategy } from '../strategy.js';

/** Members of one role, with what each of them is granted and given. */
export interface Crowd {
  readonly role: string;
  /** 1 unless given. */
  readonly count?: number;
  /** Instead of what the swarm grants to all. */
  readonly grants?: readonly (Grant | string)[];
  /** Of each for itself, carved out of the swarm's budget; without it they share that. */
  readonly quota?: Quota;
}

/** Who is in a swarm: so many, or so many of each role; one of each role unless given. */
export type Crowds = number | readonly Crowd[];

const WORKER = 'worker';

/** The seats of a swarm; throws a TypeError if a role that the strategy has would have nobody. */
export function seatsOf(agents: Crowds | undefined, strategy: Pick<Strategy, 'roles' | 'hasSingleRoles'>, grants: readonly (Grant | string)[]): readonly Seat[] {
  const { roles } = strategy;
  const crowds = crowdsOf(agents, roles);
  const missing = roles.find((role) => !crowds.some((crowd) => crowd.role === role));
  if (missing !== undefined) throw new TypeError(`Nobody in the swarm has the role "${missing}". Roles that are needed: ${roles.join(', ')}.`);
  if (strategy.hasSingleRoles === true) assertSingle(crowds, roles);
  const counts = new Map<string, number>();
  return crowds.flatMap(({ role, count = 1, grants: own = grants, quota }) => {
    assertCount(`The count of role "${role}"`, count, 1);
    return Array.from({ length: count }, (): Seat => {
      const number = (counts.get(role) ?? 0) + 1;
      counts.set(role, number);
      return { slot: `${role}-${String(number)}`, role, grants: own, ...(quota === undefined ? {} : { quota }) };
    });
  });
}

/** Whoever has no part would be left out without a word. */
function assertSingle(crowds: readonly Crowd[], roles: readonly string[]): void {
  const total = crowds.reduce((sum, { count = 1 }) => sum + count, 0);
  if (total === roles.length) return;
  throw new TypeError(`This strategy has one member for each role (${roles.join(', ')}); found ${String(total)} members. Leave "agents" out, or name each role once.`);
}

function crowdsOf(agents: Crowds | undefined, roles: readonly string[]): readonly Crowd[] {
  const known = roles.length === 0 ? [WORKER] : roles;
  if (agents === undefined) return known.map((role) => ({ role }));
  if (typeof agents !== 'number') return agents;
  assertCount('agents', agents, known.length);
  // Evenly, and what is left over to the first roles.
  return known.map((role, index) => ({ role, count: Math.floor(agents / known.length) + (index < agents % known.length ? 1 : 0) }));
}
