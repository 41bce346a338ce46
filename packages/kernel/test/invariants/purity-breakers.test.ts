import {
  createKernel,
  defineAgent,
  defineTool,
  inspect,
  LifecycleController,
  nodePorts,
  OmniError,
  ToolGate,
  ToolRegistry,
  unchecked,
  InvariantChecker,
  type Entry,
  type Instruction,
  type Proposal,
} from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { PendingOperations } from '../../src/pending/index.js';
import { boot, entriesOf, ofKind } from '../support/index.js';
import { scenarios } from '../../sim/scenarios.js';
import { play } from './scenario.js';
import { Settings } from '../../src/header/index.js';

const echo = defineTool({ name: 'echo', description: 'echoes', input: unchecked<{ text: string }>(), run: async ({ text }) => text });
const idle = defineAgent('idle', function* (ctx) {
  yield* ctx.receive();
});

describe('INV-10: modules affect one another through the bus only', () => {
  test('nothing changes but by an entry: the same log, the same state', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const states = new Map<number, string>();
        await play(scenario, (kernel) => {
          const state = JSON.stringify(kernel.snapshot());
          expect(states.get(kernel.entryCount) ?? state).toBe(state);
          states.set(kernel.entryCount, state);
        });
        expect(states.size).toBeGreaterThan(0);
      }),
      { numRuns: 50 },
    );
  }, 60_000);

  test('two kernels in one process know nothing of each other', async () => {
    const [one, other] = [await boot({ agents: [idle] }), await boot({ agents: [idle] })];
    one.kernel.spawn(idle, null, { id: 'mine' });
    expect(other.kernel.snapshot().agents).toEqual([]);
    expect(() => { other.kernel.send('mine', 1); }).toThrow(expect.objectContaining({ code: 'DEAD_LETTER' }));
    one.kernel.suspend('mine');
    other.kernel.spawn(idle, null, { id: 'mine' });
    expect([one.kernel.agent('mine').state, other.kernel.agent('mine').state]).toEqual(['RESUMABLE', 'WAITING']);
  });
});

describe('INV-12: steps in a tick never exceed maxStepsPerTick, which is fixed at boot', () => {
  const LIMIT = 10;
  const noop: Instruction = { op: 'NOOP' };
  const write = (n: number): Instruction => ({ op: 'WRITE', store: 'persistent', key: `k${n}`, value: n });

  test.each<[string, () => Generator<Instruction, unknown>]>([
    ['an endless loop', function* () {
      for (let n = 0; ; n++) yield write(n);
    }],
    ['a loop that catches everything', function* () {
      for (;;) {
        try {
          yield { op: 'JOIN', agent: 'nobody' };
        } catch { /* once more */ }
      }
    }],
    ['a long list', function* () {
      yield { op: 'ALL', of: Array.from({ length: LIMIT + 1 }, (_, n) => write(n)) };
    }],
    ['lists that add up', function* () {
      for (let n = 0; ; n++) yield { op: 'ALL', of: [write(n), noop, noop] };
    }],
    ['empty lists', function* () {
      for (;;) yield { op: 'ALL', of: [] };
    }],
    ['a finally that never ends', function* () {
      try {
        yield noop;
      } finally {
        for (let n = 0; n < 1_000; n++) yield write(n);
      }
    }],
    ['messages to itself', function* () {
      for (;;) {
        yield { op: 'SEND', to: 'runner-1', body: 1 };
        yield { op: 'RECEIVE' };
      }
    }],
    ['children', function* () {
      for (;;) yield { op: 'DELEGATE', type: 'idle' };
    }],
  ])('%s is cut short, and what it did before stays within the limit', async (_name, program) => {
    const runner = defineAgent('runner', program);
    const config = { agents: [runner, idle], maxStepsPerTick: LIMIT };
    const { kernel, rejection, until, store } = await boot(config);
    // Too late to change one's mind.
    config.maxStepsPerTick = 1_000_000;
    const handle = kernel.spawn(runner, null, { grants: ['send:*', 'delegate:*'] });
    expect((await rejection(handle.result())).code).toBe('TICK_OVERFLOW');
    await until(kernel.flush());
    const entries = await entriesOf(store);
    const steps = entries.filter(({ kind, agent }) => (agent === handle.id && kind !== 'AGENT_SPAWNED') || (kind === 'AGENT_SPAWNED' && agent !== handle.id));
    expect(steps.length).toBeLessThanOrEqual(LIMIT + 2); // activation and the fault are no steps
  });

  test('a tick that waits in between may take as many steps again', async () => {
    const walker = defineAgent('walker', function* (ctx) {
      for (let round = 0; round < 5; round++) {
        for (let step = 0; step < LIMIT - 1; step++) yield noop;
        yield* ctx.sleep(1);
      }
      return 'arrived';
    });
    const { kernel, until } = await boot({ agents: [walker], maxStepsPerTick: LIMIT });
    expect(await until(kernel.spawn(walker, null).result())).toBe('arrived');
  });
});

