import { createKernel, defineAgent, MemoryLogStore, OmniError, type AgentDefinition, type Instruction, type Outcome } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, ofKind } from '../support/index.js';

/** What the only agent of a kernel comes to. */
async function outcomeOf<Result>(definition: AgentDefinition<unknown, Result>): Promise<unknown> {
  const { kernel, until } = await boot({ agents: [definition], maxStepsPerTick: 50 });
  return until(kernel.spawn(definition, null).result().catch((error: unknown) => error as OmniError));
}

function boom(): never {
  throw new Error('boom');
}

describe('a program that throws is FAULTED, and the error says what it threw', () => {
  test.each([
    ['a string', 'boom', 'The program of agent "thrower-1" threw a string: boom'],
    ['nothing', undefined, 'The program of agent "thrower-1" threw undefined: undefined'],
    ['an error', new RangeError('boom'), 'The program of agent "thrower-1" threw RangeError: boom'],
    ['a hostile error', Object.defineProperty(new Error(), 'message', { get: boom }), expect.stringContaining('threw Error: an unprintable object')],
  ])('%s', async (_name, thrown, message) => {
    const thrower = defineAgent('thrower', function* () {
      throw thrown;
    });
    expect(await outcomeOf(thrower)).toMatchObject({ code: 'PROGRAM_FAILED', message });
  });

  test('with the code of an OmniError of its own', async () => {
    const thrower = defineAgent('thrower', function* () {
      throw new OmniError('OUT_OF_PAPER', 'refill');
    });
    expect(await outcomeOf(thrower)).toMatchObject({ code: 'OUT_OF_PAPER', failureClass: 'PERMANENT', message: 'refill' });
  });

  test('a breach of an invariant is not its to declare', async () => {
    const thrower = defineAgent('thrower', function* () {
      throw new OmniError('INVARIANT_BREACH', 'me');
    });
    expect(await outcomeOf(thrower)).toMatchObject({ code: 'INVARIANT_BREACH', failureClass: 'PERMANENT' });
  });
});

describe('a result that is not JSON faults the agent', () => {
  test.each([
    ['a date', new Date(0)],
    ['a function', () => null],
    ['NaN', [Number.NaN]],
    ['a getter that throws', Object.defineProperty({}, 'secret', { get: boom, enumerable: true })],
  ])('%s', async (_name, value) => {
    const faulty = defineAgent('faulty', function* () {
      return value;
    });
    expect(await outcomeOf(faulty)).toMatchObject({ failureClass: 'PERMANENT' });
  });

  test('nothing at all is null', async () => {
    const silent = defineAgent('silent', function* () { /* returns nothing */ });
    expect(await outcomeOf(silent)).toBeNull();
  });
});

describe('an asynchronous program is refused, and no promise of it is left unhandled', () => {
  test('an async function', async () => {
    const late = defineAgent('late', (async () => {
      throw new Error('nobody awaits this');
    }) as never);
    expect(await outcomeOf(late)).toMatchObject({ code: 'PROGRAM_FAILED', message: expect.stringContaining('asynchronous') });
  });

  test('an async generator function', async () => {
    const late = defineAgent('late', async function* () {
      yield { op: 'NOOP' };
    } as never);
    expect(await outcomeOf(late)).toMatchObject({ code: 'PROGRAM_FAILED', message: expect.stringContaining('asynchronous') });
  });

  test('an async evalInstruction', async () => {
    const late = defineAgent('late', {
      evalInstruction: (async () => {
        throw new Error('nobody awaits this');
      }) as never,
    });
    expect(await outcomeOf(late)).toMatchObject({ code: 'INVALID_INSTRUCTION' });
  });
});

