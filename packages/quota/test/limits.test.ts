import { defineAgent, OmniError, type AgentContext, type AgentDefinition, type Instruction } from '@omnipaw/kernel';
import { scriptedTool, VirtualTime } from '@omnipaw/testing';
import type { ResourceQuota } from '@omnipaw/quota';
import { describe, expect, it } from 'vitest';
import { boot, finish, ofKind, rejection, type BootOptions } from './support.js';

const echo = scriptedTool<{ text?: string }, string>({ name: 'echo', idempotent: true, script: () => ({ value: 'yes' }) });
const fsRead = scriptedTool<object, string>({ name: 'fs.read', script: () => ({ value: 'text' }) });
const fsWrite = scriptedTool<object, null>({ name: 'fs.write', script: () => ({ value: null }) });
const tools = [echo, fsRead, fsWrite];
const grants = ['call:*', 'delegate:*', 'write:**', 'read:**', 'send:*'];

function agent(program: (...args: Parameters<Parameters<typeof defineAgent>[1] & ((...args: never) => unknown)>) => Generator): AgentDefinition {
  return defineAgent('main', program as never);
}

describe('a hard limit', () => {
  it('on ticks faults the agent before one more tick runs, with QUOTA_EXCEEDED, and says so in an entry', async () => {
    const main = defineAgent('main', function* (ctx) {
      for (;;) yield* ctx.sleep(1);
    });
    const booted = await boot({ agents: [main] });
    const handle = booted.kernel.spawn(main, null, { quota: { maxTicks: 3 } });
    const error = await rejection(booted.time, handle.result());
    expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxTicks', who: 'main-1', used: 3, asked: 1, limit: 3 } });
    expect(handle.state).toBe('FAULTED');
    expect(booted.limits.ledger.of('main-1')?.own.ticks).toBe(3);
    const entries = await finish(booted);
    expect(ofKind(entries, 'QUOTA_EXCEEDED')).toMatchObject([{ agent: 'main-1', data: { tick: 3, resource: 'maxTicks', who: 'main-1', used: 3, asked: 1, limit: 3 } }]);
    expect(ofKind(entries, 'SLEEP_STARTED')).toHaveLength(3);
    expect(entries.slice(-2).map(({ kind }) => kind)).toEqual(['QUOTA_EXCEEDED', 'AGENT_FAULTED']);
  });

  it('on ticks holds for a program that asks for nothing and begins anew for ever', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.continueAsNew(null);
    });
    const booted = await boot({ agents: [main] });
    expect(await rejection(booted.time, booted.kernel.spawn(main, null, { quota: { maxTicks: 5 } }).result())).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(ofKind(await finish(booted), 'AGENT_CONTINUED')).toHaveLength(5);
  });

  it('of zero lets nothing happen at all', async () => {
    let hasRun = false;
    const main = defineAgent('main', function* () {
      hasRun = true;
    });
    const booted = await boot({ agents: [main] });
    expect(await rejection(booted.time, booted.kernel.spawn(main, null, { quota: { maxTicks: 0 } }).result())).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(hasRun).toBe(false);
    await finish(booted);
  });

  it.each<readonly [quota: Record<string, number>, did: string[]]>([
    [{ maxToolCalls: 0 }, []],
    [{ maxMemoryKeys: 0 }, ['call']],
    [{ maxMemoryBytes: 0 }, ['call']],
    [{ maxChildren: 0 }, ['call', 'memory', 'shared']],
    [{ 'call:*': 0 }, []],
    [{ 'call:fs.*': 0 }, ['call', 'memory', 'shared', 'child']],
    [{ maxWallMs: 0 }, []],
    [{ maxCpuMs: 0 }, []],
    [{ maxLogBytes: 0 }, []],
  ])('of zero means zero: %j', async (quota, did) => {
    const done: string[] = [];
    const child = defineAgent('child', function* () { return 1; });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.tool(echo, {});
      done.push('call');
      yield* ctx.memory.set('key', 1);
      done.push('memory');
      yield* ctx.shared('team').set('key', 1, 0);
      done.push('shared');
      yield* ctx.delegate(child, null);
      done.push('child');
      yield* ctx.tool(fsRead, {});
      done.push('read');
    });
    const booted = await boot({ agents: [main, child], tools });
    expect(await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota }).result())).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { limit: 0 } });
    expect(done).toEqual(did);
    done.length = 0;
    await finish(booted);
    expect(done).toEqual(did);
  });

  it('on calls is not overshot by calls that are made at once', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.all(Array.from({ length: 10 }, () => ctx.tool(echo, {})));
    });
    const booted = await boot({ agents: [main], tools });
    expect(await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota: { maxToolCalls: 4 } }).result())).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(ofKind(await finish(booted), 'TOOL_CALLED')).toHaveLength(4);
  });

  it('by pattern counts the tools that it matches, as grants do', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.tool(fsRead, {});
      yield* ctx.tool(echo, {});
      yield* ctx.tool(fsWrite, {});
      yield* ctx.tool(fsRead, {});
    });
    const booted = await boot({ agents: [main], tools });
    const error = await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota: { 'call:fs.*': 2, 'call:fs.write': 1, maxToolCalls: 9 } }).result());
    expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'call:fs.*', used: 2 } });
    expect(ofKind(await finish(booted), 'TOOL_CALLED').map(({ data }) => data.tool)).toEqual(['fs.read', 'echo', 'fs.write']);
  });

  it('on memory counts keys and bytes that are there, and shared ones of who wrote them last', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.memory.set('a', 'x'.repeat(10));
      yield* ctx.memory.set('a', 'x'.repeat(20));
      yield* ctx.memory.set('b', 1);
      yield* ctx.memory.delete('b');
      yield* ctx.shared('team').set('c', [1, 2], 0);
      yield* ctx.shared('team').set('c', [1, 2, 3], 1);
      yield* ctx.sleep(1);
      yield* ctx.memory.set('d', 'x'.repeat(100));
    });
    const booted = await boot({ agents: [main] });
    const handle = booted.kernel.spawn(main, null, { grants, quota: { maxMemoryKeys: 3, maxMemoryBytes: 130 } });
    await booted.time.settle();
    expect(booted.limits.ledger.of('main-1')?.own).toMatchObject({ memoryKeys: 2, memoryBytes: 22 + 7 });
    // 29 bytes and 102 more.
    expect(await rejection(booted.time, handle.result())).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxMemoryBytes', used: 29, asked: 102, limit: 130 } });
    await finish(booted);
  });

  it('on the log counts the lines that are about the agent', async () => {
    const main = defineAgent('main', function* (ctx) {
      for (let i = 0; ; i++) yield* ctx.memory.set('key', 'x'.repeat(100));
    });
    const booted = await boot({ agents: [main] });
    expect(await rejection(booted.time, booted.kernel.spawn(main, null, { quota: { maxLogBytes: 5_000 } }).result())).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxLogBytes' } });
    const entries = await finish(booted);
    const lines = new TextDecoder().decode(booted.log.bytes()).trimEnd().split('\n');
    const before = entries.findIndex(({ kind }) => kind === 'QUOTA_EXCEEDED');
    const bytes = lines.slice(0, before).filter((_, index) => entries[index]!.agent === 'main-1').reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    expect(bytes).toBeLessThanOrEqual(5_000);
    expect(bytes).toBeGreaterThan(4_400);
    expect(ofKind(entries, 'QUOTA_EXCEEDED')[0]?.data.used).toBe(bytes);
  });

  it.each<readonly [what: string, program: (ctx: AgentContext) => Generator<Instruction, unknown>, options: Partial<BootOptions>]>([
    ['refusals', function* () {
      for (let i = 0; i < 5_000; i++) {
        try {
          yield { op: 'CALL_TOOL', tool: 'x'.repeat(500), args: {} };
        } catch {
          // And once more.
        }
      }
    }, {}],
    ['questions', function* (ctx) {
      yield* ctx.all(Array.from({ length: 100 }, () => ctx.tool(echo, { text: 'x'.repeat(500) })));
    }, { policies: [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: '*' }] }],
    ['waits', function* (ctx) {
      yield* ctx.all(Array.from({ length: 100 }, () => ctx.tool(echo, { text: 'x'.repeat(500) })));
    }, { rates: [{ per: 'kernel', calls: 1, everyMs: 1_000, over: 'delay' }] }],
    ['choices', function* (ctx) {
      for (let i = 0; i < 5_000; i++) yield* ctx.version(`${String(i)} ${'x'.repeat(500)}`, 0, 1);
    }, {}],
    ['scratch', function* (ctx) {
      for (let i = 0; i < 50; i++) yield* ctx.scratch.set(`key ${String(i)}`, 'x'.repeat(10_000));
      yield* ctx.sleep(1);
    }, {}],
    ['new lives', function* (ctx) {
      yield* ctx.continueAsNew('x'.repeat(500));
    }, {}],
  ])('on the log holds for %s as well', async (what, program, more) => {
    const main = defineAgent('main', program as never);
    const booted = await boot({ agents: [main], tools, ...more });
    const error = await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota: { maxLogBytes: { hard: 5_000, soft: 3_000 } } }).result());
    expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxLogBytes' } });
    const entries = await finish(booted);
    // A choice is judged once it is there.
    expect(ofKind(entries, 'QUOTA_EXCEEDED')[0]?.data.used).toBeLessThan(what === 'choices' ? 6_000 : 5_000);
    expect(ofKind(entries, 'QUOTA_WARNED')).toHaveLength(1);
  });

  it.each<readonly [limits: ResourceQuota]>([[{ maxWallMs: Number.MAX_SAFE_INTEGER }], [{ maxWallMs: { hard: Number.MAX_SAFE_INTEGER, soft: 1 } }], [{ maxCpuMs: Number.MAX_SAFE_INTEGER }]])('of %j is as good as none', async (limits) => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.sleep(5);
      return 'there';
    });
    const booted = await boot({ agents: [main] });
    expect(await booted.time.until(booted.kernel.spawn(main, null, { quota: limits }).result())).toBe('there');
    await finish(booted);
  });

  it('on memory counts a value of shared memory once, whoever writes it anew', async () => {
    const writer = defineAgent('writer', function* (ctx, value: string) {
      const { version } = yield* ctx.shared('team').get('key');
      yield* ctx.shared('team').set('key', value, version);
    });
    const main = defineAgent('main', function* (ctx) {
      for (const value of ['12345678', '87654321', '1']) yield* ctx.delegate(writer, value, { grants, quota: { maxMemoryKeys: 1 } });
      yield* ctx.delegate(writer, '123456789', { grants });
    });
    const booted = await boot({ agents: [main, writer] });
    const error = await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota: { maxMemoryKeys: 3, maxMemoryBytes: 10 } }).result());
    expect(error).toMatchObject({ code: 'DELEGATION_FAILED', message: expect.stringContaining('(used 3, asked for 8 more, limit 10)') as string });
    expect(booted.limits.ledger.of('main-1')).toMatchObject({ total: { memoryKeys: 1, memoryBytes: 3 }, limits: [{ used: 1 }, { used: 3 }] });
    await finish(booted);
  });

  it('on time ends an agent that waits for something that never comes', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.receive();
    });
    const booted = await boot({ agents: [main] });
    const start = booted.time.now;
    expect(await rejection(booted.time, booted.kernel.spawn(main, null, { quota: { maxWallMs: { hard: 60_000, soft: 50_000 } } }).result())).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxWallMs', limit: 60_000 } });
    expect(booted.time.now - start).toBe(60_000);
    const entries = await finish(booted);
    const [warned] = ofKind(entries, 'QUOTA_WARNED');
    expect(warned?.time).toBe(start + 50_001);
    expect(ofKind(entries, 'GUARD_WOKEN')).toHaveLength(2);
  });

  it('can not be caught by the program', async () => {
    const main = defineAgent('main', function* (ctx) {
      for (;;) {
        try {
          yield* ctx.tool(echo, {});
        } catch {
          yield* ctx.memory.set('caught', true);
        }
      }
    });
    const booted = await boot({ agents: [main], tools });
    const handle = booted.kernel.spawn(main, null, { grants, quota: { maxToolCalls: 2 } });
    await rejection(booted.time, handle.result());
    expect(booted.kernel.agentSnapshot('main-1').memory).toEqual({});
    await finish(booted);
  });
});

