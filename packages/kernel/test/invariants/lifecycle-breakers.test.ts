import {
  defineAgent,
  defineTool,
  OmniError,
  unchecked,
  type AgentDefinition,
  type Entry,
  type EntryKind,
  type Guard,
  type Instruction,
  type KernelConfig,
  type LifecycleState,
  type OmniKernel,
} from '@omnipaw/kernel';
import { ControlledStore } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';

const echo = defineTool({ name: 'echo', description: 'echoes', input: unchecked<{ text: string }>(), run: ({ text }) => text });
const caller = defineAgent('caller', function* (ctx, text: string) {
  return yield* ctx.tool(echo, { text });
});
const sleeper = defineAgent('sleeper', function* (ctx, ms: number) {
  yield* ctx.sleep(ms);
  return 'rested';
});
const GRANTS = { grants: ['call:*'] };

describe('INV-01: a transition is in the log before it takes effect', () => {
  test('whoever is asked before an entry sees the state before it, and whoever is told of it the state after', async () => {
    const before = new Map<EntryKind, LifecycleState>();
    const after = new Map<EntryKind, LifecycleState>();
    const kernels: OmniKernel[] = [];
    const guard: Guard = {
      review: ({ kind, agent }) => {
        before.set(kind, kernels[0]!.agent(agent!).state);
        return undefined;
      },
    };
    const { kernel, until } = await boot({ agents: [caller, sleeper], tools: [echo], extensions: [{ name: 'watch', guard }] });
    kernels.push(kernel);
    kernel.subscribe(({ kind, agent, busSeq }) => {
      expect(kernel.entryCount).toBe(busSeq + 1);
      after.set(kind, kernel.agent(agent!).state);
    });
    await until(kernel.spawn(caller, 'hi', GRANTS).result());
    await until(kernel.spawn(sleeper, 5).result());
    expect(Object.fromEntries(before)).toEqual({ TOOL_CALLED: 'ACTIVE', SLEEP_STARTED: 'ACTIVE' });
    expect(Object.fromEntries(after)).toEqual({
      AGENT_SPAWNED: 'SPAWNED', AGENT_ACTIVATED: 'ACTIVE', TOOL_CALLED: 'WAITING', TOOL_RESULT: 'ACTIVE', SLEEP_STARTED: 'WAITING',
      TIMER_FIRED: 'ACTIVE', AGENT_COMPLETED: 'COMPLETING', AGENT_TERMINATED: 'TERMINATED',
    });
  });

  test('what can not be written does not happen', async () => {
    const store = new ControlledStore();
    const { kernel, time } = await boot({ agents: [sleeper], log: store });
    const handle = kernel.spawn(sleeper, 1_000);
    // A reason that has no JSON: the entry can not be made.
    expect(() => { kernel.suspend(handle.id, 1n as never); }).toThrow(TypeError);
    expect([handle.state, kernel.entryCount]).toEqual(['WAITING', 4]);
    store.break();
    kernel.spawn(sleeper, 1_000);
    await time.settle();
    expect(() => { kernel.suspend(handle.id); }).toThrow(expect.objectContaining({ code: 'KERNEL_HALTED' }));
    expect(handle.state).toBe('WAITING');
  });

  test('what a guard refuses does not happen, and is no entry of its kind', async () => {
    const review: Guard['review'] = ({ kind }) => (kind === 'SLEEP_STARTED' ? { verdict: 'refuse', error: new OmniError('NO_SLEEP', 'stay awake') } : undefined);
    const { kernel, rejection, until, store } = await boot({ agents: [sleeper], extensions: [{ name: 'no', guard: { review } }] });
    const handle = kernel.spawn(sleeper, 5);
    expect((await rejection(handle.result())).code).toBe('NO_SLEEP');
    await until(kernel.flush());
    expect(kindsOf(await entriesOf(store))).toEqual(['LOG_OPENED', 'AGENT_SPAWNED', 'AGENT_ACTIVATED', 'REFUSED', 'AGENT_FAULTED']);
  });
});

