import { createKernel, defineAgent, defineTool, MemoryLogStore, OmniError, replay, unchecked, verify, type LogStore } from '@omnipaw/kernel';
import { ControlledStore, scriptedTool, VirtualTime, type ScriptedAnswer } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind, rejectionOf } from '../support/index.js';

const aborted: unknown[] = [];
const endless = defineTool({
  name: 'endless', description: 'never answers', input: unchecked<object>(),
  run: (_args, { signal }) => {
    signal.addEventListener('abort', () => aborted.push((signal.reason as OmniError).code));
    return new Promise<null>(() => {});
  },
});
const caller = defineAgent('caller', function* (ctx) {
  return yield* ctx.tool(endless, {});
});
const adder = defineAgent('adder', function* () {
  return 2;
});
const sleeper = defineAgent('sleeper', function* (ctx, ms: number) {
  yield* ctx.sleep(ms);
  return 'rested';
});
const setup = { agents: [caller, adder, sleeper], tools: [endless] };

describe('stop', () => {
  test('tells tools and everybody who waits, makes the log durable and closes it', async () => {
    aborted.length = 0;
    const store = new ControlledStore();
    const { kernel, until, time } = await boot({ ...setup, log: store });
    const results = [kernel.spawn(caller, null, { grants: ['call:*'] }), kernel.spawn(sleeper, 1_000)].map((handle) => rejectionOf(handle.result()));
    await time.settle();
    kernel.spawn(adder, null);
    await until(kernel.stop());
    expect((await until(Promise.all(results))).map(({ code }) => code)).toEqual(['KERNEL_STOPPED', 'KERNEL_STOPPED']);
    expect(aborted).toEqual(['KERNEL_STOPPED']);
    expect(store.isClosed).toBe(true);
    const entries = await entriesOf(store);
    expect(entries).toHaveLength(kernel.entryCount);
    expect(await verify(store, { pin: kernel.head })).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
    expect(time.timerCount).toBe(0);
  });

  test('waits for the disk', async () => {
    const store = new ControlledStore();
    const { kernel, time } = await boot({ ...setup, log: store });
    store.hold();
    const result = kernel.spawn(adder, null).result();
    let isStopped = false;
    const stopping = kernel.stop().then(() => { isStopped = true; });
    await time.advance(60_000);
    expect([isStopped, store.isClosed]).toEqual([false, false]);
    store.release();
    await time.until(stopping);
    expect(await time.until(result)).toBe(2);
    expect(kindsOf(await entriesOf(store)).at(-1)).toBe('AGENT_TERMINATED');
  });

  test('may be called again, from anywhere, and is one stop', async () => {
    const { kernel, until } = await boot(setup);
    const stopping = kernel.stop();
    expect(kernel.stop()).toBe(stopping);
    await until(stopping);
    await until(kernel.stop());
  });

  test('from within a tick lets that tick end and no other begin', async () => {
    const ticks: string[] = [];
    const chatty = defineAgent('chatty', function* (ctx) {
      for (;;) {
        ticks.push(ctx.agent.id);
        yield* ctx.send(ctx.agent.id, 'more');
        yield* ctx.memory.set('at', ticks.length);
        yield* ctx.sleep(0);
      }
    });
    const { kernel, until, store, time } = await boot({ agents: [chatty, sleeper] });
    kernel.spawn(sleeper, 0);
    kernel.subscribe(({ kind }) => { if (kind === 'MEMORY_SET') void kernel.stop(); });
    const handle = kernel.spawn(chatty, null, { grants: ['send:*'] });
    expect((await until(rejectionOf(handle.result()))).code).toBe('KERNEL_STOPPED');
    await until(kernel.stop());
    await time.advance(1_000);
    expect(ticks).toHaveLength(1);
    expect(kindsOf(await entriesOf(store)).slice(-2)).toEqual(['MEMORY_SET', 'SLEEP_STARTED']);
    expect(kernel.entryCount).toBe((await entriesOf(store)).length);
  });

  test('refuses every command from then on, and lets the state be looked at', async () => {
    const { kernel, until } = await boot(setup);
    const handle = kernel.spawn(sleeper, 1_000);
    const stopping = kernel.stop();
    const commands = [
      () => { kernel.spawn(adder, null); },
      () => { kernel.send(handle.id, 1); },
      () => { kernel.suspend(handle.id); },
      () => { kernel.resume(handle.id); },
      () => { kernel.revoke(handle.id, ''); },
      () => { kernel.abandon(handle.id); },
      () => { kernel.decide(1, { approved: true }); },
    ];
    for (const command of commands) expect(command).toThrow(expect.objectContaining({ code: 'KERNEL_STOPPED' }));
    await until(stopping);
    for (const command of commands) expect(command).toThrow(expect.objectContaining({ code: 'KERNEL_STOPPED' }));
    expect(handle.state).toBe('WAITING');
    expect(kernel.snapshot().agents).toHaveLength(1);
  });

  test('answers who asks for a result only then: what there is, or KERNEL_STOPPED', async () => {
    const { kernel, until } = await boot(setup);
    const ended = kernel.spawn(adder, null);
    const unended = kernel.spawn(sleeper, 1_000);
    await until(kernel.stop());
    expect(await until(ended.result())).toBe(2);
    expect((await until(rejectionOf(unended.result()))).code).toBe('KERNEL_STOPPED');
  });

  test('leaves what a tool still answers out of the log', async () => {
    const answer: { with?: (value: string) => void } = {};
    const slow = defineTool({
      name: 'slow', description: 'answers when it is told to', input: unchecked<object>(),
      run: () => new Promise<string>((resolve) => { answer.with = resolve; }),
    });
    const waiter = defineAgent('waiter', function* (ctx) {
      return yield* ctx.tool(slow, {});
    });
    const { kernel, until, time } = await boot({ agents: [waiter], tools: [slow] });
    kernel.spawn(waiter, null, { grants: ['call:*'] }).result().catch(() => undefined);
    await time.settle();
    await until(kernel.stop());
    const count = kernel.entryCount;
    answer.with?.('too late');
    await time.advance(100_000);
    expect(kernel.entryCount).toBe(count);
  });
});

