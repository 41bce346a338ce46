import { defineAgent, defineTool, OmniError, unchecked, type AgentContext, type Instruction, type OmniKernel, type Ports } from '@omnipaw/kernel';
import { crash, VirtualTime } from '@omnipaw/testing';
import { quota, type QuotaOptions, type ResourceQuota } from '@omnipaw/quota';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { recount } from './recount.js';
import { boot, finish } from './support.js';

interface CallPlan {
  readonly tool: string;
  readonly tokens: number;
  readonly cost: number;
  /** How much of it each attempt uses, in percent; null if the tool does not say. */
  readonly percent: number | null;
  readonly ms: number;
  readonly fails: 'never' | 'once' | 'always';
}

type Step =
  | { readonly op: 'calls'; readonly of: readonly CallPlan[] }
  | { readonly op: 'set' | 'delete' | 'share'; readonly key: string; readonly size: number }
  | { readonly op: 'sleep'; readonly ms: number }
  | { readonly op: 'child'; readonly waits: boolean; readonly quota: ResourceQuota; readonly steps: readonly Step[] }
  | { readonly op: 'join' };

/** Programs take a fixed time for each of their steps. */
class BusyTime extends VirtualTime {
  #us = 0;

  override get ports(): Ports {
    return { ...super.ports, watchdog: { cpuUs: () => this.#us, run: (work) => { work(); this.#us += 3_000; } } };
  }
}

const time = { current: new BusyTime() };
const tools = ['fs.read', 'fs.write', 'model'].map((name) => defineTool({
  name, description: '', input: unchecked<CallPlan>(), idempotent: true, timeoutMs: 60, retry: { limit: 1, backoffMs: 5 },
  ...(name === 'model' ? {} : { reserve: ({ tokens, cost }: CallPlan) => ({ tokens, cost }) }),
  run: async ({ tokens, cost, percent, ms, fails }, context) => {
    if (ms > 0) await time.current.sleep(ms);
    if (percent !== null) context.spend({ tokens: Math.floor((tokens * percent) / 100), cost: Math.floor((cost * percent) / 100) });
    if (fails === 'always') throw new Error('It fails.');
    if (fails === 'once' && context.attempt === 1) throw new OmniError('BUSY', 'It is busy.', { failureClass: 'TRANSIENT' });
    return null;
  },
}));

const worker = defineAgent('worker', function* (ctx, steps: readonly Step[]): Generator<Instruction, unknown> {
  const children: { agent: string }[] = [];
  for (const step of steps) {
    try {
      const child = yield* perform(ctx, step, children);
      if (child !== undefined) children.push(child);
    } catch {
      // Whatever was refused or failed: on it goes.
    }
  }
  return null;
});

function* perform(ctx: AgentContext, step: Step, children: readonly { agent: string }[]): Generator<Instruction, { agent: string } | undefined> {
  switch (step.op) {
    case 'calls':
      yield* ctx.allSettled(step.of.map((call) => ctx.tool(tools.find(({ name }) => name === call.tool)!, call)));
      return undefined;
    case 'set':
      yield* ctx.memory.set(step.key, 'x'.repeat(step.size));
      return undefined;
    case 'delete':
      yield* ctx.memory.delete(step.key);
      return undefined;
    case 'share': {
      const { version } = yield* ctx.shared('team').get(step.key);
      yield* ctx.shared('team').set(step.key, 'x'.repeat(step.size), version);
      return undefined;
    }
    case 'sleep':
      yield* ctx.sleep(step.ms);
      return undefined;
    case 'join':
      for (const child of children) yield* ctx.join(child);
      return undefined;
    case 'child': {
      const options = { grants, quota: step.quota, depth: 3 - ctx.agent.id.split('.').length, id: `${ctx.agent.id}.${String(children.length)}${String(ctx.now() % 1_000)}` };
      if (!step.waits) return yield* ctx.start(worker, step.steps, options);
      yield* ctx.delegate(worker, step.steps, options);
      return undefined;
    }
  }
}

const grants = ['call:*', 'delegate:*', 'read:**', 'write:**'];

const limit = (max: number): fc.Arbitrary<number | { hard: number; soft: number }> =>
  fc.tuple(fc.nat(max), fc.nat(100), fc.boolean()).map(([hard, percent, isSoft]) => (isSoft ? { hard, soft: Math.floor((hard * percent) / 100) } : hard));
const MAXIMA: Readonly<Record<string, number>> = {
  maxTicks: 30, maxToolCalls: 16, maxTokens: 300, maxCost: 150, maxMemoryKeys: 5, maxMemoryBytes: 200, maxChildren: 6, 'call:fs.*': 10, 'call:model': 10, maxCpuMs: 20, maxLogBytes: 20_000, maxWallMs: 400,
};
const quotas: fc.Arbitrary<ResourceQuota> = fc.array(fc.constantFrom(...Object.keys(MAXIMA)).chain((name) => fc.tuple(fc.constant(name), limit(MAXIMA[name]!))), { maxLength: 3 })
  .map((limits) => Object.fromEntries(limits));
const calls: fc.Arbitrary<CallPlan> = fc.record({
  tool: fc.constantFrom('fs.read', 'fs.write', 'model'), tokens: fc.nat(40), cost: fc.nat(20), percent: fc.option(fc.nat(100)), ms: fc.constantFrom(0, 0, 5, 50, 90), fails: fc.constantFrom('never', 'once', 'always'),
});
const key = fc.constantFrom('a', 'b', 'c', 'd');
const { steps } = fc.letrec<{ steps: Step[]; step: Step; child: Step }>((tie) => ({
  step: fc.oneof(
    { maxDepth: 3 },
    fc.record({ op: fc.constant('calls' as const), of: fc.array(calls, { minLength: 1, maxLength: 4 }) }),
    fc.record({ op: fc.constantFrom('set' as const, 'delete' as const, 'share' as const), key, size: fc.nat(60) }),
    fc.record({ op: fc.constant('sleep' as const), ms: fc.constantFrom(0, 7, 100) }),
    fc.constant({ op: 'join' as const }),
    tie('child'),
  ),
  child: fc.record({ op: fc.constant('child' as const), waits: fc.boolean(), quota: quotas, steps: tie('steps') }),
  steps: fc.array(tie('step'), { minLength: 1, maxLength: 8 }),
}));
const rates: fc.Arbitrary<QuotaOptions['rates'] & object> = fc.array(fc.record({
  per: fc.constantFrom('agent' as const, 'tool' as const, 'kernel' as const), calls: fc.integer({ min: 1, max: 3 }), everyMs: fc.constantFrom(20, 500), over: fc.constantFrom('delay' as const, 'delay' as const, 'refuse' as const),
}), { maxLength: 2 });

it('for any programs and quotas the ledger is a recount of the log, and nothing goes beyond a hard limit, crashes included', async () => {
  const met = new Set<string>();
  const seen = { stopped: 0, warned: 0, delayed: 0, crashed: 0, children: 0, retried: 0, late: 0 };
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(steps, quotas), { minLength: 1, maxLength: 3 }), quotas, rates, fc.option(fc.integer({ min: 1, max: 25 })), async (roots, byDefault, limits, crashAt) => {
    time.current = new BusyTime();
    const options: QuotaOptions = { defaults: { worker: byDefault }, rates: limits };
    const play = async (kernel: OmniKernel): Promise<unknown> => Promise.all(roots.map(([plan, quota], index) => kernel.spawn(worker, plan, { id: `w${String(index)}`, grants, depth: 3, quota: quota }).result().catch(() => undefined)));
    const cast = { agents: [worker], tools };
    const { log, isCrashed } = await crash({ ...cast, extensions: [quota(options)], time: time.current, at: { write: crashAt ?? 1e9 } }, play);
    const booted = await boot({ ...cast, ...options, log, time: time.current });
    await time.current.until(Promise.all(booted.kernel.snapshot().agents.map(({ id }) => booted.kernel.agent(id).result().catch(() => undefined))));
    const entries = await finish(booted);
    const { usage } = recount(entries, options.defaults!);
    expect(booted.limits.ledger.all().map(({ agent, own, total, limits: uses }) => ({ agent, own, total, limits: uses }))).toEqual(usage);
    for (let end = 1; end <= entries.length; end++) expect(recount(entries.slice(0, end), options.defaults!).exceeded).toEqual([]);
    for (const { kind, data } of entries) {
      if (kind === 'QUOTA_EXCEEDED') met.add(data.resource);
      if (kind === 'QUOTA_WARNED') seen.warned++;
      if (kind === 'DELAY_STARTED') seen.delayed++;
      if (kind === 'TOOL_RETRIED') seen.retried++;
      if (kind === 'STALE_RESULT' && data.usage !== undefined) seen.late++;
      if (kind === 'TICK_MEASURED' && data.stopped === true) seen.stopped++;
    }
    if (isCrashed) seen.crashed++;
    seen.children += usage.length - roots.length;
    const warnings = entries.flatMap(({ kind, data }) => (kind === 'QUOTA_WARNED' ? [`${data.who} ${data.resource}`] : []));
    expect(new Set(warnings).size).toBe(warnings.length);
  }), { numRuns: 200 });
  expect([...met]).toEqual(expect.arrayContaining(['maxToolCalls', 'maxTokens', 'maxCpuMs', 'maxLogBytes', 'maxWallMs']));
  for (const [what, times] of Object.entries(seen)) expect([what, times > 5]).toEqual([what, true]);
}, 120_000);
