import { ExecutionLogger, GENESIS_HASH, InvariantChecker, LifecycleController, MemoryLogStore, type Entry } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { KernelBus } from '../../src/kernel/bus.js';

/**
 * The last line of defence: no caller gets this far with such a proposal, and if one ever does it is stopped before the log.
 */
describe('KernelBus', () => {
  let lifecycle: LifecycleController;
  let log: ExecutionLogger;
  let bus: KernelBus;
  const told: string[] = [];

  beforeEach(async () => {
    told.length = 0;
    lifecycle = new LifecycleController();
    const report = (): void => undefined;
    log = new ExecutionLogger({ store: new MemoryLogStore(), ports: new VirtualTime().ports, durability: 'strict', onFailure: report, report });
    await log.open();
    bus = new KernelBus({ log, lifecycle, invariants: new InvariantChecker(), guards: [], report });
    bus.project(lifecycle);
    bus.subscribe(({ kind }) => told.push(kind));
    bus.emit({ kind: 'AGENT_ACTIVATED', agent: null, data: { transition: { trigger: 'activate', to: 'ACTIVE' } } });
    move('spawn');
    move('activate');
  });

  function move(trigger: Parameters<LifecycleController['decide']>[1]): void {
    bus.emit({ kind: 'AGENT_MOVED', agent: 'a', data: { reason: '', transition: lifecycle.decide('a', trigger) } });
  }

  /** What an emit throws; nothing of it may have been recorded. */
  function breach(emit: () => unknown): string {
    const { nextSeq, head } = log;
    const tellings = told.length;
    try {
      emit();
    } catch (error) {
      expect([log.nextSeq, log.head, told.length]).toEqual([nextSeq, head, tellings]);
      const { code, details } = error as { code: string; details: { invariant: string } };
      return `${code} ${details.invariant}`;
    }
    return 'accepted';
  }

  test('records, applies and tells, in this order', () => {
    expect(lifecycle.stateOf('a')).toBe('ACTIVE');
    const stateWhenTold: string[] = [];
    bus.subscribe(() => stateWhenTold.push(lifecycle.stateOf('a')));
    const entry = bus.emit({ kind: 'AGENT_MOVED', agent: 'a', data: { reason: 'x', transition: lifecycle.decide('a', 'suspend') } });
    expect(entry).toMatchObject({ busSeq: 3, agent: 'a', kind: 'AGENT_MOVED', data: { reason: 'x' } });
    expect(entry.prev).not.toBe(GENESIS_HASH);
    expect(stateWhenTold).toEqual(['RESUMABLE']);
  });

  test('refuses a transition that is not in the table, or leads elsewhere', () => {
    expect(breach(() => bus.emit({ kind: 'AGENT_MOVED', agent: 'a', data: { reason: '', transition: { trigger: 'recover', to: 'RECOVERING' } } }))).toBe('INVARIANT_BREACH INV-02');
    expect(breach(() => bus.emit({ kind: 'AGENT_MOVED', agent: 'a', data: { reason: '', transition: { trigger: 'yield', to: 'ACTIVE' } } }))).toBe('INVARIANT_BREACH INV-02');
    expect(lifecycle.stateOf('a')).toBe('ACTIVE');
  });

  test('refuses what an agent does that has ended, and records what is only told of it', () => {
    move('breach');
    expect(breach(() => bus.emit({ kind: 'MEMORY_SET', agent: 'a', data: { tick: 1, key: 'k', value: 1 } }))).toBe('INVARIANT_BREACH INV-09');
    expect(breach(() => bus.propose({ kind: 'MEMORY_DELETED', agent: 'a', data: { tick: 1, key: 'k' } }))).toBe('INVARIANT_BREACH INV-09');
    bus.emit({ kind: 'TRANSITION_REFUSED', agent: 'a', data: { from: 'TERMINATED', trigger: 'resume', reason: '' } });
    expect(told.at(-1)).toBe('TRANSITION_REFUSED');
  });

  test('refuses to fold an entry out of its turn', () => {
    const entry = { busSeq: 7, time: 0, agent: null, kind: 'KERNEL_STARTED', data: {}, prev: '', hash: '' } as unknown as Entry;
    expect(breach(() => { bus.apply(entry); })).toBe('INVARIANT_BREACH INV-16');
    expect(breach(() => { bus.apply({ ...entry, busSeq: 1 }); })).toBe('INVARIANT_BREACH INV-16');
  });

  test('a log that can not take an entry leaves no trace of it', () => {
    const { nextSeq, head } = log;
    expect(() => bus.emit({ kind: 'AGENT_MOVED', agent: 'a', data: { reason: 1n as never, transition: lifecycle.decide('a', 'suspend') } })).toThrow(TypeError);
    expect([log.nextSeq, log.head, lifecycle.stateOf('a')]).toEqual([nextSeq, head, 'ACTIVE']);
  });
});
