import { defineAgent, inspect, type AgentContext } from '@omnipaw/kernel';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';
import { attempt, runProgram } from '../tools/run-program.js';

const ODD_KEYS = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '*', '..', ' ', 'ä', '😀', '0', '-1', '"'];

describe('a key', () => {
  it.each(ODD_KEYS)('may be %j, in memory, in scratch and in shared memory, and after a restart', async (key) => {
    const program = function* (ctx: AgentContext) {
      const before = [yield* ctx.memory.get(key), yield* ctx.scratch.get(key), (yield* ctx.shared(key).get(key)).value];
      yield* ctx.memory.set(key, 1);
      yield* ctx.scratch.set(key, 2);
      yield* ctx.shared(key).set(key, 3, 0);
      yield* ctx.sleep(1);
      return { before: before.map((value) => value ?? null), after: [yield* ctx.memory.get(key), yield* ctx.scratch.get(key), (yield* ctx.shared(key).get(key)).value] };
    };
    const { value, kernel, store, until } = await runProgram(program, { grants: ['read:**', 'write:**'] });
    expect(value).toEqual({ before: [null, null, null], after: [1, 2, 3] });
    expect(Object.entries(kernel.snapshot().shared[key]!)).toEqual([[key, { value: 3, version: 1 }]]);
    expect(Object.entries(kernel.agentSnapshot('main-1').memory)).toEqual([[key, 1]]);

    await until(kernel.stop());
    const reader = defineAgent('reader', function* (ctx) {
      return (yield* ctx.shared(key).get(key)).value ?? null;
    });
    const second = await boot({ log: store, agents: [reader] });
    expect(await second.until(second.kernel.spawn(reader, undefined, { grants: ['read:**'] }).result())).toBe(3);
    const { agents, shared } = await inspect(store);
    expect(Object.entries(shared)).toEqual([[key, { [key]: { value: 3, version: 1 } }]]);
    expect(Object.entries(agents[0]!.memory)).toEqual([[key, 1]]);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });

  it.each<readonly [what: string, key: unknown]>([['empty', ''], ['a number', 5], ['undefined', undefined], ['a list', ['x']], ['a lone surrogate', '\ud800']])(
    'that is %s is refused', async (_what, key) => {
      const { value, entries } = await runProgram(
        function* (ctx) {
          const outcomes = [
            yield* attempt(ctx.memory.set(key as string, 1)), yield* attempt(ctx.memory.get(key as string)), yield* attempt(ctx.memory.delete(key as string)),
            yield* attempt(ctx.scratch.set(key as string, 1)), yield* attempt(ctx.shared('team').set(key as string, 1, 0)),
            yield* attempt(ctx.shared(key as string).get('x')), yield* attempt(ctx.shared(key as string).set('x', 1, 0)),
          ];
          return outcomes.map((outcome) => (outcome.ok ? 'taken' : outcome.code));
        },
        { grants: ['read:**', 'write:**'] },
      );
      expect(value).toEqual(new Array(7).fill('INVALID_INSTRUCTION'));
      expect(ofKind(entries, 'REFUSED')).toHaveLength(7);
    },
  );

  it('can not climb out of its namespace', async () => {
    const { value } = await runProgram(
      function* (ctx) {
        const tries = [ctx.shared('team').get('../secrets'), ctx.shared('team/../other').get('x'), ctx.shared('team').get('a/b'), ctx.shared('teamx').get('a')];
        const outcomes = [];
        for (const one of tries) outcomes.push((yield* attempt(one)).ok);
        return outcomes;
      },
      { grants: ['read:shared:team/*'] },
    );
    expect(value).toEqual([false, false, false, false]);
  });
});