describe('INV-02: only the lifecycle controller moves lifecycle state', () => {
  const transition = { trigger: 'breach', to: 'TERMINATED' };
  const forged: [string, unknown][] = [
    ['an entry that moves an agent', { kind: 'AGENT_MOVED', data: { reason: '', transition: { trigger: 'suspend', to: 'RESUMABLE' } } }],
    ['an end', { kind: 'AGENT_TERMINATED', data: { reason: '', transition } }],
    ['a birth', { kind: 'AGENT_SPAWNED', data: { type: 'caller', parent: null, transition } }],
    ['a kind of its own that carries a transition', { kind: 'MINE', data: { transition } }],
    ['a kind of its own that carries a result', { kind: 'MINE', data: { tick: 1, call: 0, result: { ok: true, value: 'forged' } } }],
    ['a kind that breaks out of the line', { kind: 'X","data":{},"y":"', data: {} }],
    ['a kind that is no string', { kind: { toString: () => 'MINE' }, data: {} }],
    ['data that change when they are written', { kind: 'MINE', data: { n: 1n } }],
    ['no data', { kind: 'MINE' }],
  ];

  test.each(forged)('a guard may not record %s: it fails, and its agent ends', async (_name, record) => {
    const review = (({ kind }) => (kind === 'TOOL_CALLED' ? { verdict: 'warn', record } : undefined)) as Guard['review'];
    const { kernel, rejection, until, store } = await boot({ agents: [caller], tools: [echo], extensions: [{ name: 'forger', guard: { review } }] });
    const handle = kernel.spawn(caller, 'hi', GRANTS);
    expect((await rejection(handle.result())).code).toBe('EXTENSION_FAILED');
    await until(kernel.flush());
    expect(kindsOf(await entriesOf(store))).toEqual(['LOG_OPENED', 'AGENT_SPAWNED', 'AGENT_ACTIVATED', 'AGENT_FAULTED']);
  });

  test('nobody who is told of a transition can change it', async () => {
    const tamper = (entry: Entry): void => {
      const { transition: told } = entry.data as { transition?: object };
      if (told !== undefined) Object.assign(told, { to: 'TERMINATED' });
    };
    const extensions: KernelConfig['extensions'] = [{ name: 'tamper', projection: { apply: tamper } }];
    const { kernel, until, problems } = await boot({ agents: [caller], tools: [echo], extensions });
    kernel.subscribe(tamper);
    expect(await until(kernel.spawn(caller, 'hi', GRANTS).result())).toBe('hi');
    expect(problems.length).toBeGreaterThan(1);
  });

  test('what a kernel hands out leads to no state', async () => {
    const { kernel, until } = await boot({ agents: [caller, sleeper], tools: [echo] });
    const handle = kernel.spawn(sleeper, 5);
    const snapshot = kernel.agentSnapshot(handle.id);
    expect(() => Object.assign(handle, { state: 'TERMINATED' })).toThrow(TypeError);
    expect(() => Object.assign(snapshot, { state: 'TERMINATED' })).toThrow(TypeError);
    expect(() => { (kernel.snapshot().agents as unknown[]).pop(); }).toThrow(TypeError);
    expect(await until(handle.result())).toBe('rested');
  });
});

