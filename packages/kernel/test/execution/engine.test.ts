import { OmniError, TickEngine, type Instruction, type Outcome } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import type { Awaiting, TickOutput } from '../../src/execution/index.js';
import type { Evaluated } from '../../src/programs/index.js';

const DENIED = { code: 'PERMISSION_DENIED', failureClass: 'POLICY_VIOLATION', message: 'no' } as const;

/** What each instruction comes to, by its op; what was evaluated is kept. */
class Machine {
  readonly calls: [op: unknown, call: number][] = [];
  readonly outcomes = new Map<number, Outcome>();
  readonly #process: Generator<Instruction, unknown>;
  readonly #maxSteps: number;

  constructor(program: () => Generator<unknown, unknown, never>, maxSteps = 100) {
    this.#process = program() as Generator<Instruction, unknown>;
    this.#maxSteps = maxSteps;
  }

  tick(awaiting?: Awaiting): TickOutput {
    return new TickEngine().runTick({
      process: this.#process,
      awaiting,
      maxSteps: this.#maxSteps,
      outcomeOf: (call) => this.outcomes.get(call)!,
      evaluate: (instruction, call) => this.#evaluate(instruction, call),
    });
  }

  #evaluate(instruction: Instruction | undefined, call: number): Evaluated {
    this.calls.push([instruction?.op, call]);
    switch (instruction?.op) {
      case 'NOOP':
        return { ok: true, value: call };
      case 'CALL_TOOL':
        return 'TOOL';
      case 'SLEEP':
        return 'TIMER';
      case 'SEND':
        return { ok: false, error: DENIED };
      case 'DECIDE':
        return { ok: false, error: DENIED, fatal: new OmniError('LIMIT', 'over') };
      default:
        return { ok: false, error: { ...DENIED, code: 'INVALID_INSTRUCTION' } };
    }
  }
}

const noop = { op: 'NOOP' };
const call = { op: 'CALL_TOOL', tool: 't' };
const sleep = { op: 'SLEEP', ms: 1 };
const send = { op: 'SEND', to: 'x', body: 1 };
const decide = { op: 'DECIDE', approval: 1, approved: true };

describe('a tick', () => {
  test('runs from start to return, with the call index as the result of each step', () => {
    const machine = new Machine(function* () {
      const first: number = yield noop;
      const second: number = yield noop;
      return [first, second];
    });
    expect(machine.tick()).toEqual({ outcome: 'COMPLETED', value: [0, 1] });
  });

  test('ends at the first instruction that waits, and goes on with its outcome', () => {
    const machine = new Machine(function* () {
      const result: string = yield call;
      return result;
    });
    expect(machine.tick()).toEqual({ outcome: 'PENDING_TOOL', awaiting: 0 });
    machine.outcomes.set(0, { ok: true, value: 'done' });
    expect(machine.tick(0)).toEqual({ outcome: 'COMPLETED', value: 'done' });
  });

  test('throws into the program what failed while it waited, as an OmniError that it can catch', () => {
    const machine = new Machine(function* () {
      try {
        yield call;
      } catch (error) {
        return [error instanceof OmniError, (error as OmniError).code];
      }
      return 'no error';
    });
    machine.tick();
    machine.outcomes.set(0, { ok: false, error: DENIED });
    expect(machine.tick(0)).toEqual({ outcome: 'COMPLETED', value: [true, 'PERMISSION_DENIED'] });
  });

  test('does not run without the outcome that it waited for, and that is not the program\'s failure', () => {
    let isResumed = false;
    const machine = new Machine(function* () {
      try {
        yield call;
      } finally {
        isResumed = true;
      }
    });
    machine.tick();
    const missing = new Error('nothing is on record');
    expect(() => new TickEngine().runTick({
      process: (function* () { /* never asked */ })() as never, awaiting: 0, maxSteps: 1,
      outcomeOf: () => { throw missing; },
      evaluate: () => 'TOOL',
    })).toThrow(missing);
    expect(isResumed).toBe(false);
  });

  test('counts calls anew in each tick', () => {
    const machine = new Machine(function* () {
      yield noop;
      yield call;
      yield noop;
      yield call;
    });
    expect(machine.tick()).toEqual({ outcome: 'PENDING_TOOL', awaiting: 1 });
    machine.outcomes.set(1, { ok: true, value: null });
    expect(machine.tick(1)).toEqual({ outcome: 'PENDING_TOOL', awaiting: 1 });
    expect(machine.calls).toEqual([['NOOP', 0], ['CALL_TOOL', 1], ['NOOP', 0], ['CALL_TOOL', 1]]);
  });

  test.each([
    ['an error', new RangeError('boom')],
    ['a string', 'boom'],
    ['nothing', undefined],
  ])('fails with whatever the program throws: %s', (_name, thrown) => {
    const machine = new Machine(function* () {
      throw thrown;
    });
    expect(machine.tick()).toEqual({ outcome: 'FAILED', error: thrown });
  });

  test('ends at once where the kernel can not go on, and the program has no say in it', () => {
    let isCaught = false;
    const machine = new Machine(function* () {
      try {
        yield decide;
      } catch {
        isCaught = true;
      }
    });
    expect(machine.tick()).toMatchObject({ outcome: 'ENDED', error: { code: 'LIMIT' } });
    expect(isCaught).toBe(false);
  });

  test('hands junk to the kernel, which refuses it', () => {
    const machine = new Machine(function* () {
      const refused: unknown[] = [];
      for (const junk of [undefined, null, 5, 'text', {}, { op: 5 }, [], Symbol('x'), () => noop]) {
        try {
          yield junk;
        } catch (error) {
          refused.push((error as OmniError).code);
        }
      }
      return refused;
    });
    expect(machine.tick()).toEqual({ outcome: 'COMPLETED', value: Array(9).fill('INVALID_INSTRUCTION') });
  });

  test('fails with what an instruction throws when it is looked at', () => {
    const thrown = new Error('hands off');
    const machine = new Machine(function* () {
      yield { get op() { throw thrown; } };
    });
    expect(machine.tick()).toEqual({ outcome: 'FAILED', error: thrown });
  });
});

