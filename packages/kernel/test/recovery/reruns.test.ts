import { defineAgent, defineTool, unchecked, type AgentContext, type Extension, type Instruction, type KernelConfig, type MemoryLogStore, type OmniError, type Policy } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { boot, rejectionOf } from '../support/index.js';

let time: VirtualTime;
beforeEach(() => { time = new VirtualTime(); });

type Program = (ctx: AgentContext) => Generator<Instruction, unknown>;
type Cast = Omit<KernelConfig, 'log'>;

const ping = defineTool({ name: 'ping', description: '', idempotent: true, input: unchecked<unknown>(), run: () => 'pong' });
const child = defineAgent<unknown, unknown>('child', function* (ctx) { return (yield* ctx.receive()).body; });
const grants = ['call:*', 'delegate:*', 'send:**', 'read:shared:**', 'write:shared:**'];

function agentOf(program: Program): Cast {
  const main = defineAgent<null, unknown>('main', function* (ctx) {
    const did = yield* program(ctx);
    return [did, (yield* ctx.receive({ channel: 'end' })).body];
  });
  return { agents: [main, child], tools: [ping] };
}

/** Lets a program come to where it waits for the end, and puts so much behind it that it has to be run again from its history. */
async function waiting(cast: Cast, meanwhile: (kernel: Awaited<ReturnType<typeof boot>>['kernel']) => void = () => undefined): Promise<MemoryLogStore> {
  const { kernel, store, until } = await boot({ ...cast, time });
  kernel.spawn(cast.agents![0]!, null, { id: 'main', grants, depth: 2 });
  await time.advance(100);
  meanwhile(kernel);
  await time.advance(100);
  await until(kernel.stop());
  const again = await boot({ ...cast, log: store, time });
  await until(again.kernel.stop());
  return store;
}

async function ended(cast: Cast, log: MemoryLogStore): Promise<unknown> {
  const { kernel, until } = await boot({ ...cast, log, time });
  kernel.send('main', 'end', 'end');
  const result = await until(kernel.agent('main').result());
  await until(kernel.stop());
  return result;
}

async function refusalOf(cast: Cast, log: MemoryLogStore): Promise<OmniError> {
  return time.until(rejectionOf(boot({ ...cast, log, time })));
}

const programs: Record<string, Program> = {
  'a tool without arguments': function* (ctx) { return yield* ctx.tool(ping, undefined); },
  'a tool with null': function* (ctx) { return yield* ctx.tool(ping, null); },
  'a tool with a field that is undefined, which is refused': function* (ctx) {
    try {
      return yield* ctx.tool(ping, { a: undefined });
    } catch (error) {
      return (error as OmniError).code;
    }
  },
  'a child without an input': function* (ctx) { return (yield* ctx.start(child, undefined, {})).agent; },
  'a child with all options': function* (ctx) {
    const options = { id: 'kid', grants: ['call:ping', { action: 'call', resource: 'pong', limit: 2, notAfter: 9e15 }] as const, depth: 1, expiresInMs: 1e9, quota: { maxTicks: 5 }, metadata: { why: 'test', not: undefined } };
    return (yield* ctx.start(child, [1], options)).agent;
  },
  'shared memory': function* (ctx) {
    const board = ctx.shared('team');
    yield* board.set('plan', 1, 0);
    const { version } = yield* board.get('plan');
    return yield* board.set('plan', 2, version);
  },
  'a message to itself, and its receipt': function* (ctx) {
    yield* ctx.send('main', { n: 1 }, 'self');
    return (yield* ctx.receive({ channel: 'self', from: 'main' })).body;
  },
  'a receive that times out': function* (ctx) {
    try {
      return yield* ctx.receive({ channel: 'nothing', from: 'main', timeoutMs: 5 });
    } catch (error) {
      return (error as OmniError).code;
    }
  },
  'memory of each kind': function* (ctx) {
    yield* ctx.memory.set('a', [null, '', 0]);
    yield* ctx.memory.delete('a');
    yield* ctx.scratch.set('b', {});
    return [(yield* ctx.memory.get('a')) ?? null, yield* ctx.scratch.get('b'), yield* ctx.version('change', 0, 3)];
  },
};

