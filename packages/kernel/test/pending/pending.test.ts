import { LifecycleController, type Entry } from '@omnipaw/kernel';
import { beforeEach, describe, expect, test } from 'vitest';
import { PendingOperations } from '../../src/pending/index.js';

const OK = { ok: true, value: 'done' } as const;
let lifecycle: LifecycleController;
let pending: PendingOperations;
let seq: number;

beforeEach(() => {
  lifecycle = new LifecycleController();
  pending = new PendingOperations(lifecycle);
  seq = 0;
  apply('AGENT_SPAWNED', { transition: lifecycle.decide('a', 'spawn') });
  apply('AGENT_ACTIVATED', { transition: lifecycle.decide('a', 'activate') });
});

/** Records an entry about agent `a`, as the bus would. */
function apply(kind: string, data: object): void {
  const entry = { busSeq: seq++, time: 0, agent: 'a', kind, data } as unknown as Entry;
  lifecycle.apply(entry);
  pending.apply(entry);
}

function call(tick: number, index: number): void {
  apply('TOOL_CALLED', { tick, call: index, ...pending.waiting('a', 'await_tool') });
}

function settle(tick: number, index: number, result: object = OK): void {
  apply('TOOL_RESULT', { tick, call: index, result, ...pending.resuming('a', index) });
}

describe('slots', () => {
  test('the first that is opened makes the agent wait, the last that is settled lets it go on', () => {
    call(1, 0);
    expect(lifecycle.stateOf('a')).toBe('WAITING');
    call(1, 1);
    settle(1, 1);
    expect(lifecycle.stateOf('a')).toBe('WAITING');
    settle(1, 0);
    expect(lifecycle.stateOf('a')).toBe('ACTIVE');
    expect(pending.hasOpen('a')).toBe(false);
    expect(pending.outcomeOf('a', 0)).toEqual(OK);
  });

  test('are settled once: the first outcome stands', () => {
    call(1, 0);
    call(1, 1);
    settle(1, 0);
    settle(1, 0, { ok: true, value: 'again' });
    expect(pending.outcomeOf('a', 0)).toEqual(OK);
    expect(pending.openSlots('a').map((slot) => slot.call)).toEqual([1]);
  });

  test('of another tick or call are not found', () => {
    call(3, 2);
    expect(pending.find('a', 3, 2)).toMatchObject({ kind: 'TOOL', seq: 2 });
    expect(pending.find('a', 2, 2)).toBeUndefined();
    expect(pending.find('a', 3, 1)).toBeUndefined();
    expect(pending.find('b', 3, 2)).toBeUndefined();
    settle(2, 2);
    settle(3, 1);
    expect(pending.hasOpen('a')).toBe(true);
  });

  test('of the last tick are gone when the next one opens its own', () => {
    call(1, 0);
    settle(1, 0);
    call(2, 0);
    expect(pending.outcomeOf('a', 0)).toBeUndefined();
    expect(pending.find('a', 1, 0)).toBeUndefined();
  });

  test('change their kind when an approved instruction becomes what it asked for', () => {
    apply('APPROVAL_REQUESTED', { tick: 1, call: 0, ...pending.waiting('a', 'yield') });
    expect(pending.openSlots('a')).toMatchObject([{ kind: 'APPROVAL' }]);
    call(1, 0);
    expect(pending.openSlots('a')).toMatchObject([{ kind: 'TOOL', seq: 3 }]);
    settle(1, 0);
    expect(pending.hasOpen('a')).toBe(false);
  });

  test.each(['AGENT_FAULTED', 'AGENT_TERMINATED'])('are gone with %s', (kind) => {
    call(1, 0);
    apply(kind, {});
    expect(pending.openSlots('a')).toEqual([]);
    settle(1, 0);
    expect(pending.outcomeOf('a', 0)).toBeUndefined();
  });

  test('settled while the agent is suspended do not move it', () => {
    call(1, 0);
    apply('AGENT_MOVED', { transition: lifecycle.decide('a', 'suspend') });
    settle(1, 0);
    expect(lifecycle.stateOf('a')).toBe('RESUMABLE');
    expect(pending.outcomeOf('a', 0)).toEqual(OK);
  });
});
