import { defineAgent, defineTool, unchecked, type OmniError } from '@omnipaw/kernel';
import { ControlledStore } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind, rejectionOf } from '../support/index.js';

let store: ControlledStore;
/** How far the log was durable whenever the tool ran. */
let ranAt: number[];
let aborted: unknown[];

beforeEach(() => {
  store = new ControlledStore();
  ranAt = [];
  aborted = [];
});

const probe = defineTool({
  name: 'probe', description: 'notes how far the log is durable', input: unchecked<object>(),
  run: () => {
    ranAt.push(store.durableSeq);
    return ranAt.length;
  },
});
const endless = defineTool({
  name: 'endless', description: 'never answers', input: unchecked<object>(),
  run: (_args, { signal }) => {
    ranAt.push(store.durableSeq);
    signal.addEventListener('abort', () => aborted.push((signal.reason as OmniError).code));
    return new Promise<null>(() => {});
  },
});
const caller = defineAgent('caller', function* (ctx, tool: 'probe' | 'endless') {
  yield* ctx.memory.set('about to', 'call');
  return yield* ctx.tool(tool === 'probe' ? probe : endless, {});
});
const adder = defineAgent('adder', function* (ctx) {
  yield* ctx.memory.set('sum', 2);
  return 2;
});
const setup = { agents: [caller, adder], tools: [probe, endless] };
const GRANTS = { grants: ['call:*'] };

/** Whether a promise has settled by now. */
function watch(promise: Promise<unknown>): { readonly isSettled: boolean } {
  const state = { isSettled: false };
  const settle = (): void => { state.isSettled = true; };
  promise.then(settle, settle);
  return state;
}

describe('nothing leaves the kernel before the log is durable up to it', () => {
  test('a tool is not called before its intent, and all before it, is durable', async () => {
    const { kernel, until, time } = await boot({ ...setup, log: store });
    store.hold();
    const handle = kernel.spawn(caller, 'probe', GRANTS);
    await time.advance(60_000);
    expect(ranAt).toEqual([]);
    const intent = kernel.entryCount - 1;
    store.release();
    expect(await until(handle.result())).toBe(1);
    expect(ranAt).toEqual([intent]);
    expect(ofKind(await entriesOf(store), 'TOOL_CALLED').map(({ busSeq }) => busSeq)).toEqual([intent]);
  });

  test('a result is not told before the last entry of its agent is durable', async () => {
    const { kernel, until, time } = await boot({ ...setup, log: store });
    store.hold();
    const result = kernel.spawn(adder, null).result();
    const state = watch(result);
    await time.advance(60_000);
    expect(state.isSettled).toBe(false);
    store.release();
    expect(await until(result)).toBe(2);
    expect(kindsOf(await entriesOf(store)).at(-1)).toBe('AGENT_TERMINATED');
  });

  test('nor that of an agent that was asked for only after it had ended', async () => {
    const { kernel, time } = await boot({ ...setup, log: store });
    store.hold();
    const { id } = kernel.spawn(adder, null);
    const state = watch(kernel.agent(id).result());
    await time.advance(60_000);
    expect(state.isSettled).toBe(false);
    store.release();
    await time.settle();
    expect(state.isSettled).toBe(true);
  });

  test('a batch at a time, in order: each lets go on what it made durable, and no more', async () => {
    const { kernel, time } = await boot({ ...setup, log: store });
    store.hold();
    const first = watch(kernel.spawn(adder, null).result());
    await time.settle();
    const second = watch(kernel.spawn(adder, null).result());
    await time.settle();
    expect(store.heldCount).toBe(1);
    store.releaseOne();
    await time.settle();
    expect([first.isSettled, second.isSettled]).toEqual([true, false]);
    store.releaseOne();
    await time.settle();
    expect(second.isSettled).toBe(true);
  });

  test('agents that wait at the same moment share a sync', async () => {
    const { kernel, until } = await boot({ ...setup, log: store });
    const before = store.batchCount;
    await until(Promise.all(Array.from({ length: 50 }, () => kernel.spawn(caller, 'probe', GRANTS).result())));
    expect(ranAt).toHaveLength(50);
    expect(store.batchCount - before).toBeLessThan(10);
  });

  test('while ticks run ahead of the disk, and subscribers are told at once with the watermark following', async () => {
    const { kernel, until } = await boot({ ...setup, log: store });
    const marks: number[] = [];
    const unsubscribe = kernel.onDurable((durableSeq) => marks.push(durableSeq));
    let told = 0;
    kernel.subscribe(() => { told++; });
    store.hold();
    const handle = kernel.spawn(adder, null);
    expect(handle.state).toBe('TERMINATED');
    expect(told).toBe(kernel.entryCount - 1);
    expect(kernel.durableSeq).toBe(0);
    store.release();
    await until(kernel.flush());
    expect(marks).toEqual([kernel.entryCount - 1]);
    expect(kernel.durableSeq).toBe(kernel.entryCount - 1);
    unsubscribe();
    kernel.spawn(adder, null);
    await until(kernel.flush());
    expect(marks).toHaveLength(1);
  });
});