describe('INV-03 and INV-21: one tick at a time', () => {
  test('whatever answers at once, in whatever order, no tick runs inside another', async () => {
    const running: string[] = [];
    let most = 0;
    const observer = {
      aroundTick: ({ agent }: { agent: string }, next: () => void): void => {
        running.push(agent);
        most = Math.max(most, running.length);
        next();
        running.pop();
      },
    };
    // Tools that give commands, answer at once, and are called again from the ticks that this makes.
    const kernels: OmniKernel[] = [];
    const busybody = defineTool({
      name: 'busybody', description: 'orders others about', input: unchecked<{ n: number }>(),
      run: ({ n }) => {
        const [kernel] = kernels;
        if (n > 0) kernel!.spawn(worker, n - 1, { grants: ['call:*', 'send:*'] });
        for (const { id, agent } of kernel!.approvals()) kernel!.decide(id, { approved: agent.length % 2 === 0 });
        return n;
      },
    });
    const worker: AgentDefinition<number, number> = defineAgent('worker', function* (ctx, n: number): Generator<Instruction, number> {
      yield* ctx.send(ctx.agent.id, n);
      const [{ body }] = yield* ctx.all([ctx.receive<number>(), ctx.tool(busybody, { n }), ctx.tool(busybody, { n: 0 })]);
      return body;
    });
    const policies = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: 'busybody', agentType: 'worker' }] as const;
    const starter = defineAgent('starter', function* (ctx) {
      return yield* ctx.tool(busybody, { n: 4 });
    });
    for (const durability of ['strict', 'relaxed'] as const) {
      const { kernel, time } = await boot({ agents: [worker, starter], tools: [busybody], policies, durability, maxConcurrentToolCalls: 1, extensions: [{ name: 'watch', observer }] });
      kernels[0] = kernel;
      for (let count = 0; count < 5; count++) kernel.spawn(starter, null, GRANTS);
      await time.settle();
      for (let round = 0; round < 30; round++) {
        for (const { id } of kernel.approvals()) kernel.decide(id, { approved: true });
        await time.settle();
      }
      expect(kernel.snapshot().agents.filter(({ type }) => type === 'worker').length).toBeGreaterThanOrEqual(10);
    }
    expect(most).toBe(1);
  });

  test('a process that calls itself runs nothing twice', async () => {
    const inner: { next?: () => unknown } = {};
    const steps: string[] = [];
    const selfish = defineAgent('selfish', function* (ctx) {
      const me = { [Symbol.iterator]: () => ({ next: () => inner.next?.() }) };
      steps.push('one');
      yield* ctx.memory.set('at', 1);
      steps.push('two');
      try {
        for (const step of me as Iterable<unknown>) steps.push(typeof step);
      } catch (error) {
        steps.push((error as Error).name);
      }
    });
    const { start } = selfish;
    const leaking: AgentDefinition<null> = {
      ...(selfish as AgentDefinition<null>),
      start: (context, input) => {
        const process = start(context, input);
        inner.next = () => process.next();
        return process;
      },
    };
    const { kernel, until } = await boot({ agents: [leaking] });
    await until(kernel.spawn(leaking, null).result());
    expect(steps).toEqual(['one', 'two', 'TypeError']);
  });
});