describe("an agent's memory", () => {
  it('is its own', async () => {
    const agent = defineAgent('agent', function* (ctx, value: string) {
      const before = yield* ctx.memory.get('key');
      yield* ctx.memory.set('key', value);
      yield* ctx.sleep(1);
      return [before ?? null, yield* ctx.memory.get('key')];
    });
    const { kernel, until } = await boot({ agents: [agent] });
    const handles = ['a', 'b'].map((value) => kernel.spawn(agent, value));
    expect([await until(handles[0]!.result()), await until(handles[1]!.result())]).toEqual([[null, 'a'], [null, 'b']]);
  });

  it('forgets what is deleted, and nothing that is set to undefined by mistake', async () => {
    const { value, entries } = await runProgram(function* (ctx) {
      yield* ctx.memory.set('key', 1);
      const mistake = yield* attempt(ctx.memory.set('key', undefined as never));
      const still = yield* ctx.memory.get('key');
      yield* ctx.memory.delete('key');
      yield* ctx.memory.delete('never there');
      return { mistake, still: still ?? null, now: (yield* ctx.memory.get('key')) ?? null };
    });
    expect(value).toMatchObject({ mistake: { ok: false, code: 'SERIALIZATION_ERROR' }, still: 1, now: null });
    expect(ofKind(entries, 'MEMORY_DELETED').map(({ data }) => data.key)).toEqual(['key', 'never there']);
  });
});

describe('scratch', () => {
  it('lasts over every wait, and is checkpointed only when it was written', async () => {
    const { value, entries } = await runProgram(function* (ctx) {
      const seen = [];
      for (const round of [1, 2, 3]) {
        seen.push((yield* ctx.scratch.get('round')) ?? null);
        if (round !== 2) yield* ctx.scratch.set('round', round);
        yield* ctx.sleep(1);
      }
      return [...seen, yield* ctx.scratch.get('round')];
    });
    expect(value).toEqual([null, 1, 1, 3]);
    expect(ofKind(entries, 'SCRATCH_CHECKPOINTED').map(({ data }) => [data.tick, data.values])).toEqual([[1, { round: 1 }], [3, { round: 3 }]]);
  });

  it('is not in the log when its tick ends by completing', async () => {
    const { text, kernel } = await runProgram(function* (ctx) {
      yield* ctx.scratch.set('key', 'a thought of the moment');
      return (yield* ctx.scratch.get('key')) === 'a thought of the moment';
    });
    expect(text).not.toContain('a thought of the moment');
    expect(kernel.agentSnapshot('main-1').scratch).toEqual({});
  });

  it('is gone when its tick fails, checkpoint and all', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.scratch.set('first', 1);
      yield* ctx.sleep(1);
      yield* ctx.scratch.set('second', 2);
      throw new Error('no');
    });
    const { kernel, rejection, store, until } = await boot({ agents: [main] });
    const handle = kernel.spawn(main, undefined);
    expect(kernel.agentSnapshot(handle.id).scratch).toEqual({ first: 1 });
    await rejection(handle.result());
    expect(kernel.agentSnapshot(handle.id)).toMatchObject({ state: 'FAULTED', scratch: {} });
    await until(kernel.flush());
    expect((await inspect(store)).agents[0]!.scratch).toEqual({});
  });

  it('is gone when its agent is ended from outside', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.scratch.set('first', 1);
      yield* ctx.sleep(1);
    });
    const { kernel } = await boot({ agents: [main] });
    const handle = kernel.spawn(main, undefined);
    kernel.revoke(handle.id, 'enough');
    expect(kernel.agentSnapshot(handle.id).scratch).toEqual({});
  });

  it('stays while its agent is suspended', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.scratch.set('key', 1);
      yield* ctx.sleep(1);
      return (yield* ctx.scratch.get('key')) ?? null;
    });
    const { kernel, until } = await boot({ agents: [main] });
    const handle = kernel.spawn(main, undefined);
    kernel.suspend(handle.id);
    kernel.resume(handle.id);
    expect(await until(handle.result())).toBe(1);
  });

  it('is no other agent\'s', async () => {
    const child = defineAgent('child', function* (ctx) {
      return (yield* ctx.scratch.get('key')) ?? null;
    });
    const { value } = await runProgram(
      function* (ctx) {
        yield* ctx.scratch.set('key', 'mine');
        return [yield* ctx.delegate(child, undefined), yield* ctx.scratch.get('key')];
      },
      { agents: [child], grants: ['delegate:child'] },
    );
    expect(value).toEqual([null, 'mine']);
  });
});

