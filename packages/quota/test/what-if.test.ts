import { createKernel, defineAgent, MemoryLogStore, whatIf, type OmniError } from '@omnipaw/kernel';
import { scriptedTool } from '@omnipaw/testing';
import { quota, type QuotaOptions } from '@omnipaw/quota';
import { describe, expect, it } from 'vitest';
import { boot, finish, rejection } from './support.js';

const echo = scriptedTool<object, string>({ name: 'echo', script: () => ({ value: 'yes' }) });
const fsRead = scriptedTool<object, string>({ name: 'fs.read', script: () => ({ value: 'text' }) });
const child = defineAgent('child', function* (ctx) {
  yield* ctx.tool(echo, {});
  yield* ctx.tool(echo, {});
});
const main = defineAgent('main', function* (ctx) {
  yield* ctx.tool(echo, {});
  yield* ctx.tool(fsRead, {});
  yield* ctx.delegate(child, null, { grants: ['call:*'] });
  yield* ctx.tool(fsRead, {});
});

async function logOf(options: QuotaOptions = {}) {
  const booted = await boot({ agents: [main, child], tools: [echo, fsRead], ...options });
  await booted.time.until(booted.kernel.spawn(main, null, { grants: ['call:*', 'delegate:*'] }).result());
  const entries = await finish(booted);
  return { log: booted.log, entries };
}