describe('RETURN', () => {
  test('completes with its value, after the finally blocks', () => {
    const order: string[] = [];
    const machine = new Machine(function* () {
      try {
        yield { op: 'RETURN', value: 42 };
        order.push('never');
      } finally {
        order.push('finally');
      }
    });
    expect(machine.tick()).toEqual({ outcome: 'COMPLETED', value: 42 });
    expect(order).toEqual(['finally']);
  });

  test('evaluates nothing that a finally block still yields', () => {
    const machine = new Machine(function* () {
      try {
        yield { op: 'RETURN', value: 1 };
      } finally {
        yield call;
      }
    });
    expect(machine.tick()).toEqual({ outcome: 'COMPLETED', value: 1 });
    expect(machine.calls).toEqual([]);
  });

  test('fails when a finally block throws', () => {
    const tidyUp = (): never => {
      throw 'late';
    };
    const machine = new Machine(function* () {
      try {
        yield { op: 'RETURN', value: 1 };
      } finally {
        tidyUp();
      }
    });
    expect(machine.tick()).toEqual({ outcome: 'FAILED', error: 'late' });
  });
});

describe('maxSteps', () => {
  const endless = function* (): Generator<unknown, unknown, never> {
    for (;;) yield noop;
  };

  test('is a number of instructions that are evaluated, and then TICK_OVERFLOW', () => {
    const machine = new Machine(endless, 7);
    expect(machine.tick()).toMatchObject({ outcome: 'FAILED', error: { code: 'TICK_OVERFLOW' } });
    expect(machine.calls).toHaveLength(7);
  });

  test('may be reached', () => {
    const machine = new Machine(function* () {
      for (let step = 0; step < 7; step++) yield noop;
      return 'done';
    }, 7);
    expect(machine.tick()).toEqual({ outcome: 'COMPLETED', value: 'done' });
  });

  test('counts refusals, too', () => {
    const machine = new Machine(function* () {
      for (;;) {
        try {
          yield send;
        } catch { /* tries again */ }
      }
    }, 7);
    expect(machine.tick()).toMatchObject({ outcome: 'FAILED', error: { code: 'TICK_OVERFLOW' } });
  });

  test('counts every part of an ALL, before any of them is evaluated', () => {
    const machine = new Machine(function* () {
      yield { op: 'ALL', of: Array(5).fill(noop) };
      yield { op: 'ALL', of: Array(5).fill(noop) };
    }, 9);
    expect(machine.tick()).toMatchObject({ outcome: 'FAILED', error: { code: 'TICK_OVERFLOW' } });
    expect(machine.calls).toHaveLength(5);
  });

  test('counts an empty ALL', () => {
    const machine = new Machine(function* () {
      for (;;) yield { op: 'ALL', of: [] };
    }, 9);
    expect(machine.tick()).toMatchObject({ outcome: 'FAILED', error: { code: 'TICK_OVERFLOW' } });
  });

  test('is counted anew in each tick', () => {
    const machine = new Machine(function* () {
      for (let step = 0; step < 5; step++) yield noop;
      yield call;
      for (let step = 0; step < 5; step++) yield noop;
      return 'done';
    }, 6);
    machine.tick();
    machine.outcomes.set(5, { ok: true, value: null });
    expect(machine.tick(5)).toEqual({ outcome: 'COMPLETED', value: 'done' });
  });
});

