import { createKernel, defineAgent, MemoryLogStore, nodePorts, replay, type Ports } from '@omnipaw/kernel';
import { crash, scriptedTool, VirtualTime } from '@omnipaw/testing';
import { quota } from '@omnipaw/quota';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, finish, ofKind, rejection } from './support.js';

const echo = scriptedTool<object, string>({ name: 'echo', idempotent: true, script: () => ({ value: 'yes' }) });
const grants = ['call:*'];
const quotaOf100Ms = { maxCpuMs: 100 };

/** Each tick takes so many milliseconds, by a clock of the test's. */
function portsWithTicksOf(time: VirtualTime, ms: () => number): Ports {
  let us = 0;
  return { ...time.ports, watchdog: { cpuUs: () => us, run: (work) => { work(); us += ms() * 1_000; } } };
}

const caller = defineAgent('caller', function* (ctx, calls: number) {
  for (let i = 0; i < calls; i++) yield* ctx.tool(echo, {});
});

describe('a limit on the processor', () => {
  it('is judged by what was measured, and a replay takes it from the record', async () => {
    const time = new VirtualTime();
    const log = new MemoryLogStore();
    const cast = { agents: [caller], tools: [echo] };
    const kernel = await createKernel({ ...cast, log, extensions: [quota()] }, { ports: portsWithTicksOf(time, () => 30) });
    const error = await rejection(time, kernel.spawn(caller, 9, { grants, quota: { maxCpuMs: { hard: 100, soft: 50 } } }).result());
    expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxCpuMs', used: 120, limit: 100, asked: 0 } });
    await time.until(kernel.stop());
    const entries = await entriesOf(log);
    expect(ofKind(entries, 'TICK_MEASURED').map(({ data }) => data)).toEqual([1, 2, 3, 4].map((tick) => ({ tick, cpuUs: 30_000 })));
    expect(ofKind(entries, 'QUOTA_WARNED').map(({ data }) => [data.tick, data.used])).toEqual([[2, 60]]);
    // Its ports have no watchdog: whatever asks for one would fail.
    expect((await replay(log, { ...cast, extensions: [quota()] })).replay).toBe('REPRODUCED');
  });

  it('ends a program that never yields, and nobody else', async () => {
    let isReplay = false;
    const endless = defineAgent('endless', function* (ctx) {
      yield* ctx.memory.set('before', 1);
      yield* ctx.memory.get('before');
      if (isReplay) throw new Error('The endless step is run again.');
      try {
        for (;;);
      } catch {
        yield* ctx.memory.set('caught', 1);
      } finally {
        yield* ctx.memory.set('cleaned up', 1);
      }
    });
    const booted = await boot({ agents: [endless, caller], tools: [echo] });
    const other = booted.kernel.spawn(caller, 5, { grants });
    const handle = booted.kernel.spawn(endless, null, { quota: quotaOf100Ms });
    const after = booted.kernel.spawn(caller, 5, { grants });
    expect(await rejection(booted.time, handle.result())).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxCpuMs', limit: 100 } });
    await booted.time.until(Promise.all([other.result(), after.result()]));
    isReplay = true;
    const entries = await finish(booted);
    const [measured] = ofKind(entries, 'TICK_MEASURED');
    expect(measured?.data).toMatchObject({ tick: 1, stopped: true });
    expect(entries.filter(({ agent }) => agent === 'endless-1').map(({ kind }) => kind)).toEqual(['AGENT_SPAWNED', 'AGENT_ACTIVATED', 'MEMORY_SET', 'TICK_MEASURED', 'QUOTA_EXCEEDED', 'AGENT_FAULTED']);
  });

  it.each(['TICK_MEASURED', 'QUOTA_EXCEEDED', 'AGENT_FAULTED'] as const)('that ended a program is made whole after a crash behind %s, without running it again', async (kind) => {
    let runs = 0;
    const endless = defineAgent('endless', function* (ctx) {
      yield* ctx.sleep(10);
      yield* ctx.memory.set('before', 1);
      if (++runs > 1) throw new Error('The endless step is run again.');
      for (;;);
    });
    const time = new VirtualTime();
    const { log, isCrashed } = await crash({ agents: [endless], extensions: [quota()], time, at: { after: kind } }, (kernel) =>
      kernel.spawn(endless, null, { quota: quotaOf100Ms }).result().catch(() => undefined));
    expect(isCrashed).toBe(true);
    const booted = await boot({ agents: [endless], log, time });
    expect(await rejection(time, booted.kernel.agent('endless-1').result())).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(ofKind(await finish(booted), 'TICK_MEASURED').map(({ data }) => data.stopped)).toEqual([undefined, true]);
    expect(runs).toBe(1);
  });

  it('does not end on a slower machine what was within it, and goes on from where the log ends', async () => {
    const time = new VirtualTime();
    let busyMs = 20;
    const slow = defineAgent('slow', function* (ctx) {
      for (let i = 0; i < 2; i++) {
        const end = performance.now() + busyMs;
        while (performance.now() < end);
        yield* ctx.sleep(1_000);
      }
    });
    const { log } = await crash({ agents: [slow], extensions: [quota()], time, at: { after: 'SLEEP_STARTED' } }, (kernel) =>
      kernel.spawn(slow, null, { quota: quotaOf100Ms }).result());
    busyMs = 300;
    const booted = await boot({ agents: [slow], time, log });
    expect(booted.kernel.agent('slow-1').state).toBe('WAITING');
    // Its next step is one that nobody has seen yet.
    expect(await rejection(time, booted.kernel.agent('slow-1').result())).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { resource: 'maxCpuMs' } });
    await finish(booted);
  });

  it('counts what a child takes against who is above it', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.delegate(caller, 9, { grants });
    });
    const time = new VirtualTime();
    const log = new MemoryLogStore();
    const limits = quota();
    const kernel = await createKernel({ agents: [main, caller], tools: [echo], log, extensions: [limits] }, { ports: portsWithTicksOf(time, () => 30) });
    await rejection(time, kernel.spawn(main, null, { grants: ['call:*', 'delegate:*'], quota: quotaOf100Ms }).result());
    await time.until(kernel.stop());
    expect(limits.ledger.of('main-1')).toMatchObject({ total: { cpuMs: 120 } });
    expect(ofKind(await entriesOf(log), 'QUOTA_EXCEEDED')[0]).toMatchObject({ agent: 'caller-1', data: { who: 'main-1', used: 120 } });
  });

  it('of one above is what a program is ended by that has time of its own left', async () => {
    const endless = defineAgent('endless', function* () {
      for (;;);
    });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.delegate(endless, null);
    });
    const defaults = { endless: { maxCpuMs: { hard: 60_000, soft: 50_000 } }, main: { maxCpuMs: 50 } };
    const booted = await boot({ agents: [main, endless], defaults });
    await rejection(booted.time, booted.kernel.spawn(main, null, { grants: ['delegate:*'] }).result());
    const entries = await finish(booted);
    expect(ofKind(entries, 'QUOTA_EXCEEDED')[0]).toMatchObject({ agent: 'endless-1', data: { who: 'main-1', limit: 50 } });
    expect(ofKind(entries, 'QUOTA_WARNED')).toEqual([]);
  });

  it('lets what a program throws through as it is', async () => {
    const broken = defineAgent('broken', function* (ctx) {
      try {
        yield* ctx.tool(echo, {});
      } catch (error) {
        throw new RangeError('mine', { cause: error });
      }
    });
    const booted = await boot({ agents: [broken], tools: [echo] });
    const error = await rejection(booted.time, booted.kernel.spawn(broken, null, { quota: { maxCpuMs: 10_000 } }).result());
    expect(error).toMatchObject({ code: 'PROGRAM_FAILED', message: expect.stringContaining('RangeError: mine') as string });
    await finish(booted);
  });
});

describe("Node's watchdog", () => {
  const watchdog = nodePorts.watchdog!;

  it('ends what takes too long wherever it is, and lets the rest be', () => {
    const seen: string[] = [];
    watchdog.run(() => {
      try {
        for (;;);
      } catch {
        seen.push('caught');
      } finally {
        seen.push('finally');
      }
    }, 20);
    watchdog.run(() => { seen.push('next'); }, 20);
    expect(seen).toEqual(['next']);
    expect(() => { watchdog.run(() => { throw new Error('mine'); }, 1_000); }).toThrow('mine');
  });

  it('takes any limit, however far away', () => {
    let hasRun = false;
    watchdog.run(() => { hasRun = true; }, 1e15);
    expect(hasRun).toBe(true);
  });

  it('tells how much of the processor was used', () => {
    const before = watchdog.cpuUs();
    const end = performance.now() + 20;
    while (performance.now() < end);
    expect(watchdog.cpuUs()).toBeGreaterThan(before);
  });
});