describe('a program that is none', () => {
  test('an ordinary function faults its agent with words that help', async () => {
    const plain = defineAgent('plain', (() => null) as never);
    expect(await outcomeOf(plain)).toMatchObject({ code: 'PROGRAM_FAILED', message: expect.stringContaining('function*') });
  });

  test('a constructor that throws faults its agent', async () => {
    const broken = defineAgent('broken', boom);
    expect(await outcomeOf(broken)).toMatchObject({ code: 'PROGRAM_FAILED', cause: { message: 'boom' } });
  });

  test('neither a function nor evalInstruction is a TypeError', () => {
    expect(() => defineAgent('nothing', {} as never)).toThrow(TypeError);
    expect(() => defineAgent('bad name', function* () { /* nothing */ })).toThrow(TypeError);
  });
});

describe('what a program yields', () => {
  /** Yields each instruction and answers with the codes of what was refused. */
  function yielding(...instructions: unknown[]): AgentDefinition<unknown, string[]> {
    return defineAgent('yielder', function* () {
      const codes: string[] = [];
      for (const instruction of instructions) {
        try {
          yield instruction as Instruction;
          codes.push('accepted');
        } catch (error) {
          codes.push((error as OmniError).code);
        }
      }
      return codes;
    });
  }

  const junk: unknown[] = [
    undefined, null, 7, 'CALL_TOOL', Symbol('s'), [], {}, { op: 'FLY' }, { op: '__proto__' }, { op: { toString: () => 'NOOP' } },
    { op: 'CALL_TOOL' }, { op: 'CALL_TOOL', tool: 7 }, { op: 'CALL_TOOL', tool: '' },
    { op: 'READ', key: 'k' }, { op: 'READ', store: 'disk', key: 'k' }, { op: 'READ', store: 'persistent' }, { op: 'READ', store: 'shared', key: 'k' },
    { op: 'WRITE', store: 'disk', key: 'k', value: 1 }, { op: 'WRITE', store: 'persistent', key: '', value: 1 }, { op: 'WRITE', store: 'shared', namespace: 'n', key: 'k', value: 1 },
    { op: 'WRITE', store: 'shared', namespace: 'n', key: 'k', value: 1, expectedVersion: -1 },
    { op: 'SEND', body: 1 }, { op: 'RECEIVE', channel: 5 }, { op: 'RECEIVE', timeoutMs: -1 }, { op: 'RECEIVE', timeoutMs: 0.5 },
    { op: 'SLEEP' }, { op: 'SLEEP', ms: Infinity }, { op: 'SLEEP', ms: '5' }, { op: 'DELEGATE' }, { op: 'DELEGATE', type: ['x'] }, { op: 'JOIN' },
    { op: 'DECIDE' }, { op: 'DECIDE', approval: 1, approved: 'yes' }, { op: 'DECIDE', approval: 1, approved: true, reason: 5 },
    { op: 'WRITE', store: 'persistent', key: 'lone \ud800', value: 1 },
  ];

  test('is refused as INVALID_INSTRUCTION when it is none, and recorded', async () => {
    const definition = yielding(...junk);
    const { kernel, until, store } = await boot({ agents: [definition] });
    expect(await until(kernel.spawn(definition, null).result())).toEqual(junk.map(() => 'INVALID_INSTRUCTION'));
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'REFUSED').map(({ data }) => data.call)).toEqual(junk.map((_, index) => index));
  });

  test('is refused as SERIALIZATION_ERROR when it carries what is not JSON', async () => {
    const values = [undefined, new Date(0), () => 1, 1n, Number.NaN, -0, new Map(), '\udc00'];
    const definition = yielding(
      ...values.map((value) => ({ op: 'WRITE', store: 'persistent', key: 'k', value })),
      ...values.map((value) => ({ op: 'WRITE', store: 'ephemeral', key: 'k', value })),
    );
    const { kernel, until } = await boot({ agents: [definition] });
    expect(await until(kernel.spawn(definition, null).result())).toEqual(Array(values.length * 2).fill('SERIALIZATION_ERROR'));
  });

  test('may be the same frozen object again and again', async () => {
    const noop = Object.freeze({ op: 'NOOP' });
    expect(await outcomeOf(yielding(noop, noop, noop))).toEqual(['accepted', 'accepted', 'accepted']);
  });

  test('is read once: an object that changes its mind writes where it was permitted, or nowhere', async () => {
    const shifty = (): unknown => {
      let reads = 0;
      return {
        op: 'WRITE', store: 'shared', namespace: 'team', value: 1, expectedVersion: 0,
        get key() { return reads++ === 0 ? 'open' : { toString: () => 'open', toJSON: () => 'closed' }; },
      };
    };
    const definition = yielding(shifty());
    const { kernel, until, store } = await boot({ agents: [definition] });
    await until(kernel.spawn(definition, null, { grants: ['write:shared:team/open'] }).result());
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'SHARED_WRITTEN').map(({ data }) => data.key)).toEqual(['open']);
    expect(kernel.snapshot().shared).toEqual({ team: { open: { value: 1, version: 1 } } });
  });
});