describe('ALL', () => {
  test('answers a list of outcomes, each part a call of its own', () => {
    const machine = new Machine(function* () {
      const outcomes: unknown = yield { op: 'ALL', of: [noop, send, noop] };
      return outcomes;
    });
    expect(machine.tick()).toEqual({
      outcome: 'COMPLETED',
      value: [{ ok: true, value: 0 }, { ok: false, error: DENIED }, { ok: true, value: 2 }],
    });
  });

  test('waits for the parts that wait, and keeps what the others came to', () => {
    const machine = new Machine(function* () {
      yield noop;
      const outcomes: unknown = yield { op: 'ALL', of: [call, noop, sleep, send] };
      return outcomes;
    });
    const output = machine.tick();
    expect(output).toEqual({ outcome: 'PENDING_TOOL', awaiting: [1, { ok: true, value: 2 }, 3, { ok: false, error: DENIED }] });
    machine.outcomes.set(1, { ok: true, value: 'a' });
    machine.outcomes.set(3, { ok: true, value: 'b' });
    expect(machine.tick((output as { awaiting: Awaiting }).awaiting)).toEqual({
      outcome: 'COMPLETED',
      value: [{ ok: true, value: 'a' }, { ok: true, value: 2 }, { ok: true, value: 'b' }, { ok: false, error: DENIED }],
    });
  });

  test('ends with the part that the kernel can not go on with; the parts after it are not evaluated', () => {
    const machine = new Machine(function* () {
      yield { op: 'ALL', of: [noop, decide, noop] };
    });
    expect(machine.tick()).toMatchObject({ outcome: 'ENDED', error: { code: 'LIMIT' } });
    expect(machine.calls.map(([op]) => op)).toEqual(['NOOP', 'DECIDE']);
  });

  test('goes on with the next call index after its parts', () => {
    const machine = new Machine(function* () {
      yield { op: 'ALL', of: [noop, noop, noop] };
      const next: number = yield noop;
      return next;
    });
    expect(machine.tick()).toEqual({ outcome: 'COMPLETED', value: 3 });
  });

  test.each([
    ['nested', { op: 'ALL', of: [noop, { op: 'ALL', of: [noop] }] }],
    ['around a RETURN', { op: 'ALL', of: [noop, { op: 'RETURN', value: 1 }] }],
    ['of no list', { op: 'ALL', of: 'nothing' }],
    ['of nothing', { op: 'ALL' }],
  ])('%s is refused as a whole', (_name, instruction) => {
    const machine = new Machine(function* () {
      try {
        yield instruction;
      } catch (error) {
        return (error as OmniError).code;
      }
      return 'accepted';
    });
    expect(machine.tick()).toEqual({ outcome: 'COMPLETED', value: 'INVALID_INSTRUCTION' });
    expect(machine.calls).toEqual([['ALL', 0]]);
  });

  test('with junk among its parts refuses the junk alone', () => {
    const machine = new Machine(function* () {
      const outcomes: Outcome[] = yield { op: 'ALL', of: [undefined, noop, null] };
      return outcomes.map(({ ok }) => ok);
    });
    expect(machine.tick()).toEqual({ outcome: 'COMPLETED', value: [false, true, false] });
  });

  test('is read once: a list that changes under the kernel gains nothing', () => {
    let reads = 0;
    const shifty = new Proxy([noop, noop], {
      get: (list, key, receiver) => (key === '0' && reads++ > 0 ? { op: 'ALL', of: [call] } : Reflect.get(list, key, receiver)),
    });
    const machine = new Machine(function* () {
      const outcomes: Outcome[] = yield { op: 'ALL', of: shifty };
      return outcomes.map(({ ok }) => ok);
    });
    expect(machine.tick()).toEqual({ outcome: 'COMPLETED', value: [true, true] });
  });
});