describe('what if agents had another quota', () => {
  it('names the calls that would have been refused', async () => {
    const { log, entries } = await logOf();
    const report = await whatIf(log, { extensions: [quota({ defaults: { main: { maxToolCalls: 3 } } })] });
    expect(report.findings).toMatchObject([
      { kind: 'TOOL_CALLED', agent: 'child-1', action: 'call', resource: 'echo', effect: 'FAULT', by: 'guard quota', error: { code: 'QUOTA_EXCEEDED' }, record: { kind: 'QUOTA_EXCEEDED', data: { who: 'main-1', used: 3, limit: 3 } } },
      { kind: 'TOOL_CALLED', agent: 'main-1', action: 'call', resource: 'fs.read', effect: 'FAULT', record: { data: { used: 4 } } },
    ]);
    expect(report.findings.map(({ busSeq }) => entries[busSeq]?.kind)).toEqual(['TOOL_CALLED', 'TOOL_CALLED']);
  });

  it('names the first entry of each tick that would not have run', async () => {
    const { log } = await logOf();
    const report = await whatIf(log, { extensions: [quota({ defaults: { main: { maxTicks: { hard: 5, soft: 2 } } } })] });
    expect(report.findings.map(({ agent, tick, kind, effect }) => [agent, tick, kind, effect])).toEqual([
      ['main-1', 3, 'AGENT_SPAWNED', 'WARN'], ['child-1', 3, 'AGENT_COMPLETED', 'FAULT'], ['main-1', 4, 'TOOL_CALLED', 'FAULT'], ['main-1', 5, 'AGENT_COMPLETED', 'FAULT'],
    ]);
  });

  it('names those that would have had to wait, and those that would have come too soon', async () => {
    const { log } = await logOf();
    const effectsOf = async (over: 'delay' | 'refuse') => (await whatIf(log, { extensions: [quota({ rates: [{ per: 'kernel', tool: 'echo', calls: 1, everyMs: 1_000, over }] })] })).findings.map(({ agent, effect }) => [agent, effect]);
    expect(await effectsOf('delay')).toEqual([['child-1', 'DELAY'], ['child-1', 'DELAY']]);
    expect(await effectsOf('refuse')).toEqual([['child-1', 'REFUSE'], ['child-1', 'REFUSE']]);
  });

  it('goes by the other one instead of what agents were given', async () => {
    const booted = await boot({ agents: [main, child], tools: [echo, fsRead] });
    await booted.time.until(booted.kernel.spawn(main, null, { grants: ['call:*', 'delegate:*'], quota: { maxToolCalls: 50 } }).result());
    await finish(booted);
    const faults = async (options: QuotaOptions) => (await whatIf(booted.log, { extensions: [quota(options)] })).findings.length;
    expect(await faults({})).toBe(0);
    expect(await faults({ defaults: { main: { maxToolCalls: 3 } } })).toBe(0);
    expect(await faults({ instead: { main: { maxToolCalls: 3 } } })).toBe(2);
    expect(await faults({ instead: { 'main-1': { 'call:fs.*': 1 } } })).toBe(1);
  });

  it('warns of other soft limits than those that were met', async () => {
    const { log } = await logOf({ defaults: { main: { maxToolCalls: { hard: 9, soft: 2 } } } });
    const warnings = async (soft: number): Promise<unknown> => (await whatIf(log, { extensions: [quota({ instead: { main: { maxToolCalls: { hard: 9, soft } } } })] })).findings.map(({ effect, record }) => [effect, record?.data['used']]);
    expect(await warnings(3)).toEqual([['WARN', 3]]);
    expect(await warnings(1)).toEqual([['WARN', 1]]);
    expect(await warnings(2)).toEqual([]);
  });

  it.each<readonly [options: QuotaOptions, error: object]>([
    [{ instead: { mian: { maxTicks: 1 } } }, { code: 'AGENT_NOT_FOUND', message: 'There are limits for "mian", and no agent and no type of that name. Known are: main, child, main-1, child-1.' }],
    [{ defaults: { mian: { maxTicks: 1 } } }, { code: 'AGENT_NOT_FOUND' }],
    [{ instead: { 'main-2': { maxTicks: 1 } } }, { code: 'AGENT_NOT_FOUND' }],
    [{ instead: { main: { 'call:sf.*': 1 } } }, { code: 'TOOL_NOT_REGISTERED', message: 'There are limits for tools "sf.*", and no tool that matches. Known are: echo, fs.read.' }],
    [{ rates: [{ per: 'kernel', tool: 'ehco', calls: 1, everyMs: 1, over: 'refuse' }] }, { code: 'TOOL_NOT_REGISTERED' }],
  ])('is refused where it is for nobody and nothing: %j', async (options, error) => {
    const { log } = await logOf();
    await expect(whatIf(log, { extensions: [quota(options)] })).rejects.toMatchObject(error);
    const problems: unknown[] = [];
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [main, child], tools: [echo, fsRead], extensions: [quota(options)], onProblem: (problem) => problems.push(problem) });
    await kernel.stop();
    expect(problems).toMatchObject([{ code: (error as OmniError).code }]);
  });

  it('asks about calls that had to wait as about others, each once', async () => {
    const rate = (everyMs: number, over: 'delay' | 'refuse') => ({ rates: [{ per: 'kernel', tool: 'echo', calls: 1, everyMs, over }] }) as const;
    const { log } = await logOf(rate(1_000, 'delay'));
    const ask = async (options: QuotaOptions): Promise<unknown> => (await whatIf(log, { extensions: [quota(options)] })).findings.map(({ kind, effect, error }) => [kind, effect, error?.code]);
    expect(await ask(rate(1_000, 'delay'))).toEqual([]);
    expect(await ask(rate(3_600_000, 'delay'))).toEqual([]);
    expect(await ask(rate(3_600_000, 'refuse'))).toEqual([['DELAY_STARTED', 'REFUSE', 'RATE_LIMITED'], ['DELAY_STARTED', 'REFUSE', 'RATE_LIMITED']]);
    for (const more of [{}, rate(1_000, 'delay')]) expect(await ask({ ...more, instead: { child: { maxToolCalls: 1 } } })).toEqual([['DELAY_STARTED', 'FAULT', 'QUOTA_EXCEEDED']]);
  });

  it('says nothing of what was said then as well', async () => {
    const options: QuotaOptions = { defaults: { main: { maxToolCalls: { hard: 9, soft: 2 }, maxTicks: { hard: 9, soft: 1 } } } };
    const { log } = await logOf(options);
    expect((await whatIf(log, { extensions: [quota(options)] })).findings).toEqual([]);
  });

  it('says nothing new of a run that met its limit', async () => {
    const options: QuotaOptions = { defaults: { main: { maxToolCalls: 2 } } };
    const booted = await boot({ agents: [main, child], tools: [echo, fsRead], ...options });
    const error: OmniError = await rejection(booted.time, booted.kernel.spawn(main, null, { grants: ['call:*', 'delegate:*'] }).result());
    expect(error.code).toBe('DELEGATION_FAILED');
    await finish(booted);
    expect((await whatIf(booted.log, { extensions: [quota(options)] })).findings).toEqual([]);
  });
});
