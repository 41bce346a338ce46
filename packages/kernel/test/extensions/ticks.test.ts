import { createKernel, defineAgent, defineTool, MemoryLogStore, OmniError, replay, unchecked, whatIf, type Entry, type Extension, type Guard, type GuardVerdict, type TickAsked } from '@omnipaw/kernel';
import { crash, VirtualTime } from '@omnipaw/testing';
import { describe, expect, it } from 'vitest';
import { rechained } from '../history/story.js';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';
import { attempt } from '../tools/run-program.js';

const echo = defineTool({ name: 'echo', description: '', input: unchecked<{ text: string }>(), idempotent: true, run: ({ text }) => text });
const sleeper = defineAgent('sleeper', function* (ctx, times: number) {
  for (let i = 0; i < times; i++) yield* ctx.sleep(10);
  return 'rested';
});
const caller = defineAgent('caller', function* (ctx, calls: number) {
  const outcomes = yield* ctx.allSettled(Array.from({ length: calls }, (_, i) => ctx.tool(echo, { text: String(i) })));
  return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : (outcome.reason).code));
});
const cast = { agents: [sleeper, caller], tools: [echo] };
const no = new OmniError('GUARD_REFUSED', 'Not now.');

function guard(parts: Partial<Guard>): Extension[] {
  return [{ name: 'guard', guard: { review: () => undefined, ...parts } }];
}

/** A guard that lets each call wait once: it can't keep that in mind, and so it looks into the log. */
function delayingOnce(untilMs: number): Extension[] {
  const waited = new Set<string>();
  const review = ({ kind, data }: Parameters<Guard['review']>[0]): GuardVerdict | undefined =>
    kind === 'TOOL_CALLED' && !waited.has(String(data.call)) ? { verdict: 'delay', untilMs } : undefined;
  const apply = ({ kind, data }: Entry): void => { if (kind === 'DELAY_STARTED') waited.add(String(data.call)); };
  return [{ name: 'slow', guard: { review }, projection: { apply, save: () => [...waited], load: (keys) => { for (const key of keys as string[]) waited.add(key); } } }];
}