describe('a soft limit', () => {
  it('warns once, before the hard one', async () => {
    const main = defineAgent('main', function* (ctx) {
      for (;;) yield* ctx.tool(echo, {});
    });
    const booted = await boot({ agents: [main], tools });
    await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota: { maxToolCalls: { hard: 6, soft: 3 }, maxTicks: { hard: 100, soft: 2 } } }).result());
    const entries = await finish(booted);
    const kinds = entries.map(({ kind }) => kind);
    expect(ofKind(entries, 'QUOTA_WARNED').map(({ data }) => data)).toEqual([
      { tick: 2, resource: 'maxTicks', who: 'main-1', used: 2, asked: 1, soft: 2, limit: 100 },
      { tick: 4, resource: 'maxToolCalls', who: 'main-1', used: 3, asked: 1, soft: 3, limit: 6 },
    ]);
    expect(kinds.lastIndexOf('QUOTA_WARNED')).toBeLessThan(kinds.indexOf('QUOTA_EXCEEDED'));
    expect(ofKind(entries, 'TOOL_CALLED')).toHaveLength(6);
  });

  it.each<readonly [limits: ResourceQuota]>([[{ maxToolCalls: { hard: 0, soft: 0 } }], [{ maxWallMs: { hard: 100, soft: 100 } }]])('is heard even if the hard one is met at once: %j', async (limits) => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.sleep(99);
      yield* ctx.tool(echo, {});
      yield* ctx.receive();
    });
    const booted = await boot({ agents: [main], tools });
    await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota: limits }).result());
    expect((await finish(booted)).slice(-3).map(({ kind }) => kind)).toEqual(['QUOTA_WARNED', 'QUOTA_EXCEEDED', 'AGENT_FAULTED']);
  });
});