describe('with relaxed durability', () => {
  test('a tool is called and a result told though nothing is durable yet', async () => {
    const { kernel, until } = await boot({ ...setup, log: store, durability: 'relaxed' });
    store.hold();
    expect(await until(kernel.spawn(caller, 'probe', GRANTS).result())).toBe(1);
    expect(ranAt).toEqual([0]);
    store.release();
    await until(kernel.flush());
    expect(kindsOf(await entriesOf(store)).at(-1)).toBe('AGENT_TERMINATED');
  });

  test('the log says so', async () => {
    const { until, kernel } = await boot({ ...setup, log: store, durability: 'relaxed' });
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'LOG_OPENED')[0]?.data.config).toMatchObject({ durability: 'relaxed' });
  });

  test('a failed write halts the kernel all the same', async () => {
    const { kernel, until } = await boot({ ...setup, log: store, durability: 'relaxed' });
    store.break();
    const handle = kernel.spawn(caller, 'endless', GRANTS);
    expect((await until(rejectionOf(handle.result()))).code).toBe('KERNEL_HALTED');
    expect(() => kernel.spawn(adder, null)).toThrow(expect.objectContaining({ code: 'KERNEL_HALTED' }));
  });
});

describe('after a failed sync nothing is acknowledged any more', () => {
  test('a tool whose intent did not become durable never runs', async () => {
    const { kernel, time, rejection } = await boot({ ...setup, log: store });
    store.hold();
    const handle = kernel.spawn(caller, 'probe', GRANTS);
    await time.settle();
    store.break();
    expect(await rejection(handle.result())).toMatchObject({ code: 'KERNEL_HALTED', cause: { message: 'the disk is gone' } });
    await time.advance(60_000);
    expect(ranAt).toEqual([]);
  });

  test('the result of an agent whose end did not become durable is KERNEL_HALTED, whenever it is asked for', async () => {
    const { kernel, time, rejection } = await boot({ ...setup, log: store });
    store.hold();
    const handle = kernel.spawn(adder, null);
    const early = rejectionOf(handle.result());
    await time.settle();
    store.break();
    expect((await time.until(early)).code).toBe('KERNEL_HALTED');
    expect((await rejection(handle.result())).code).toBe('KERNEL_HALTED');
    expect((await rejection(kernel.agent(handle.id).result())).code).toBe('KERNEL_HALTED');
  });

  test('running tools are told to stop, and what they still answer is recorded nowhere', async () => {
    const answer: { with?: (value: string) => void } = {};
    const slow = defineTool({
      name: 'slow', description: 'answers when it is told to', input: unchecked<object>(),
      run: () => new Promise<string>((resolve) => { answer.with = resolve; }),
    });
    const waiter = defineAgent('waiter', function* (ctx) {
      return yield* ctx.all([ctx.tool(slow, {}), ctx.tool(endless, {})]);
    });
    const { kernel, time, rejection } = await boot({ agents: [waiter, adder], tools: [slow, endless], log: store });
    const handle = kernel.spawn(waiter, null, GRANTS);
    await time.settle();
    store.break();
    kernel.spawn(adder, null);
    expect((await rejection(handle.result())).code).toBe('KERNEL_HALTED');
    await time.settle();
    expect(aborted).toEqual(['KERNEL_HALTED']);
    const count = kernel.entryCount;
    answer.with?.('too late');
    await time.advance(60_000);
    expect(kernel.entryCount).toBe(count);
    expect(handle.state).toBe('WAITING');
  });

  test('commands and flush fail with the cause, the state can still be looked at, and stop gives the store back', async () => {
    const { kernel, time, rejection, until } = await boot({ ...setup, log: store });
    store.break();
    const { id } = kernel.spawn(adder, null);
    await time.settle();
    const commands = [
      () => { kernel.spawn(adder, null); },
      () => { kernel.send(id, 1); },
      () => { kernel.suspend(id); },
      () => { kernel.resume(id); },
      () => { kernel.revoke(id, ''); },
      () => { kernel.abandon(id); },
      () => { kernel.decide(1, { approved: true }); },
    ];
    for (const command of commands) expect(command).toThrow(expect.objectContaining({ code: 'KERNEL_HALTED' }));
    expect((await rejection(kernel.flush())).code).toBe('KERNEL_HALTED');
    expect(kernel.agentSnapshot(id).memory).toEqual({ sum: 2 });
    expect(kernel.approvals()).toEqual([]);
    const batches = store.batchCount;
    await until(kernel.stop());
    expect([store.isClosed, store.batchCount]).toEqual([true, batches]);
  });

  test('timers stop: nobody is woken who could not go on', async () => {
    const sleeper = defineAgent('sleeper', function* (ctx) {
      yield* ctx.sleep(1_000);
      return 'rested';
    });
    const { kernel, time, rejection } = await boot({ agents: [sleeper, adder], log: store });
    const handle = kernel.spawn(sleeper, null);
    await time.settle();
    store.break();
    kernel.spawn(adder, null);
    expect((await rejection(handle.result())).code).toBe('KERNEL_HALTED');
    await time.advance(10_000);
    expect(handle.state).toBe('WAITING');
    expect(time.timerCount).toBe(0);
  });

  test('a kernel whose log can not be opened for writing does not start', async () => {
    store.break();
    await expect(boot({ ...setup, log: store })).rejects.toMatchObject({ code: 'KERNEL_HALTED' });
    expect(store.isClosed).toBe(true);
  });
});

