import { deepFreeze } from '../json/index.js';

/** The life of an agent as data: the kernel obeys this table, and the dashboard and the docs draw it. */
export const LIFECYCLE_STATES = [
  'DEFINED',
  'SPAWNED',
  'ACTIVE',
  'WAITING',
  'RESUMABLE',
  'COMPLETING',
  'FAULTED',
  'RECOVERING',
  'TERMINATED',
] as const;

export type LifecycleState = (typeof LIFECYCLE_STATES)[number];

export const LIFECYCLE_TRIGGERS = [
  'spawn',
  'activate',
  'yield',
  'await_tool',
  'complete',
  'error',
  'suspend',
  'resume',
  'timeout',
  'expire',
  'teardown_ok',
  'recover',
  'abandon',
  'recovery_success',
  'recovery_exhausted',
  'breach',
] as const;

export type LifecycleTrigger = (typeof LIFECYCLE_TRIGGERS)[number];

/** From which state which trigger leads where; whatever is not here is INVALID_TRANSITION. */
export const TRANSITIONS: Readonly<
  Record<LifecycleState, Readonly<Partial<Record<LifecycleTrigger, LifecycleState>>>>
> = deepFreeze({
  DEFINED: { spawn: 'SPAWNED', breach: 'TERMINATED' },
  SPAWNED: { activate: 'ACTIVE', breach: 'TERMINATED' },
  ACTIVE: {
    yield: 'WAITING',
    await_tool: 'WAITING',
    complete: 'COMPLETING',
    error: 'FAULTED',
    suspend: 'RESUMABLE',
    breach: 'TERMINATED',
  },
  WAITING: { resume: 'ACTIVE', timeout: 'FAULTED', error: 'FAULTED', suspend: 'RESUMABLE', breach: 'TERMINATED' },
  RESUMABLE: { resume: 'ACTIVE', expire: 'TERMINATED', breach: 'TERMINATED' },
  COMPLETING: { teardown_ok: 'TERMINATED', error: 'FAULTED', breach: 'TERMINATED' },
  FAULTED: { recover: 'RECOVERING', abandon: 'TERMINATED', breach: 'TERMINATED' },
  RECOVERING: { recovery_success: 'ACTIVE', recovery_exhausted: 'TERMINATED', breach: 'TERMINATED' },
  TERMINATED: {},
});

/** Where a trigger leads, or undefined where the table has no such row. */
export function nextState(from: LifecycleState, trigger: LifecycleTrigger): LifecycleState | undefined {
  return TRANSITIONS[from][trigger];
}

/** A transition as the entry carries it that causes it. */
export interface Transition {
  readonly trigger: LifecycleTrigger;
  readonly to: LifecycleState;
}

/** Each row of the table once, since the same transition is recorded many times. */
const ROWS = new Map<LifecycleState, ReadonlyMap<string, Transition>>(
  LIFECYCLE_STATES.map((from) => [
    from,
    new Map(Object.entries(TRANSITIONS[from]).map(([trigger, to]) => [trigger, Object.freeze({ trigger, to }) as Transition])),
  ]),
);

/** The row that a trigger takes, or undefined where the table has none. */
export function transitionFrom(from: LifecycleState, trigger: LifecycleTrigger): Transition | undefined {
  return ROWS.get(from)?.get(trigger);
}