describe('a guard that is asked about ticks', () => {
  it('is asked before each, with the recorded time, and sees what came of the last', async () => {
    const asked: TickAsked[] = [];
    const { kernel, until, store } = await boot({ ...cast, extensions: guard({ reviewTick: (tick) => { asked.push(tick); return undefined; } }) });
    await until(kernel.spawn(sleeper, 2).result());
    const born = (await entriesOf(store)).find(({ kind }) => kind === 'AGENT_ACTIVATED')!.time;
    expect(asked).toEqual([0, 1, 2].map((tick) => ({ agent: 'sleeper-1', tick, now: born + tick * 10 })));
  });

  it('faults an agent before the tick runs', async () => {
    const { kernel, rejection, store } = await boot({ ...cast, extensions: guard({ reviewTick: ({ tick }) => (tick === 2 ? { verdict: 'fault', error: no, record: { kind: 'TEST_BUDGET_WARNED', data: { used: 2 } } } : undefined) }) });
    expect(await rejection(kernel.spawn(sleeper, 9).result())).toMatchObject({ code: 'GUARD_REFUSED' });
    const entries = await entriesOf(store);
    expect(kindsOf(entries).slice(-3)).toEqual(['TIMER_FIRED', 'TEST_BUDGET_WARNED', 'AGENT_FAULTED']);
    expect(ofKind(entries, 'AGENT_FAULTED')[0]?.data.tick).toBe(2);
  });

  it.each([['refuse', { verdict: 'refuse', error: no }], ['delay', { verdict: 'delay', untilMs: 5 }], ['measure until no time', { verdict: 'measure', limitMs: -1 }]])('may not %s one', async (_what, verdict) => {
    const { kernel, rejection } = await boot({ ...cast, extensions: guard({ reviewTick: () => verdict as never }) });
    expect(await rejection(kernel.spawn(sleeper, 1).result())).toMatchObject({ code: 'EXTENSION_FAILED', message: expect.stringContaining('"guard"') });
  });

  it('can have one measured; without a watchdog, it took no time', async () => {
    const time = new VirtualTime();
    const { watchdog, ...ports } = time.ports;
    expect(watchdog).toBeDefined();
    const log = new MemoryLogStore();
    const extensions = guard({ reviewTick: () => ({ verdict: 'measure', limitMs: 1_000 }) });
    const kernel = await createKernel({ ...cast, log, extensions }, { ports });
    await time.until(kernel.spawn(sleeper, 1).result());
    await time.until(kernel.stop());
    expect(ofKind(await entriesOf(log), 'TICK_MEASURED').map(({ data }) => data)).toEqual([{ tick: 1, cpuUs: 0 }, { tick: 2, cpuUs: 0 }]);
    expect((await replay(log, { ...cast, extensions })).replay).toBe('REPRODUCED');
  });

  it('is asked before anything of the program runs', async () => {
    let hasRun = false;
    const eager = defineAgent('eager', function* (ctx, _input: undefined, more = (hasRun = true)) { yield* ctx.sleep(Number(more)); });
    const { kernel, rejection } = await boot({ agents: [eager], extensions: guard({ reviewTick: () => ({ verdict: 'fault', error: no }) }) });
    expect(await rejection(kernel.spawn(eager, undefined).result())).toMatchObject({ code: 'GUARD_REFUSED' });
    expect(hasRun).toBe(false);
  });

  it('can have a program ended that takes too long: with TICK_OVERFLOW, if no guard says another word', async () => {
    const endless = defineAgent('endless', function* () { for (;;); });
    const { kernel, rejection, store } = await boot({ agents: [endless], extensions: guard({ reviewTick: () => ({ verdict: 'measure', limitMs: 20 }) }) });
    expect(await rejection(kernel.spawn(endless, undefined).result())).toMatchObject({ code: 'TICK_OVERFLOW', details: { limitMs: 20 } });
    expect(kindsOf(await entriesOf(store)).slice(-2)).toEqual(['TICK_MEASURED', 'AGENT_FAULTED']);
  });

  it('is asked at a deadline that it has set, also about an agent that waits', async () => {
    const waiter = defineAgent('waiter', function* (ctx) { yield* ctx.receive(); });
    const extensions = (): Extension[] => guard({
      reviewTick: ({ tick, now }) => {
        if (tick === 0) return { verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { used: 0, tick: 1, deadline: now + 5_000 } } };
        return { verdict: 'fault', error: no };
      },
    });
    const { kernel, rejection, store, until } = await boot({ agents: [waiter], extensions: extensions() });
    expect(await rejection(kernel.spawn(waiter, undefined).result())).toMatchObject({ code: 'GUARD_REFUSED' });
    await until(kernel.stop());
    const entries = await entriesOf(store);
    expect(kindsOf(entries).slice(-2)).toEqual(['GUARD_WOKEN', 'AGENT_FAULTED']);
    expect(entries.at(-1)!.time - entries[1]!.time).toBe(5_000);
    expect((await replay(store, { agents: [waiter], extensions: extensions() })).replay).toBe('REPRODUCED');
  });
});

describe('a guard that was asked at its deadline', () => {
  it.each([true, false])('is not asked again after a restart; from a checkpoint: %s', async (checkpoints) => {
    const waiter = defineAgent('waiter', function* (ctx) { yield* ctx.receive(); });
    const asked: number[] = [];
    // Two of the same moment: each is over once.
    const deadlines = [5_000, 5_000, 9_000];
    const extensions: Extension[] = guard({
      reviewTick: ({ tick, now }) => {
        asked.push(now);
        const set = deadlines.shift();
        return set === undefined ? undefined : { verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { used: 0, tick: tick + 1, deadline: start + set } } };
      },
    });
    const time = new VirtualTime();
    const start = time.now;
    const log = new MemoryLogStore();
    const config = { agents: [waiter], log, extensions, checkpoints: checkpoints ? { everyEntries: 1 } : false } as const;
    const first = await createKernel(config, { ports: time.ports });
    first.spawn(waiter, undefined);
    await time.advance(20_000);
    await time.until(first.stop());
    expect(asked.slice(1)).toEqual([start + 5_000, start + 5_000, start + 9_000]);
    const second = await time.until(createKernel(config, { ports: time.ports }));
    await time.advance(20_000);
    await time.until(second.stop());
    expect(ofKind(await entriesOf(log), 'GUARD_WOKEN')).toHaveLength(3);
  });
});