describe('a store that fails in its own way halts the kernel all the same', () => {
  const boom = (): never => {
    throw new Error('boom');
  };
  const rejecting = (reason: unknown) => async (): Promise<never> => {
    throw reason;
  };
  const failures: Record<string, () => Promise<void>> = {
    'throws instead of rejecting': boom,
    'rejects with nothing': rejecting(undefined),
    'rejects with a string': rejecting('full'),
    'rejects with what can not be looked at': rejecting(new Proxy({}, { getPrototypeOf: boom })),
    'rejects with an error whose message throws': rejecting(Object.defineProperty(new Error(), 'message', { get: boom })),
  };

  test.each(Object.entries(failures))('%s', async (_name, fail) => {
    const { kernel, until, problems } = await boot({ ...setup, log: store });
    store.append = fail;
    expect((await until(rejectionOf(kernel.spawn(adder, null).result()))).code).toBe('KERNEL_HALTED');
    expect((await until(rejectionOf(kernel.flush()))).code).toBe('KERNEL_HALTED');
    expect(problems).toEqual([]);
  });

  test('and one that can not be closed says so to who stops the kernel', async () => {
    const { kernel, until } = await boot({ ...setup, log: store });
    const result = kernel.spawn(adder, null).result();
    store.close = async () => boom();
    expect((await until(rejectionOf(kernel.stop()))).message).toBe('boom');
    expect(await until(result)).toBe(2);
  });
});