describe('a quota', () => {
  const main = agent(function* () { return 'done'; });

  it.each([
    [{ maxTiks: 5 }, 'maxTiks'],
    [{ maxTicks: { hard: 5, soft: 6 } }, 'maxTicks'],
    [{ maxTicks: { hard: 5, weak: 3 } }, 'maxTicks'],
    [{ 'call:': 5 }, 'call:'],
    [{ 'delegate:child': 5 }, 'delegate:child'],
    [{ toString: 5 }, 'toString'],
  ])('that is none is refused at the spawn: %j', async (quota, name) => {
    const { kernel, time } = await boot({ agents: [main] });
    expect(() => kernel.spawn(main, null, { quota: quota })).toThrow(OmniError);
    try {
      kernel.spawn(main, null, { quota: quota });
    } catch (error) {
      expect(error).toMatchObject({ code: 'QUOTA_INVALID', details: { resource: name } });
    }
    expect(kernel.snapshot().agents).toEqual([]);
    await time.until(kernel.stop());
  });

  it('of a child that is none is an error that its parent can catch', async () => {
    const parent = defineAgent('parent', function* (ctx) {
      try {
        yield* ctx.delegate(main as AgentDefinition<unknown, string>, null, { quota: { maxTiks: 5 } });
        return 'spawned';
      } catch (error) {
        return (error as OmniError).code;
      }
    });
    const booted = await boot({ agents: [main, parent] });
    expect(await booted.time.until(booted.kernel.spawn(parent, null, { grants }).result())).toBe('QUOTA_INVALID');
    await finish(booted);
  });

  it('of a type holds for its agents, and yields to what an agent was given', async () => {
    const caller = defineAgent('caller', function* (ctx) {
      for (;;) yield* ctx.tool(echo, {});
    });
    const booted = await boot({ agents: [caller], tools, defaults: { caller: { maxToolCalls: 2 } } });
    expect(await rejection(booted.time, booted.kernel.spawn(caller, null, { grants }).result())).toMatchObject({ details: { limit: 2 } });
    expect(await rejection(booted.time, booted.kernel.spawn(caller, null, { grants, quota: { maxToolCalls: 5 } }).result())).toMatchObject({ details: { limit: 5 } });
    await finish(booted);
  });

  it('of the declared type is taken as it is', async () => {
    const quota: ResourceQuota = { maxTicks: 1_000, maxToolCalls: 50, maxMemoryKeys: 100, maxTokens: 100_000, 'call:fs.*': { hard: 20, soft: 10 } };
    const booted = await boot({ agents: [main], tools });
    await booted.time.until(booted.kernel.spawn(main, null, { quota }).result());
    expect(booted.kernel.agentSnapshot('main-1').quota).toEqual(quota);
    expect(booted.limits.ledger.of('main-1')?.limits.map(({ resource, used }) => [resource, used])).toEqual([['maxTicks', 1], ['maxToolCalls', 0], ['maxMemoryKeys', 0], ['maxTokens', 0], ['call:fs.*', 0]]);
    await finish(booted);
  });

  it('stands in the identity of its agent', async () => {
    const { kernel, time } = await boot({ agents: [main] });
    kernel.spawn(main, null, { quota: { maxTicks: { hard: 5, soft: 4 } } });
    expect(kernel.agentSnapshot('main-1')).toMatchObject({ quota: { maxTicks: { hard: 5, soft: 4 } }, token: { budget: { maxTicks: { hard: 5, soft: 4 } } } });
    await time.until(kernel.stop());
  });
});

it('an agent without a quota pays nothing and meets nothing', async () => {
  const main = defineAgent('main', function* (ctx) {
    for (let i = 0; i < 20; i++) yield* ctx.tool(echo, {});
  });
  const booted = await boot({ agents: [main], tools, time: new VirtualTime() });
  await booted.time.until(booted.kernel.spawn(main, null, { grants }).result());
  const entries = await finish(booted);
  expect(entries.filter(({ kind }) => kind.startsWith('QUOTA_') || kind === 'TICK_MEASURED')).toEqual([]);
  expect(booted.limits.ledger.of('main-1')).toMatchObject({ own: { ticks: 21, toolCalls: 20 }, limits: [] });
});