describe('what a guard is said to have wanted, and did not, diverges', () => {
  const waiting = (): Extension[] => guard({
    reviewTick: ({ tick, now }) => (tick === 0 ? { verdict: 'measure', limitMs: 1_000, record: { kind: 'TEST_BUDGET_WARNED', data: { used: 0, tick: 1, deadline: now + 5 } } } : undefined),
  });

  async function forged(extensions: () => Extension[], forge: (entries: Entry[]) => void): Promise<string | undefined> {
    const { kernel, until, store } = await boot({ ...cast, extensions: extensions() });
    await until(Promise.all([kernel.spawn(sleeper, 1).result(), kernel.spawn(caller, 1, { grants: ['call:*'] }).result()]));
    await until(kernel.stop());
    const entries: Entry[] = [...structuredClone(await entriesOf(store))];
    forge(entries);
    return (await replay(rechained(entries), { ...cast, extensions: extensions() })).divergence?.message;
  }

  const at = (entries: readonly Entry[], kind: Entry['kind']): number => entries.findIndex((entry) => entry.kind === kind);
  const woken = (agent: string, place: Entry['kind'], tick = 1) => (entries: Entry[]): void => {
    entries.splice(at(entries, place), 0, { ...entries[at(entries, place)]!, kind: 'GUARD_WOKEN', agent, data: { tick } } as Entry);
  };

  it.each<readonly [what: string, forge: (entries: Entry[]) => void, message: string | undefined]>([
    ['as it is', () => undefined, undefined],
    ['the end of a wait before its time', (entries) => { (entries[at(entries, 'DELAY_ENDED')] as { time: number }).time -= 1; }, 'Its time had not come.'],
    ['the end of a wait that is over', (entries) => { entries.splice(at(entries, 'TOOL_CALLED') + 1, 0, entries[at(entries, 'DELAY_ENDED')]!); }, 'No call waits for it.'],
  ])('%s: a call that waits', async (_what, forge, message) => {
    const told = await forged(() => delayingOnce(1_790_000_060_000), forge);
    if (message === undefined) expect(told).toBeUndefined();
    else expect(told).toContain(message);
  });

  it.each<readonly [what: string, forge: (entries: Entry[]) => void, message: string | undefined]>([
    ['as it is', () => undefined, undefined],
    ['before its time', woken('sleeper-1', 'GUARD_WOKEN'), 'No guard wanted to be asked then.'],
    ['about nobody', woken('nobody', 'TIMER_FIRED', 0), 'No guard wanted to be asked then.'],
    ['about one that has ended', (entries) => { entries.push({ ...entries.at(-1)!, kind: 'GUARD_WOKEN', agent: 'caller-1', data: { tick: 2 } }); }, 'No guard wanted to be asked then.'],
    ['with less than no time', (entries) => { (entries[at(entries, 'TICK_MEASURED')]!.data as { cpuUs: number }).cpuUs = -5; }, '$.cpuUs'],
    ['with a time that is none', (entries) => { (entries[at(entries, 'TICK_MEASURED')]!.data as { cpuUs: unknown }).cpuUs = 'lots'; }, '$.cpuUs'],
  ])('%s: a guard that is woken', async (what, forge, message) => {
    const early = (entries: Entry[]): void => {
      forge(entries);
      if (what === 'before its time') (entries[at(entries, 'GUARD_WOKEN')] as { time: number }).time -= 1;
    };
    const told = await forged(waiting, early);
    if (message === undefined) expect(told).toBeUndefined();
    else expect(told).toContain(message);
  });
});