describe('shared memory', () => {
  it('takes a write that names the version that it replaces, and gives the next one', async () => {
    const { value, entries } = await runProgram(
      function* (ctx) {
        const plan = ctx.shared('team');
        const versions = [(yield* plan.get('plan')).version, yield* plan.set('plan', 'a', 0), yield* plan.set('plan', 'b', 1), (yield* plan.get('plan')).version];
        return { versions, other: yield* plan.set('other', 1, 0) };
      },
      { grants: ['read:**', 'write:**'] },
    );
    expect(value).toEqual({ versions: [0, 1, 2, 2], other: 1 });
    expect(ofKind(entries, 'SHARED_WRITTEN').map(({ data }) => data.version)).toEqual([1, 2, 1]);
    expect(ofKind(entries, 'SHARED_READ').map(({ data }) => data.version)).toEqual([0, 2]);
  });

  it.each([1, 5, 2 ** 53])('refuses a write that expects version %i where there is none, and records it', async (expected) => {
    const { value, entries } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.shared('team').set('plan', 'x', expected));
      },
      { grants: ['write:**'] },
    );
    const code = Number.isSafeInteger(expected) ? 'WRITE_CONFLICT' : 'INVALID_INSTRUCTION';
    expect(value).toMatchObject({ ok: false, code });
    expect(ofKind(entries, 'REFUSED').map(({ data }) => data.error.code)).toEqual([code]);
    expect(kindsOf(entries)).not.toContain('SHARED_WRITTEN');
  });

  it.each<readonly [what: string, expected: unknown]>([['negative', -1], ['no number', '0'], ['NaN', NaN], ['missing', undefined], ['half', 0.5]])(
    'refuses a version that is %s', async (_what, expected) => {
      const { value } = await runProgram(
        function* (ctx) {
          return yield* attempt(ctx.shared('team').set('plan', 'x', expected as number));
        },
        { grants: ['write:**'] },
      );
      expect(value).toMatchObject({ ok: false, code: 'INVALID_INSTRUCTION' });
    },
  );

  it('lets one of two writers win; the other reads again and goes on', async () => {
    const writer = defineAgent('writer', function* (ctx, name: string) {
      const list = ctx.shared('team');
      for (let tries = 1; ; tries++) {
        const { value = [], version } = yield* list.get<readonly string[]>('names');
        yield* ctx.sleep(1);
        const written = yield* attempt(list.set('names', [...value, name], version));
        if (written.ok) return tries;
        if (written.code !== 'WRITE_CONFLICT') throw new Error(written.message);
      }
    });
    const { kernel, until, store } = await boot({ agents: [writer] });
    const names = ['a', 'b', 'c', 'd', 'e'];
    const handles = names.map((name) => kernel.spawn(writer, name, { grants: ['read:**', 'write:**'] }));
    const tries: number[] = [];
    for (const handle of handles) tries.push(await until(handle.result()));
    expect(kernel.snapshot().shared).toEqual({ team: { names: { value: names, version: 5 } } });
    const conflicts = ofKind(await entriesOf(store), 'REFUSED').map(({ data }) => data.error);
    expect(conflicts).toHaveLength(tries.reduce((sum, one) => sum + one - 1, 0));
    expect(conflicts[0]).toMatchObject({ code: 'WRITE_CONFLICT', details: { namespace: 'team', key: 'names', expectedVersion: 0, version: 1 } });
  });

  it('asks for reading and writing apart, and for each key', async () => {
    const { value } = await runProgram(
      function* (ctx) {
        const plan = ctx.shared('team');
        const outcomes = [
          yield* attempt(plan.get('readable')), yield* attempt(plan.set('readable', 1, 0)),
          yield* attempt(plan.set('writable', 1, 0)), yield* attempt(plan.get('writable')),
        ];
        return outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.code));
      },
      { grants: ['read:shared:team/readable', 'write:shared:team/writable'] },
    );
    expect(value).toEqual(['ok', 'PERMISSION_DENIED', 'ok', 'PERMISSION_DENIED']);
  });

  it('tells a writer without a grant nothing about versions', async () => {
    const { value } = await runProgram(function* (ctx) {
      return yield* attempt(ctx.shared('team').set('plan', 'x', 7));
    });
    expect(value).toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});