describe('INV-17: the mode never changes after boot', () => {
  test('a kernel says LIVE, in its log too, and nobody talks it out of it', async () => {
    const { kernel, until, store } = await boot({ agents: [idle] });
    expect(() => Object.assign(kernel, { mode: 'REPLAY' })).toThrow(TypeError);
    expect(() => Object.defineProperty(kernel, 'mode', { value: 'REPLAY' })).toThrow(TypeError);
    expect(kernel.mode).toBe('LIVE');
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'LOG_OPENED')[0]?.data.mode).toBe('LIVE');
  });
});

describe('INV-18: REPLAY never invokes a real tool', () => {
  test('a gate in REPLAY records the intent and runs nothing, ever', () => {
    let runs = 0;
    const real = defineTool({ name: 'real', description: 'acts', input: unchecked<object>(), run: () => runs++ });
    const registry = new ToolRegistry();
    registry.register(real);
    const lifecycle = new LifecycleController();
    const pending = new PendingOperations(lifecycle);
    const recorded: string[] = [];
    const propose = (proposal: object): Entry => {
      const entry = { ...proposal, busSeq: recorded.length, time: 0 } as unknown as Entry;
      recorded.push(entry.kind);
      lifecycle.apply(entry);
      pending.apply(entry);
      return entry;
    };
    const durable: (() => void)[] = [];
    const gate = new ToolGate({
      registry, lifecycle, pending, invariants: new InvariantChecker(), ports: nodePorts, mode: 'REPLAY', logId: 'log',
      log: { nextSeq: 0, afterDurable: (_seq, callback) => durable.push(callback) }, propose: propose as never, input: propose,
      settings: new Settings(), isRecorded: () => false, isBusy: () => false, ask: () => Promise.reject(new Error('no tool runs here')),
    });
    propose({ kind: 'AGENT_SPAWNED', agent: 'a', data: { transition: lifecycle.decide('a', 'spawn') } });
    propose({ kind: 'AGENT_ACTIVATED', agent: 'a', data: { transition: lifecycle.decide('a', 'activate') } });
    gate.execute({ agent: 'a', tick: 1, call: 0, tool: 'real', args: {} }, () => ({ decision: 'ALLOW', by: 'test' }));
    gate.retry({ agent: 'a', tick: 1, call: 0, seq: 2 });
    for (const callback of durable) callback();
    expect([recorded.at(-1), lifecycle.stateOf('a'), runs]).toEqual(['TOOL_CALLED', 'WAITING', 0]);
  });
});

