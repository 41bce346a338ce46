/**
 * What a supervisor does when a child ends: the rules of Erlang/OTP, pure.
 *
 * 1. Children are started in order, and stopped in the opposite one.
 * 2. A permanent child is started again however it ends, a transient one if it failed, a temporary one never.
 * 3. With a child that is started again go, by strategy: nobody, all others, or those that come after it in order. A temporary child
 *    that is stopped along with them stays away.
 * 4. More than `maxRestarts` within `withinMs` are too many: the supervisor gives up.
 */

export type Restart = 'permanent' | 'transient' | 'temporary';

export type Together = 'one-for-one' | 'one-for-all' | 'rest-for-one';

export interface Intensity {
  readonly maxRestarts: number;
  readonly withinMs: number;
}

/** Of one child: that it runs, or how it stopped. */
export type ChildState = 'running' | 'completed' | 'failed' | 'waiting';

export interface Rules {
  /** In the order in which they are started. */
  readonly children: readonly { readonly role: string; readonly restart: Restart; readonly isOnDemand: boolean }[];
  readonly together: Together;
  readonly intensity: Intensity;
}

export interface SupervisorState {
  /** In the order of the rules. */
  readonly children: readonly ChildState[];
  /** When children were started again, milliseconds since the epoch: those that still count. */
  readonly restartedAt: readonly number[];
}

/** What is to be done, in this order. */
export type Action =
  | { readonly do: 'stop'; readonly child: number }
  | { readonly do: 'start'; readonly child: number }
  | { readonly do: 'give up' };

export interface Step {
  readonly state: SupervisorState;
  readonly actions: readonly Action[];
}

export interface Ended {
  readonly child: number;
  readonly how: 'completed' | 'failed';
  readonly now: number;
}

/** Whoever does not wait to be needed is started. */
export function begin({ children }: Rules): Step {
  const state = { children: children.map(({ isOnDemand }): ChildState => (isOnDemand ? 'waiting' : 'running')), restartedAt: [] };
  return { state, actions: startsOf(indexesOf(state.children, (child) => child === 'running')) };
}

/** A child has ended by itself. */
export function ended(state: SupervisorState, { child, how, now }: Ended, rules: Rules): Step {
  const children = state.children.map((known, index) => (index === child ? how : known));
  if (!isRestarted(rules.children[child]!.restart, how)) return { state: { children, restartedAt: state.restartedAt }, actions: [] };
  const { maxRestarts, withinMs } = rules.intensity;
  const restartedAt = [...state.restartedAt.filter((at) => at > now - withinMs), now];
  if (restartedAt.length > maxRestarts) return { state: { children, restartedAt }, actions: [{ do: 'give up' }] };
  const affected = indexesOf(children, (known, index) => isAffected(rules, { child, index }) && known !== 'waiting');
  const stopped = affected.filter((index) => children[index] === 'running').reverse();
  const started = affected.filter((index) => index === child || rules.children[index]!.restart !== 'temporary');
  return {
    state: { children: children.map((known, index) => (started.includes(index) ? 'running' : stopped.includes(index) ? 'failed' : known)), restartedAt },
    actions: [...stopped.map((index): Action => ({ do: 'stop', child: index })), ...startsOf(started)],
  };
}

/** Somebody hands over to a child: it is started if it does not run. */
export function needed(state: SupervisorState, child: number): Step {
  if (state.children[child] === 'running') return { state, actions: [] };
  const children = state.children.map((known, index) => (index === child ? 'running' : known));
  return { state: { children, restartedAt: state.restartedAt }, actions: startsOf([child]) };
}

/** Whether nobody runs any more whose end is waited for: permanent children run as long as the others need them. */
export function isOver(state: SupervisorState, { children }: Rules): boolean {
  return children.every(({ restart }, index) => restart === 'permanent' || state.children[index] !== 'running') && children.some(({ restart }) => restart !== 'permanent');
}

function isRestarted(restart: Restart, how: Ended['how']): boolean {
  return restart === 'permanent' || (restart === 'transient' && how === 'failed');
}

function isAffected({ together }: Rules, { child, index }: { readonly child: number; readonly index: number }): boolean {
  if (index === child || together === 'one-for-all') return true;
  return together === 'rest-for-one' && index > child;
}

function startsOf(children: readonly number[]): readonly Action[] {
  return children.map((child) => ({ do: 'start', child }));
}

function indexesOf<Value>(values: readonly Value[], isWanted: (value: Value, index: number) => boolean): readonly number[] {
  return values.flatMap((value, index) => (isWanted(value, index) ? [index] : []));
}
