import { defineAgent, OmniError, replay, type AgentDefinition, type Entry, type Json } from '@omnipaw/kernel';
import { crash, scriptedTool, VirtualTime } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { boot, entriesOf, ofKind } from '../support/index.js';

let time: VirtualTime;
beforeEach(() => { time = new VirtualTime(); });

const note = scriptedTool<{ n: number }, string>({ name: 'note', idempotent: true, script: ({ idempotencyKey }) => ({ value: idempotencyKey }) });

const child = defineAgent('child', function* (ctx, name: string) {
  const { body } = yield* ctx.receive();
  return [name, body];
});

interface Input {
  readonly round: number;
  readonly child?: string;
}

/** Starts a child in its first life, and asks in its third what it has of all that it had. */
const heir = defineAgent<Input, unknown>('heir', function* (ctx, { round, child: started }) {
  if (round === 0) {
    yield* ctx.memory.set('name', 'heir');
    yield* ctx.scratch.set('scratch', 'gone');
  }
  const before = (yield* ctx.memory.get('keys')) ?? [];
  const keys = [...(before as Json[]), yield* ctx.tool(note, { n: round }), ctx.random(), ctx.uuid()];
  yield* ctx.memory.set('keys', keys);
  if (round === 0) {
    const { agent } = yield* ctx.start(child, 'the child');
    yield* ctx.send(agent, 'from the first life');
    return yield* ctx.continueAsNew({ round: 1, child: agent });
  }
  if (round === 1) return yield* ctx.continueAsNew({ round: 2, child: started });
  yield* ctx.sleep(1_000);
  const { body } = yield* ctx.receive();
  return { name: yield* ctx.memory.get('name'), scratch: (yield* ctx.scratch.get('scratch')) ?? null, body, child: yield* ctx.join({ agent: started! }), keys };
});
const cast = { agents: [heir, child], tools: [note] };
const grants = ['call:note', 'delegate:child', 'send:*'];

describe('an agent that continues as new', () => {
  test('has its memory, its mailbox, its children and its grants, and no scratch', async () => {
    const { kernel, store, until } = await boot({ ...cast, time });
    const handle = kernel.spawn(heir, { round: 0 }, { id: 'heir', grants });
    kernel.send('heir', 'early');
    const result = (await until(handle.result())) as { keys: unknown[] };
    expect(result).toMatchObject({ name: 'heir', scratch: null, body: 'early', child: ['the child', 'from the first life'] });
    // Three lives, each with a key, a number and an id of its own.
    expect(new Set(result.keys).size).toBe(9);
    await until(kernel.stop());
    expect(ofKind(await entriesOf(store), 'AGENT_CONTINUED').map(({ data: { input } }) => input)).toEqual([{ round: 1, child: 'child-1' }, { round: 2, child: 'child-1' }]);
    expect(await replay(store, cast)).toMatchObject({ replay: 'REPRODUCED' });
  });

  test.each(['AGENT_CONTINUED', 'MEMORY_SET', 'TOOL_CALLED', 'TOOL_RESULT', 'SLEEP_STARTED'] as const)('has the same after a death at any %s', async (kind) => {
    const whole = await boot({ ...cast, time: new VirtualTime() });
    const straight = whole.kernel.spawn(heir, { round: 0 }, { id: 'heir', grants });
    whole.kernel.send('heir', 'early');
    const expected = { ...((await whole.until(straight.result())) as object), keys: expect.any(Array) as unknown };
    for (let number = 1, isCrashed = true; isCrashed; number++) {
      let seen = 0;
      const died = await crash({ ...cast, time, at: { after: (entry: { readonly kind: string }) => entry.kind === kind && ++seen === number } }, async (kernel) => {
        const handle = kernel.spawn(heir, { round: 0 }, { id: 'heir', grants });
        kernel.send('heir', 'early');
        await handle.result();
      });
      ({ isCrashed } = died);
      const { kernel, until } = await boot({ ...cast, log: died.log, time });
      // The operator is told by an error, or by nothing at all, that a message did not get to the disk.
      if (ofKind(await entriesOf(died.log), 'MESSAGE_SENT').every(({ agent }) => agent !== null)) kernel.send('heir', 'early');
      const result = (await until(kernel.agent('heir').result())) as { keys: unknown[] };
      expect(result).toMatchObject(expected);
      expect(new Set(result.keys).size).toBe(9);
      await until(kernel.stop());
      expect(await replay(died.log, cast)).toMatchObject({ replay: 'REPRODUCED' });
    }
  });

  test('needs nothing of what it did before to go on: a program that would diverge there does not matter', async () => {
    const otherwise = (word: string): AgentDefinition<number> => defineAgent<number, unknown>('worker', function* (ctx, round) {
      if (round === 0) yield* ctx.memory.set('word', word);
      for (let pause = 0; pause < 2; pause++) yield* ctx.sleep(1_000);
      if (round === 0) return yield* ctx.continueAsNew(1);
      return yield* ctx.memory.get('word');
    });
    const fourthSleep = (): ((entry: Entry) => boolean) => {
      let sleeps = 0;
      return ({ kind }) => kind === 'SLEEP_STARTED' && ++sleeps === 4;
    };
    const { log } = await crash({ at: { after: fourthSleep() }, time, agents: [otherwise('old')] }, (kernel) => kernel.spawn(otherwise('old'), 0, { id: 'worker' }).result());
    const { kernel, until } = await boot({ log, time, agents: [otherwise('new')] });
    expect(await until(kernel.agent('worker').result())).toBe('old');
    await until(kernel.stop());
    expect(await replay(log, { agents: [otherwise('new')] })).toMatchObject({ replay: 'DIVERGED', divergence: { agent: 'worker', tick: 1, differences: [{ path: '$.value', expected: 'old', actual: 'new' }] } });
  });

  test('asks anew which version it goes by', async () => {
    const before = defineAgent<number, unknown>('worker', function* (ctx, round) {
      yield* ctx.sleep(1_000);
      return round === 0 ? yield* ctx.continueAsNew(1) : 'old';
    });
    const after = defineAgent<number, unknown>('worker', function* (ctx, round) {
      const version = yield* ctx.version('change', 0, 1);
      yield* ctx.sleep(1_000);
      if (round === 0) {
        yield* ctx.memory.set('version', version);
        return yield* ctx.continueAsNew(1);
      }
      return [yield* ctx.memory.get('version'), version];
    });
    const { log } = await crash({ at: { after: 'SLEEP_STARTED' }, time, agents: [before] }, (kernel) => kernel.spawn(before, 0, { id: 'worker' }).result());
    const { kernel, until } = await boot({ log, time, agents: [after] });
    expect(await until(kernel.agent('worker').result())).toEqual([0, 1]);
  });

  test('with an input that is no JSON fails, and its program can not catch that', async () => {
    const wrong = defineAgent('wrong', function* (ctx) {
      try {
        return yield* ctx.continueAsNew({ now: new Date(0) });
      } catch (error) {
        return error instanceof OmniError ? error.code : 'caught';
      }
    });
    const { kernel, rejection } = await boot({ time, agents: [wrong] });
    expect(await rejection(kernel.spawn(wrong, null).result())).toMatchObject({ code: 'SERIALIZATION_ERROR', message: expect.stringContaining('$.now') as string });
  });
});
