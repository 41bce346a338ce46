import { defineAgent, OmniError, replay, type MemoryLogStore, type OmniKernel } from '@omnipaw/kernel';
import { crash, scriptedTool, VirtualTime, type CrashPoint, type ScriptedAnswer } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';

let time: VirtualTime;
beforeEach(() => { time = new VirtualTime(); });

function outcomeOf(error: unknown): string {
  return error instanceof OmniError ? error.code : String(error);
}

/** Lets the process die while an agent pays; `script` is what the tool answers, in all lives. */
async function dying({ at, script, idempotent = false }: { at: CrashPoint; script: readonly ScriptedAnswer<string>[]; idempotent?: boolean }) {
  const pay = scriptedTool<object, string>({ name: 'pay', script, time, idempotent, retry: { limit: 2, backoffMs: 100 } });
  const payer = defineAgent('payer', function* (ctx) {
    try {
      return yield* ctx.tool(pay, {});
    } catch (error) {
      return outcomeOf(error);
    }
  });
  const cast = { agents: [payer], tools: [pay] };
  const start = (kernel: OmniKernel): Promise<unknown> => kernel.spawn(payer, null, { id: 'payer', grants: ['call:pay'] }).result();
  const { log, isCrashed } = await crash({ at, time, ...cast }, start);
  expect(isCrashed).toBe(true);
  return { pay, cast, log };
}

const paid = { value: 'paid', afterMs: 50 };
const busy = { error: new OmniError('BUSY', 'Come again.', { failureClass: 'TRANSIENT' }), afterMs: 5 };
/** Dies when the tool has acted, and its result is not on record. */
const BEFORE_RESULT: CrashPoint = { before: 'TOOL_RESULT' };