describe('INV-09: an agent that has ended executes nothing, accesses nothing and calls nothing', () => {
  /** What the log has of an agent after its end. */
  function afterlifeOf(entries: readonly Entry[], agent: string): EntryKind[] {
    const end = entries.findIndex((entry) => entry.kind === 'AGENT_TERMINATED' && entry.agent === agent);
    expect(end).toBeGreaterThan(0);
    return kindsOf(entries.slice(end + 1).filter((entry) => entry.agent === agent));
  }
  const ran: string[] = [];
  const late = defineTool({
    name: 'late', description: 'answers late, whatever it is told', input: unchecked<{ ms: number }>(),
    run: async ({ ms }, { agent, attempt }): Promise<string> => {
      ran.push(`${agent}#${attempt}`);
      await new Promise<void>((resolve) => answers.push(resolve));
      if (ms > 0) throw new OmniError('FLAKY', 'again', { failureClass: 'TRANSIENT' });
      return 'late';
    },
    retry: { limit: 5, backoffMs: 10 },
  });
  let answers: (() => void)[] = [];
  const victim: AgentDefinition<string> = defineAgent('victim', function* (ctx, way: string): Generator<Instruction, unknown> {
    if (way === 'tool') return yield* ctx.tool(late, { ms: 0 });
    if (way === 'retry') return yield* ctx.tool(late, { ms: 1 });
    if (way === 'queue') return yield* ctx.all([ctx.tool(late, { ms: 0 }), ctx.tool(late, { ms: 0 })]);
    if (way === 'timer') yield* ctx.sleep(10);
    else if (way === 'message') yield* ctx.receive();
    else if (way === 'child') yield* ctx.delegate(victim, 'timer', { grants: ['call:*'] });
    else yield* ctx.all([ctx.tool(late, { ms: 0 }), ctx.sleep(10), ctx.receive({ timeoutMs: 10 })]);
    yield* ctx.memory.set('outlived', way);
    return way;
  });

  test.each([
    ['tool', ['STALE_RESULT']], ['retry', []], ['queue', ['STALE_RESULT']], ['timer', []], ['message', []], ['child', []], ['approval', []], ['all', ['STALE_RESULT']],
  ])('though it waited for: %s', async (way, afterlife) => {
    answers = [];
    ran.length = 0;
    const policies = way === 'approval' ? ([{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: '*' }] as const) : [];
    const { kernel, time, until, store } = await boot({ agents: [victim], tools: [late], policies, maxConcurrentToolCalls: 1 });
    const handle = kernel.spawn(victim, way === 'approval' ? 'tool' : way, { grants: ['call:*', 'delegate:*'] });
    await time.settle();
    if (way === 'retry') {
      for (const answer of answers.splice(0)) answer();
      await time.settle();
    }
    const [approval] = kernel.approvals();
    const runs = ran.length;
    kernel.revoke(handle.id, 'enough');
    expect(kernel.approvals()).toEqual([]);
    if (approval !== undefined) expect(() => { kernel.decide(approval.id, { approved: true }); }).toThrow(expect.objectContaining({ code: 'APPROVAL_NOT_FOUND' }));
    expect(() => { kernel.send(handle.id, 'hello?'); }).toThrow(expect.objectContaining({ code: 'DEAD_LETTER' }));
    for (const answer of answers.splice(0)) answer();
    await time.advance(100_000);
    await until(kernel.flush());
    const entries = await entriesOf(store);
    expect(afterlifeOf(entries, handle.id)).toEqual(afterlife);
    expect(ran).toHaveLength(runs);
    expect(kernel.agentSnapshot(handle.id)).toMatchObject({ memory: {}, waitingFor: [], mailboxSize: 0 });
  });

  test('a tool that was told to stop makes room for the tools of others, not for its own agent\'s', async () => {
    answers = [];
    ran.length = 0;
    const { kernel, time } = await boot({ agents: [victim], tools: [late], maxConcurrentToolCalls: 1 });
    const first = kernel.spawn(victim, 'queue', GRANTS);
    kernel.spawn(victim, 'tool', GRANTS);
    await time.settle();
    kernel.revoke(first.id, 'enough');
    await time.settle();
    expect(ran).toEqual(['victim-1#1', 'victim-2#1']);
  });

  test('what it leaked acts for whoever yields it', async () => {
    const leaked: { ctx?: { memory: { set(key: string, value: string): Iterable<never> } } } = {};
    const leaker = defineAgent('leaker', function* (ctx) {
      leaked.ctx = ctx as never;
      yield* ctx.memory.set('mine', 'yes');
    });
    const finder = defineAgent('finder', function* () {
      yield* leaked.ctx!.memory.set('found', 'it');
    });
    const { kernel, until } = await boot({ agents: [leaker, finder] });
    await until(kernel.spawn(leaker, null).result());
    await until(kernel.spawn(finder, null).result());
    expect(kernel.snapshot().agents.map(({ memory }) => memory)).toEqual([{ mine: 'yes' }, { found: 'it' }]);
  });

  test('nobody moves it any more, and who tries is on record', async () => {
    const { kernel, until, store } = await boot({ agents: [caller], tools: [echo] });
    await until(kernel.spawn(caller, 'hi', GRANTS).result());
    expect(() => { kernel.abandon('caller-1'); }).toThrow(expect.objectContaining({ code: 'INVALID_TRANSITION' }));
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'TRANSITION_REFUSED')).toMatchObject([{ data: { from: 'TERMINATED', trigger: 'abandon' } }]);
  });
});