describe('a data program', () => {
  test('is given what happened last, and ends with RETURN', async () => {
    const seen: unknown[] = [];
    const counter = defineAgent('counter', {
      evalInstruction: (previous: { instruction: Instruction; outcome: Outcome } | undefined): Instruction => {
        seen.push(previous);
        if (previous === undefined) return { op: 'WRITE', store: 'persistent', key: 'n', value: 1 };
        if (previous.instruction.op === 'WRITE') return { op: 'READ', store: 'persistent', key: 'n' };
        if (previous.instruction.op === 'READ') return { op: 'CALL_TOOL', tool: 'none' };
        return { op: 'RETURN', value: previous.outcome.ok ? null : previous.outcome.error.code };
      },
    });
    expect(await outcomeOf(counter)).toBe('PERMISSION_DENIED');
    expect(seen).toMatchObject([
      undefined,
      { instruction: { op: 'WRITE' }, outcome: { ok: true } },
      { instruction: { op: 'READ' }, outcome: { ok: true, value: 1 } },
      { instruction: { op: 'CALL_TOOL' }, outcome: { ok: false, error: { code: 'PERMISSION_DENIED' } } },
    ]);
  });

  test('that answers junk sees it refused', async () => {
    const wild = defineAgent('wild', {
      evalInstruction: (previous: { outcome: Outcome } | undefined): Instruction =>
        previous === undefined ? (undefined as never) : { op: 'RETURN', value: previous.outcome.ok ? null : previous.outcome.error.code },
    });
    expect(await outcomeOf(wild)).toBe('INVALID_INSTRUCTION');
  });

  test('runs until maxStepsPerTick when it never returns', async () => {
    const endless = defineAgent('endless', { evalInstruction: (): Instruction => ({ op: 'NOOP' }) });
    expect(await outcomeOf(endless)).toMatchObject({ code: 'TICK_OVERFLOW' });
  });
});

describe('ctx.all', () => {
  test('gives each operation the result that it gives alone', async () => {
    const child = defineAgent('child', function* (_ctx, n: number) {
      return n * 2;
    });
    const parent = defineAgent('parent', function* (ctx) {
      const [first, second] = yield* ctx.all([ctx.start(child, 1), ctx.start(child, 2)]);
      const [third] = yield* ctx.allSettled([ctx.start(child, 3)]);
      if (third.status === 'rejected') throw third.reason;
      return yield* ctx.all([ctx.join(first), ctx.join(second), ctx.join(third.value)]);
    });
    const { kernel, until } = await boot({ agents: [parent, child] });
    expect(await until(kernel.spawn(parent, null, { grants: ['delegate:child'] }).result())).toEqual([2, 4, 6]);
  });
});

test('a kernel without agents and tools starts and stops', async () => {
  const kernel = await createKernel({ log: new MemoryLogStore() });
  expect(kernel.snapshot()).toEqual({ agents: [], shared: {} });
  await kernel.stop();
});