describe('a call that was under way when the process died', () => {
  test('is repeated with the same key if it is idempotent', async () => {
    const { pay, cast, log } = await dying({ at: BEFORE_RESULT, script: [paid, paid], idempotent: true });
    const { kernel, until } = await boot({ ...cast, log, time });
    expect(await until(kernel.agent('payer').result())).toBe('paid');
    expect(pay.calls).toHaveLength(2);
    expect(pay.calls.map(({ idempotencyKey, attempt }) => [idempotencyKey, attempt])).toEqual(new Array(2).fill([`${kernel.logId}/payer/1/0`, 1]));
  });

  test('has an unknown outcome otherwise, and is not made again', async () => {
    const { pay, cast, log } = await dying({ at: BEFORE_RESULT, script: [paid] });
    const { kernel, until } = await boot({ ...cast, log, time });
    expect(await until(kernel.agent('payer').result())).toBe('TOOL_OUTCOME_UNKNOWN');
    expect(pay.calls).toHaveLength(1);
    await until(kernel.stop());
    expect(await replay(log, cast)).toMatchObject({ replay: 'REPRODUCED' });
  });

  test('and waited for its next attempt gets it, though it is not idempotent: the tool itself said that it may', async () => {
    const { pay, cast, log } = await dying({ at: { after: 'TOOL_RETRIED' }, script: [busy, paid] });
    const { kernel, until, store } = await boot({ ...cast, log, time });
    expect(await until(kernel.agent('payer').result())).toBe('paid');
    expect(pay.calls.map(({ attempt }) => attempt)).toEqual([1, 2]);
    const [retried] = ofKind(await entriesOf(store), 'TOOL_RETRIED');
    expect(ofKind(await entriesOf(store), 'TOOL_ATTEMPTED')[0]!.time).toBe(retried!.data.deadline);
  });

  test('and has begun its next attempt does not get another one, if it is not idempotent', async () => {
    for (const at of [BEFORE_RESULT, { after: 'TOOL_ATTEMPTED' }] as const) {
      const { pay, cast, log } = await dying({ at, script: [busy, paid] });
      const calls = pay.calls.length;
      const { kernel, until } = await boot({ ...cast, log, time });
      expect(await until(kernel.agent('payer').result())).toBe('TOOL_OUTCOME_UNKNOWN');
      expect(pay.calls).toHaveLength(calls);
      await until(kernel.stop());
      expect(await replay(log, cast)).toMatchObject({ replay: 'REPRODUCED' });
    }
  });

  test('goes on counting its attempts, and has no more of them than it would have had', async () => {
    const { pay, cast, log } = await dying({ at: { after: 'TOOL_ATTEMPTED' }, script: [busy, busy, busy, busy], idempotent: true });
    const { kernel, until } = await boot({ ...cast, log, time });
    expect(await until(kernel.agent('payer').result())).toBe('BUSY');
    expect(pay.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });
});

describe('an unknown outcome that waits', () => {
  const waiting = { unknownOutcomes: 'wait' } as const;
  const call = { agent: 'payer', tick: 1, call: 0 };

  async function unknown() {
    const { pay, cast, log } = await dying({ at: BEFORE_RESULT, script: [paid] });
    return { pay, log, open: () => boot({ ...cast, ...waiting, log, time }), cast };
  }

  async function restart(log: MemoryLogStore, open: () => ReturnType<typeof boot<MemoryLogStore>>) {
    const { kernel, until } = await open();
    expect(kernel.unknownCalls()).toEqual([{ ...call, tool: 'pay', args: {}, intentSeq: 3 }]);
    expect(kernel.agent('payer').state).toBe('WAITING');
    await until(kernel.stop());
    return (await entriesOf(log)).length;
  }

  test.each([
    ['a value', { value: 'found paid' }, 'found paid'],
    ['nothing', { value: undefined }, null],
    ['an error', { error: new OmniError('NOT_PAID', 'Nothing was paid.') }, 'NOT_PAID'],
  ])('survives further deaths, and is settled with %s', async (_what, outcome, expected) => {
    const { pay, log, open, cast } = await unknown();
    const first = await restart(log, open);
    expect(await restart(log, open)).toBe(first + 1);
    const { kernel, until, store } = await open();
    const result = kernel.agent('payer').result();
    kernel.settle(call, outcome, 'the bank');
    expect(await until(result)).toEqual(expected);
    expect(kernel.unknownCalls()).toEqual([]);
    await until(kernel.stop());
    expect(ofKind(await entriesOf(store), 'TOOL_RESULT').map(({ data }) => data.by)).toEqual(['the bank']);
    expect(pay.calls).toHaveLength(1);
    expect(await replay(log, cast)).toMatchObject({ replay: 'REPRODUCED' });
  });

  test('is thrown by a later kernel that does not wait', async () => {
    const { log, open, cast } = await unknown();
    await restart(log, open);
    const { kernel, until } = await boot({ ...cast, log, time });
    expect(await until(kernel.agent('payer').result())).toBe('TOOL_OUTCOME_UNKNOWN');
  });

  test('can not be settled twice, nor with what is no JSON, nor can a call be that is none', async () => {
    const { open, log } = await unknown();
    const { kernel, until } = await open();
    const attempts = [{ ...call, agent: 'nobody' }, { ...call, tick: 2 }, { ...call, call: 1 }];
    for (const other of attempts) expect(() => { kernel.settle(other, { value: 1 }); }).toThrow(expect.objectContaining({ code: 'CALL_NOT_FOUND', message: expect.stringContaining('payer/1/0') as string }));
    expect(() => { kernel.settle(call, { value: new Date(0) }); }).toThrow(expect.objectContaining({ code: 'SERIALIZATION_ERROR' }));
    expect(kernel.unknownCalls()).toHaveLength(1);
    const result = kernel.agent('payer').result();
    kernel.settle(call, { value: 'paid' });
    expect(() => { kernel.settle(call, { value: 'again' }); }).toThrow(expect.objectContaining({ code: 'CALL_NOT_FOUND' }));
    expect(await until(result)).toBe('paid');
    await until(kernel.stop());
    expect(kindsOf(await entriesOf(log)).filter((kind) => kind === 'TOOL_RESULT')).toHaveLength(1);
  });
});