describe('INV-20: evaluation is pure', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  const worker = defineAgent('worker', function* (ctx, text: string) {
    const said = yield* ctx.all([ctx.tool(echo, { text }), ctx.sleep(10), ctx.start(idle, null)]);
    yield* ctx.memory.set('said', said[0]);
    yield* ctx.shared('team').set('k', ctx.random(), 0);
    return [said[0], ctx.uuid(), ctx.now()];
  });

  async function run(): Promise<Uint8Array> {
    const { kernel, until, store } = await boot({ agents: [worker, idle], tools: [echo] });
    await until(kernel.spawn(worker, 'hi', { grants: ['call:*', 'delegate:*', 'write:**'] }).result());
    await until(kernel.stop());
    return store.bytes();
  }

  test('a host without clock, chance, timers and environment makes no difference: the ports are all there is', async () => {
    const expected = await run();
    const gone = (what: string) => (): never => {
      throw new Error(`${what} is not here`);
    };
    // Microtasks and setImmediate stay: promises and the ports of these tests are made of them.
    vi.spyOn(Date, 'now').mockImplementation(gone('the clock'));
    vi.spyOn(Math, 'random').mockImplementation(gone('chance'));
    vi.spyOn(performance, 'now').mockImplementation(gone('the stopwatch'));
    vi.spyOn(process, 'hrtime').mockImplementation(gone('the high-resolution clock'));
    vi.stubGlobal('crypto', { getRandomValues: gone('strong chance'), randomUUID: gone('an id') });
    for (const name of ['setTimeout', 'setInterval', 'fetch']) vi.stubGlobal(name, gone(name));
    const found = await run();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    expect(Buffer.from(found).equals(Buffer.from(expected))).toBe(true);
  });

  test('a guard is asked with frozen data before the append, and its answer is part of the log', async () => {
    const asked: Proposal[] = [];
    const guard = {
      review: (proposal: Proposal) => {
        asked.push(proposal);
        expect(Object.isFrozen(proposal.data)).toBe(true);
        return proposal.kind === 'SLEEP_STARTED' ? ({ verdict: 'refuse', error: new OmniError('NO_SLEEP', 'no') } as const) : undefined;
      },
    };
    const { kernel, rejection, until, store } = await boot({ agents: [worker, idle], tools: [echo], extensions: [{ name: 'g', guard }] });
    expect((await rejection(kernel.spawn(worker, 'hi', { grants: ['call:*', 'delegate:*', 'write:**'] }).result())).code).toBe('NO_SLEEP');
    await until(kernel.flush());
    expect(asked.map(({ kind }) => kind)).toEqual(['TOOL_CALLED', 'SLEEP_STARTED', 'AGENT_SPAWNED', 'RECEIVE_STARTED']);
    expect(ofKind(await entriesOf(store), 'REFUSED')[0]?.data.error.code).toBe('NO_SLEEP');
  });
});

describe('INV-22: snapshots derive from the log alone', () => {
  test('what the log alone says at each entry is what the kernel said then', async () => {
    const worker = defineAgent('worker', function* (ctx) {
      yield* ctx.scratch.set('note', 1);
      yield* ctx.memory.set('k', { a: 1 });
      yield* ctx.tool(echo, { text: 'x' });
      yield* ctx.send(ctx.agent.id, 'to myself');
      yield* ctx.sleep(5);
      yield* ctx.delegate(idle, null, { expiresInMs: 5 });
    });
    const { kernel, until, store } = await boot({ agents: [worker, idle], tools: [echo] });
    const states: unknown[] = [];
    kernel.subscribe(({ busSeq }) => { states[busSeq] = kernel.snapshot(); });
    await until(kernel.spawn(worker, null, { grants: ['call:*', 'send:*', 'delegate:*'] }).result().catch(() => undefined));
    await until(kernel.stop());
    for (const [at, expected] of states.entries()) {
      if (expected === undefined) continue;
      const { agents, shared } = await inspect(store, { codec: nodePorts.codec, at });
      expect({ agents, shared }).toEqual(expected);
    }
    expect(states.length).toBeGreaterThan(10);
  });

  test('a kernel that takes the log up again has the state that the last one had, and not what it kept elsewhere', async () => {
    const { kernel, until, store } = await boot({ agents: [idle] });
    const handle = kernel.spawn(idle, null);
    kernel.revoke(handle.id, 'done');
    await until(kernel.stop());
    const again = await createKernel({ log: store });
    expect(again.snapshot()).toEqual(kernel.snapshot());
    await again.stop();
  });
});