describe('a guard that delays a call', () => {
  it('is asked again when its time has come, and the program does not notice', async () => {
    const time = new VirtualTime();
    const extensions = (): Extension[] => delayingOnce(time.now + 60_000);
    const { kernel, until, store } = await boot({ ...cast, extensions: extensions() });
    expect(await until(kernel.spawn(caller, 2, { grants: ['call:*'] }).result())).toEqual(['0', '1']);
    await until(kernel.stop());
    const entries = await entriesOf(store);
    expect(kindsOf(entries).slice(3, -2)).toEqual(['DELAY_STARTED', 'DELAY_STARTED', 'DELAY_ENDED', 'TOOL_CALLED', 'DELAY_ENDED', 'TOOL_CALLED', 'TOOL_RESULT', 'TOOL_RESULT']);
    expect((await replay(store, { ...cast, extensions: extensions() })).replay).toBe('REPRODUCED');
  });

  it.each(['DELAY_STARTED', 'DELAY_ENDED', 'TOOL_CALLED', 'TOOL_RESULT'] as const)('goes on after a crash behind %s', async (kind) => {
    const time = new VirtualTime();
    const extensions = (): Extension[] => delayingOnce(1_790_000_060_000);
    const { log } = await crash({ ...cast, time, extensions: extensions(), at: { after: kind } }, (kernel) => kernel.spawn(caller, 2, { grants: ['call:*'] }).result());
    const kernel = await createKernel({ ...cast, log, extensions: extensions() }, { ports: time.ports });
    expect(await time.until(kernel.agent('caller-1').result())).toEqual(['0', '1']);
    await time.until(kernel.stop());
    expect((await replay(log, { ...cast, extensions: extensions() })).replay).toBe('REPRODUCED');
  });

  it('may refuse it in the end', async () => {
    let asked = 0;
    const { kernel, until, store } = await boot({ ...cast, extensions: guard({ review: ({ kind }) => (kind !== 'TOOL_CALLED' ? undefined : asked++ === 0 ? { verdict: 'delay', untilMs: 5 } : { verdict: 'refuse', error: no }) }) });
    expect(await until(kernel.spawn(caller, 1, { grants: ['call:*'] }).result())).toEqual(['GUARD_REFUSED']);
    expect(kindsOf(await entriesOf(store)).slice(3, 7)).toEqual(['DELAY_STARTED', 'DELAY_ENDED', 'REFUSED', 'CALL_SETTLED']);
  });

  it('may fault the agent in the end', async () => {
    let asked = 0;
    const { kernel, rejection } = await boot({ ...cast, extensions: guard({ review: ({ kind }) => (kind !== 'TOOL_CALLED' ? undefined : asked++ === 0 ? { verdict: 'delay', untilMs: 5 } : { verdict: 'fault', error: no }) }) });
    expect(await rejection(kernel.spawn(caller, 1, { grants: ['call:*'] }).result())).toMatchObject({ code: 'GUARD_REFUSED' });
  });

  it('delays nothing else', async () => {
    const writer = defineAgent('writer', function* (ctx) { return yield* attempt(ctx.memory.set('key', 1)); });
    const { kernel, rejection } = await boot({ agents: [writer], extensions: guard({ review: () => ({ verdict: 'delay', untilMs: 5 }) }) });
    expect(await rejection(kernel.spawn(writer, undefined).result())).toMatchObject({ code: 'EXTENSION_FAILED' });
  });

  it('is named in a what-if, with what would have to wait', async () => {
    const { kernel, until, store } = await boot(cast);
    await until(kernel.spawn(caller, 2, { grants: ['call:*'] }).result());
    await until(kernel.stop());
    const { findings } = await whatIf(store, { extensions: guard({ review: ({ kind }) => (kind === 'TOOL_CALLED' ? { verdict: 'delay', untilMs: 5 } : undefined), reviewTick: ({ tick }) => (tick === 1 ? { verdict: 'fault', error: no } : undefined) }) });
    expect(findings.map(({ effect, kind, by }) => [effect, kind, by])).toEqual([['DELAY', 'TOOL_CALLED', 'guard guard'], ['DELAY', 'TOOL_CALLED', 'guard guard'], ['FAULT', 'AGENT_COMPLETED', 'guard guard']]);
  });
});

it('a guard can say that it makes nothing of a quota, and nobody is spawned with it', async () => {
  const { kernel } = await boot({ ...cast, extensions: guard({ assertQuota: (quota) => { if ('maxHats' in quota) throw new OmniError('QUOTA_INVALID', 'No hats.'); } }) });
  expect(() => kernel.spawn(sleeper, 1, { quota: { maxHats: 3 } })).toThrow('No hats.');
  expect(kernel.snapshot().agents).toEqual([]);
  expect(() => kernel.spawn(sleeper, 1, { quota: { maxTicks: { hard: 3, soft: 2 } } })).not.toThrow();
  expect(() => kernel.spawn(sleeper, 1, { quota: { maxTicks: { soft: 2 } as never } })).toThrow('maxTicks.hard undefined');
});

it('a guard has as much to say at once as it likes', async () => {
  const record = (used: number) => ({ kind: 'TEST_BUDGET_WARNED', data: { used } });
  const { kernel, until, store } = await boot({ ...cast, extensions: guard({ review: () => ({ verdict: 'warn', record: [record(1), record(2)] }) }) });
  await until(kernel.spawn(sleeper, 1).result());
  expect(ofKind(await entriesOf(store), 'TEST_BUDGET_WARNED').map(({ data }) => data.used)).toEqual([1, 2]);
});