describe('stop with finishCalls', () => {
  const busy = { error: new OmniError('BUSY', 'Come again.', { failureClass: 'TRANSIENT' }), afterMs: 50 };

  /** Three agents, each with two calls under way, of which one may not be repeated; two of these run at once. */
  async function underWay({ script = [{ value: 'paid', afterMs: 50 }], log = new MemoryLogStore() }: { script?: readonly ScriptedAnswer<string>[]; log?: LogStore } = {}) {
    const time = new VirtualTime();
    const pay = scriptedTool<object, string>({ name: 'pay', script: new Array<readonly ScriptedAnswer<string>[]>(3).fill(script).flat(), time, retry: { limit: 1, backoffMs: 1_000 } });
    const ask = scriptedTool<object, string>({ name: 'ask', script: new Array<ScriptedAnswer<string>>(6).fill({ value: 'so', afterMs: 500_000 }), time, idempotent: true, timeoutMs: 600_000 });
    const both = defineAgent('both', function* (ctx) {
      return yield* ctx.all([ctx.tool(pay, {}), ctx.tool(ask, {})]);
    });
    const cast = { agents: [both, sleeper], tools: [pay, ask], maxConcurrentToolCalls: 4 };
    const life = await boot({ ...cast, time, log });
    const agents = [1, 2, 3].map(() => life.kernel.spawn(both, null, { grants: ['call:*'] }));
    for (const agent of agents) agent.result().catch(() => undefined);
    life.kernel.spawn(sleeper, 60).result().catch(() => undefined);
    await time.settle();
    return { ...life, cast, pay, ask };
  }

  test('lets the calls end that may not be repeated, also those that wait for others, and runs no program', async () => {
    const { kernel, until, store, cast, pay, ask, time } = await underWay();
    const before = kernel.entryCount;
    await until(kernel.stop({ finishCalls: true }));
    const added = (await entriesOf(store)).slice(before);
    expect(added.map(({ kind, agent }) => [kind, agent])).toEqual([['TOOL_RESULT', 'both-1'], ['TOOL_RESULT', 'both-2'], ['TOOL_RESULT', 'both-3']]);
    expect(ask.calls.length).toBeLessThan(3 + 1);
    const again = await boot({ ...cast, log: store, time });
    expect(again.kernel.unknownCalls()).toEqual([]);
    for (const agent of ['both-1', 'both-2', 'both-3']) expect(await again.until(again.kernel.agent(agent).result())).toEqual(['paid', 'so']);
    expect(pay.calls).toHaveLength(3);
    await again.until(again.kernel.stop());
    expect(await replay(store, cast)).toMatchObject({ replay: 'REPRODUCED' });
  });

  test('waits for no further attempt: what came of the last one is known', async () => {
    const { kernel, until, store, cast, pay, time } = await underWay({ script: [busy] });
    await until(kernel.stop({ finishCalls: true }));
    expect(ofKind(await entriesOf(store), 'TOOL_RETRIED')).toHaveLength(3);
    expect(time.now).toBeLessThan(1_000 + ofKind(await entriesOf(store), 'TOOL_RETRIED')[0]!.time);
    expect(pay.calls).toHaveLength(3);
    const again = await boot({ ...cast, log: store, time, unknownOutcomes: 'wait' });
    expect(again.kernel.unknownCalls()).toEqual([]);
  });

  test.each(['TOOL_CALLED', 'AGENT_ACTIVATED'])('lets the calls of the step end in which it is asked for, at %s', async (kind) => {
    const time = new VirtualTime();
    const pay = scriptedTool<object, string>({ name: 'pay', script: [{ value: 'paid', afterMs: 50 }], time });
    const payer = defineAgent('payer', function* (ctx) {
      return yield* ctx.tool(pay, {});
    });
    const cast = { agents: [payer], tools: [pay] };
    const { kernel, until, store } = await boot({ ...cast, time });
    let stopping: Promise<void> | undefined;
    kernel.subscribe((entry) => { if (entry.kind === kind) stopping ??= kernel.stop({ finishCalls: true }); });
    kernel.spawn(payer, null, { grants: ['call:*'] }).result().catch(() => undefined);
    await until(stopping!);
    const again = await boot({ ...cast, log: store, time, unknownOutcomes: 'wait' });
    expect(again.kernel.unknownCalls()).toEqual([]);
    expect(pay.calls.length).toBe((await entriesOf(store)).filter((entry) => entry.kind === 'TOOL_CALLED').length);
  });

  test('ends where another stop in the same step cuts it off', async () => {
    const time = new VirtualTime();
    const pay = scriptedTool<object, string>({ name: 'pay', script: [{ value: 'paid', afterMs: 50 }], time });
    const payer = defineAgent('payer', function* (ctx) {
      return yield* ctx.tool(pay, {});
    });
    const { kernel, until } = await boot({ agents: [payer], tools: [pay], time });
    kernel.subscribe(({ kind }) => {
      if (kind !== 'TOOL_CALLED') return;
      void kernel.stop({ finishCalls: true });
      void kernel.stop();
    });
    kernel.spawn(payer, null, { grants: ['call:*'] }).result().catch(() => undefined);
    await until(kernel.stop());
    expect(pay.calls).toEqual([]);
  });

  test('is cut off by a stop without it', async () => {
    const { kernel, until, cast, store, time } = await underWay({ script: [{ value: 'paid', afterMs: 50_000 }] });
    const stopping = kernel.stop({ finishCalls: true });
    await time.advance(10);
    expect(kernel.stop()).toBe(stopping);
    await until(stopping);
    const again = await boot({ ...cast, log: store, time, unknownOutcomes: 'wait' });
    expect(again.kernel.unknownCalls().map(({ agent, tool }) => [agent, tool])).toEqual([['both-1', 'pay'], ['both-2', 'pay'], ['both-3', 'pay']]);
    expect(again.kernel.agentSnapshot('both-1').waitingFor).toEqual([
      { kind: 'TOOL', tick: 1, call: 0, since: expect.any(Number) as number, toolCall: { tool: 'pay', args: {}, isBackingOff: false } },
      { kind: 'TOOL', tick: 1, call: 1, since: expect.any(Number) as number, toolCall: { tool: 'ask', args: {}, isBackingOff: false } },
    ]);
  });

  test('waits for nothing that can not be recorded', async () => {
    const store = new ControlledStore();
    const { kernel, until, time } = await underWay({ log: store });
    store.break();
    const startMs = time.now;
    await until(kernel.stop({ finishCalls: true }));
    expect(time.now - startMs).toBeLessThan(1_000);
    expect(kindsOf(await entriesOf(store))).not.toContain('TOOL_RESULT');
  });

  test('ends at once where nothing is under way', async () => {
    const { kernel, until, time } = await boot(setup);
    const startMs = time.now;
    await until(kernel.stop({ finishCalls: true }));
    expect(time.now).toBe(startMs);
  });
});

describe('boot', () => {
  test('of a second kernel on the same store is refused, and harms the first one nothing', async () => {
    const { kernel, until, store } = await boot(setup);
    await expect(createKernel({ log: store })).rejects.toMatchObject({ code: 'LOG_LOCKED' });
    expect(await until(kernel.spawn(adder, null).result())).toBe(2);
    await until(kernel.stop());
  });

  test('that fails gives the store back', async () => {
    for (const wrong of [{ maxStepsPerTick: 0 }, { maxValueBytes: 1.5 }, { maxConcurrentToolCalls: Number.NaN }, { maxMailboxMessages: -1 }]) {
      const store = new ControlledStore();
      await expect(createKernel({ log: store, ...wrong })).rejects.toThrow(TypeError);
      await store.open();
    }
    const store = new MemoryLogStore();
    await expect(createKernel({ log: store, agents: [adder, adder] })).rejects.toMatchObject({ code: 'ALREADY_REGISTERED' });
    await expect(createKernel({ log: store, tools: [endless, endless] })).rejects.toMatchObject({ code: 'ALREADY_REGISTERED' });
    const kernel = await createKernel({ log: store, agents: [adder] });
    await kernel.stop();
    expect(await entriesOf(store)).toHaveLength(1);
  });
});