describe('a program is taken up from its history, whatever it asked for:', () => {
  test.each(Object.entries(programs))('%s', async (_name, program) => {
    const cast = agentOf(program);
    const { kernel, until } = await boot({ ...cast, time });
    const handle = kernel.spawn(cast.agents![0]!, null, { id: 'main', grants, depth: 2 });
    kernel.send('main', 'end', 'end');
    const live = await until(handle.result());
    expect(await ended(cast, await waiting(cast))).toEqual(live);
  });

  const ASK: readonly Policy[] = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: 'ping', approver: 'operator' }, { name: 'ask', effect: 'ESCALATE', action: 'delegate', resource: 'child', approver: 'operator' }];
  const asking: Record<string, Program> = {
    'a tool without arguments': programs['a tool without arguments']!,
    'a tool with a field that is undefined': function* (ctx) { return yield* ctx.tool(ping, { a: undefined, b: null }); },
    'a child without an input': programs['a child without an input']!,
  };

  test.each(Object.entries(asking))('%s, on approval', async (_name, program) => {
    const cast = { ...agentOf(program), policies: ASK };
    const log = await waiting(cast);
    const { kernel, until } = await boot({ ...cast, log, time });
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    await until(kernel.stop());
    expect(await ended(cast, log)).toEqual([expect.anything() as unknown, 'end']);
  });

  test('and whatever a guard has noted of it', async () => {
    const notes: Extension = { name: 'notes', guard: { review: ({ kind }) => (kind === 'MEMORY_SET' ? { verdict: 'warn', record: { kind: 'NOTED', data: { tick: 42, parent: 'main' } } } : undefined) } };
    const cast = { ...agentOf(function* (ctx) { yield* ctx.memory.set('a', 1); return 'noted'; }), extensions: [notes] };
    expect(await ended(cast, await waiting(cast))).toEqual(['noted', 'end']);
  });

  test('and with whichever limits there were', async () => {
    const cast = agentOf(function* (ctx) {
      for (let step = 0; step < 50; step++) yield* ctx.memory.set('step', step);
      return 'done';
    });
    const log = await waiting(cast);
    for (const maxStepsPerTick of [20, 20, 10_000]) {
      const { kernel, until } = await boot({ ...cast, maxStepsPerTick, log, time });
      await until(kernel.stop());
    }
    expect(await ended(cast, log)).toEqual(['done', 'end']);
  });
});

describe('a program that would have done something else is refused:', () => {
  const start = (options: object): Program => function* (ctx) { return (yield* ctx.start(child, null, { grants: ['call:ping'], ...options })).agent; };
  const receive = (filter: object): Program => function* (ctx) { return (yield* ctx.receive(filter)).body; };
  const first = (kernel: { send(to: string, body: unknown): void }): void => { kernel.send('main', 'first'); };

  test.each<[string, Program, Program, ((kernel: { send(to: string, body: unknown): void }) => void)?]>([
    ['fewer grants for its child', start({}), start({ grants: [] })],
    ['another depth', start({}), start({ depth: 1 })],
    ['another end', start({}), start({ expiresInMs: 5 })],
    ['another quota', start({}), start({ quota: { maxTicks: 1 } })],
    ['another id', start({ id: 'one' }), start({ id: 'other' })],
    ['other metadata', start({}), start({ metadata: { why: 'else' } })],
    ['a message on another channel', receive({}), receive({ channel: 'other' }), first],
    ['another timeout', receive({ channel: 'never', timeoutMs: 10_000 }), receive({ channel: 'never', timeoutMs: 10 })],
    ['another version of what it writes', function* (ctx) { return yield* ctx.shared('team').set('a', 1, 0); }, function* (ctx) { return yield* ctx.shared('team').set('a', 1, 3); }],
    ['no arguments instead of null', programs['a tool with null']!, programs['a tool without arguments']!],
  ])('%s', async (_name, then, now, meanwhile) => {
    const log = await waiting(agentOf(then), meanwhile);
    expect(await refusalOf(agentOf(now), log)).toMatchObject({ code: 'REPLAY_DIVERGENCE', details: { agent: expect.any(String) as string } });
  });

  test('and with its own code, if it has dropped the version that the agent goes by', async () => {
    const asks = (min: number, max: number): Cast => agentOf(function* (ctx) { return yield* ctx.version('change', min, max); });
    const log = await waiting(asks(0, 1));
    expect(await refusalOf(asks(2, 2), log)).toMatchObject({ code: 'VERSION_UNSUPPORTED', details: { version: 1, min: 2 } });
    const before = await waiting(agentOf(function* (ctx) { yield* ctx.memory.set('a', 1); return 0; }));
    const asked = agentOf(function* (ctx) {
      const version = yield* ctx.version('change', 1, 1);
      yield* ctx.memory.set('a', 1);
      return version;
    });
    expect(await refusalOf(asked, before)).toMatchObject({ code: 'VERSION_UNSUPPORTED', details: { version: 0, min: 1 } });
  });
});

describe('a new life', () => {
  const worker = (wordOf: (round: number) => string): Cast => {
    const main = defineAgent<number, unknown>('main', function* (ctx, round) {
      yield* ctx.memory.set('word', wordOf(round));
      if (round < 3) return yield* ctx.continueAsNew(round + 1);
      return (yield* ctx.receive({ channel: 'end' })).body;
    });
    return { agents: [main] };
  };

  test('does not need the program of the one before, though nothing came from outside since', async () => {
    const cast = worker(() => 'old');
    const { kernel, store, until } = await boot({ ...cast, time });
    kernel.spawn(cast.agents![0]!, 0, { id: 'main', grants });
    await until(kernel.stop());
    expect(await ended(worker((round) => (round < 3 ? 'new' : 'old')), store)).toBe('end');
  });
});
