import {
  LIFECYCLE_STATES,
  LIFECYCLE_TRIGGERS,
  LifecycleController,
  nextState,
  TRANSITIONS,
  type Entry,
  type LifecycleState,
  type LifecycleTrigger,
} from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';

/** The table of the specification, written down a second time: `from trigger to`. */
const SPECIFIED = `
  DEFINED spawn SPAWNED
  SPAWNED activate ACTIVE
  ACTIVE yield WAITING
  ACTIVE await_tool WAITING
  ACTIVE complete COMPLETING
  ACTIVE error FAULTED
  ACTIVE suspend RESUMABLE
  WAITING resume ACTIVE
  WAITING timeout FAULTED
  WAITING error FAULTED
  WAITING suspend RESUMABLE
  RESUMABLE resume ACTIVE
  RESUMABLE expire TERMINATED
  COMPLETING teardown_ok TERMINATED
  COMPLETING error FAULTED
  FAULTED recover RECOVERING
  FAULTED abandon TERMINATED
  RECOVERING recovery_success ACTIVE
  RECOVERING recovery_exhausted TERMINATED
  DEFINED breach TERMINATED
  SPAWNED breach TERMINATED
  ACTIVE breach TERMINATED
  WAITING breach TERMINATED
  RESUMABLE breach TERMINATED
  COMPLETING breach TERMINATED
  FAULTED breach TERMINATED
  RECOVERING breach TERMINATED`
  .trim()
  .split('\n')
  .map((row) => row.trim().split(' ') as [LifecycleState, LifecycleTrigger, LifecycleState]);

const target = new Map(SPECIFIED.map(([from, trigger, to]) => [`${from} ${trigger}`, to]));
const pairs = LIFECYCLE_STATES.flatMap((from) => LIFECYCLE_TRIGGERS.map((trigger) => [from, trigger] as const));

/** A controller whose agent was led to a state by rows of the table alone. */
function controllerIn(state: LifecycleState): LifecycleController {
  const controller = new LifecycleController();
  for (const trigger of pathTo(state)) {
    const transition = controller.decide('a', trigger);
    controller.apply({ agent: 'a', data: { transition } } as unknown as Entry);
  }
  expect(controller.stateOf('a')).toBe(state);
  return controller;
}

/** The triggers of the shortest way from DEFINED. */
function pathTo(wanted: LifecycleState): LifecycleTrigger[] {
  const ways = new Map<LifecycleState, LifecycleTrigger[]>([['DEFINED', []]]);
  for (const [state, way] of ways) {
    for (const [from, trigger, to] of SPECIFIED) {
      if (from === state && !ways.has(to)) ways.set(to, [...way, trigger]);
    }
  }
  return ways.get(wanted)!;
}

test('there are nine states and sixteen triggers, and the exported table is the specified one', () => {
  expect(pairs).toHaveLength(9 * 16);
  const exported = Object.entries(TRANSITIONS).flatMap(([from, rows]) => Object.entries(rows).map(([trigger, to]) => `${from} ${trigger} ${to}`));
  expect(exported.sort()).toEqual(SPECIFIED.map((row) => row.join(' ')).sort());
});

describe('every row of the table', () => {
  test.each(SPECIFIED)('%s %s → %s', (from, trigger, to) => {
    const controller = controllerIn(from);
    expect(nextState(from, trigger)).toBe(to);
    const transition = controller.decide('a', trigger);
    expect(transition).toEqual({ trigger, to });
    // A decision alone moves nothing (INV-01): the entry does.
    expect(controller.stateOf('a')).toBe(from);
    controller.apply({ agent: 'a', data: { transition } } as unknown as Entry);
    expect(controller.stateOf('a')).toBe(to);
  });
});

describe('every pair that is not in the table is INVALID_TRANSITION, and moves nothing', () => {
  test.each(pairs.filter(([from, trigger]) => !target.has(`${from} ${trigger}`)))('%s %s', (from, trigger) => {
    const controller = controllerIn(from);
    expect(nextState(from, trigger)).toBeUndefined();
    expect(() => controller.decide('a', trigger)).toThrow(
      expect.objectContaining({ code: 'INVALID_TRANSITION', failureClass: 'POLICY_VIOLATION', details: { agent: 'a', from, trigger } }),
    );
    expect(controller.stateOf('a')).toBe(from);
  });
});

test.each(['__proto__', 'constructor', 'toString', ''])('"%s" is no trigger, whatever objects inherit', (trigger) => {
  for (const state of LIFECYCLE_STATES) {
    expect(() => controllerIn(state).decide('a', trigger as LifecycleTrigger)).toThrow(expect.objectContaining({ code: 'INVALID_TRANSITION' }));
  }
});

test('the table can not be changed', () => {
  expect(Object.isFrozen(TRANSITIONS)).toBe(true);
  for (const rows of Object.values(TRANSITIONS)) expect(Object.isFrozen(rows)).toBe(true);
  expect(Object.isFrozen(controllerIn('ACTIVE').decide('a', 'yield'))).toBe(true);
});

test('agents do not share a state, and one that was never spawned is DEFINED', () => {
  const controller = controllerIn('WAITING');
  expect(controller.stateOf('b')).toBe('DEFINED');
  expect(controller.stateOf('__proto__')).toBe('DEFINED');
});
