import { defineTool, unchecked, type AgentContext, type Instruction } from '@omnipaw/kernel';
import { quota } from '@omnipaw/quota';
import { assertReplays } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { channelOf, defineSwarm, mapReduce, SwarmCoordinator, type SwarmProgress, type WorkInfo } from '@omnipaw/swarm';
import { boot, run } from '../swarms.js';

const noop = defineTool({ name: 'noop', description: 'Does nothing.', input: unchecked<object>(), run: (_, { spend }) => {
  spend({ tokens: 5, cost: 2 });
  return 1;
} });

/** How often a piece of work was tried before, by its key. */
function* triedBefore(ctx: AgentContext, { key }: WorkInfo): Generator<Instruction, number> {
  const shared = ctx.shared('tries');
  const { value, version } = yield* shared.get<number | undefined>(key);
  yield* shared.set(key, (value ?? 0) + 1, version);
  return value ?? 0;
}
const TRIES = ['read:shared:tries/**', 'write:shared:tries/**'];

/** Each piece says what happens when it is tried for the first time. */
function* perform(ctx: AgentContext, piece: string, info: WorkInfo) {
  const [what = '', name = ''] = piece.split(' ');
  if ((yield* triedBefore(ctx, info)) === 0 || what.startsWith('always')) {
    if (what.endsWith('hang')) yield* ctx.receive({ channel: 'never' });
    // No program can catch that.
    if (what.endsWith('die')) for (;;) yield* ctx.memory.get('x');
    if (what.endsWith('throw')) throw new Error(`${name} fails`);
    if (what.endsWith('flood')) for (let index = 0; index < 60; index++) yield* ctx.send(ctx.agent.id, index, channelOf(info.swarm, 'say/x'));
    if (what.endsWith('huge')) return ['x'.repeat(2_000)];
  }
  yield* ctx.sleep(5);
  return [name];
}

const parts = {
  split: (pieces: readonly string[]) => pieces,
  work: perform,
  merge: (results: readonly string[][]) => results.flat(),
  taskTimeoutMs: 1_000,
};

const troubled = defineSwarm('troubled', {
  PLAIN: mapReduce(parts),
  RACING: mapReduce({ ...parts, race: true, taskTimeoutMs: 1_000_000 }),
  BATCHED: mapReduce({ ...parts, batch: 4, onFailure: 'skip' }),
});
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const goalOf = (trouble: Readonly<Record<string, string>>): string[] => NAMES.map((name) => `${trouble[name] ?? 'fine'} ${name}`);

describe('a swarm in trouble', () => {
  test.each(['always-throw', 'always-die'])('gives up what never succeeds, also where two try it at once: %s', async (what) => {
    const { error } = await run(troubled, { goal: goalOf({ h: what }), agents: 2, strategy: 'RACING', grants: TRIES });
    expect(error).toMatchObject({ code: 'TASK_FAILED', details: { task: 'work-8' } });
    expect(error?.details?.['attempts']).toBeLessThanOrEqual(4);
  });

  test('replaces whoever dies or hangs, and does their work again', async () => {
    const { outcome, log, error } = await run(troubled, { goal: goalOf({ a: 'die', c: 'hang', d: 'throw', h: 'die' }), agents: 3, strategy: 'PLAIN', grants: TRIES });
    expect(error).toBeUndefined();
    expect(outcome?.result).toEqual(NAMES);
    expect(outcome?.account).toMatchObject({ restarts: 3, undone: [], tasks: { done: 9, total: 9, failedAttempts: 4 } });
    expect(outcome?.account.members.filter(({ error }) => error?.code === 'TICK_OVERFLOW')).toHaveLength(2);
    await assertReplays(log, { agents: [...troubled.agents] });
  });

  test('gets by without a member that hangs, if others race it', async () => {
    const { outcome, time, entries } = await run(troubled, { goal: goalOf({ c: 'hang' }), agents: 3, strategy: 'RACING', grants: TRIES });
    expect(outcome?.result).toEqual(NAMES);
    expect(outcome?.account).toMatchObject({ restarts: 0, undone: [] });
    expect(time.now - entries[0]!.time).toBeLessThan(1_000);
  });

  test('finds the one piece that kills, among several that a member had', async () => {
    const { outcome } = await run(troubled, { goal: goalOf({ c: 'alwaysdie' }), agents: 2, strategy: 'BATCHED', grants: TRIES });
    expect(outcome?.result).toEqual(NAMES.filter((name) => name !== 'c'));
    expect(outcome?.account.undone).toMatchObject([{ task: 'work-3', error: { code: 'TICK_OVERFLOW' } }]);
  });

  test('reports what is too large for a message as a failure of its task', async () => {
    const { outcome } = await run(troubled, { goal: goalOf({ b: 'alwayshuge' }), agents: 2, strategy: 'BATCHED', grants: TRIES }, { maxValueBytes: 1_500 });
    expect(outcome?.result).toEqual(NAMES.filter((name) => name !== 'b'));
    expect(outcome?.account.undone).toMatchObject([{ task: 'work-2', attempts: 3, error: { code: 'VALUE_TOO_LARGE' } }]);
  });

  test('replaces a member whose mailbox somebody has filled', async () => {
    const { outcome } = await run(troubled, { goal: goalOf({ b: 'flood' }), agents: 2, strategy: 'PLAIN', grants: [...TRIES, 'send:troubled.member-*'] }, { maxMailboxMessages: 60 });
    expect(outcome?.result).toEqual(NAMES);
    expect(outcome?.account.restarts).toBe(1);
  });

  test('waits for room in the mailbox of its coordinator', async () => {
    const { outcome, entries } = await run(troubled, { goal: goalOf({}), agents: 8, strategy: 'PLAIN', grants: TRIES }, { maxMailboxMessages: 1 });
    expect(outcome?.result).toEqual(NAMES);
    expect(entries.some((entry) => entry.kind === 'REFUSED' && entry.data.error.code === 'MAILBOX_FULL')).toBe(true);
  });

  test('ends when its time is up', async () => {
    const { error } = await run(troubled, { goal: goalOf({ a: 'alwayshang' }), agents: 3, strategy: 'RACING', grants: TRIES, timeoutMs: 5_000 });
    expect(error?.code).toBe('SWARM_TIMEOUT');
    expect(error?.details?.['account']).toMatchObject({ tasks: { done: 7 }, undone: [{ task: 'work-1' }] });
  });

  test('ends with all of its members when it is cancelled, and only then', async () => {
    const { kernel, time, entries } = await boot({ agents: [...troubled.agents] });
    const abort = new AbortController();
    // Within an entry, where nothing may be ordered of the kernel.
    const onProgress = ({ done }: SwarmProgress): void => { if (done === 2) abort.abort(new Error('enough')); };
    const options = { swarm: troubled, goal: goalOf({}), agents: 2, strategy: 'PLAIN' as const, grants: TRIES };
    const error = await time.until(new SwarmCoordinator(kernel, { ...options, signal: abort.signal, onProgress }).execute().catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: 'SWARM_CANCELLED', cause: abort.signal.reason as unknown, details: { account: { state: 'ended' } } });
    expect(kernel.snapshot().agents.every(({ state }) => state === 'TERMINATED')).toBe(true);
    const started = entries.length;
    await expect(new SwarmCoordinator(kernel, { ...options, signal: abort.signal }).execute()).rejects.toMatchObject({ code: 'SWARM_CANCELLED' });
    expect(entries).toHaveLength(started);
    await time.until(kernel.stop());
  });
});

describe('a swarm with a budget', () => {
  const spending = defineSwarm('spending', {
    MAP_REDUCE: mapReduce({
      split: (count: number) => Array.from({ length: count }, (_, index) => index),
      *work(ctx) {
        yield* ctx.tool(noop, {});
        return 1;
      },
      merge: (results: readonly number[]) => results.reduce((one, other) => one + other, 0),
    }),
  });

  test('ends with the error of the quota when it is used up, and says who used it', async () => {
    const { error, log, kernel } = await run(spending, { goal: 20, agents: 4, strategy: 'MAP_REDUCE', grants: ['call:noop'], budget: { maxToolCalls: 10 } }, { tools: [noop], extensions: [quota()] });
    expect(error?.code).toBe('QUOTA_EXCEEDED');
    expect(error?.failureClass).toBe('POLICY_VIOLATION');
    expect(error?.details).toMatchObject({ resource: 'maxToolCalls', who: 'spending-1', limit: 10, account: { state: 'failed', error: { code: 'QUOTA_EXCEEDED' }, total: { toolCalls: 10 } } });
    expect(kernel.snapshot().agents.some(({ state }) => state === 'WAITING' || state === 'ACTIVE')).toBe(false);
    await assertReplays(log, { agents: [...spending.agents], tools: [noop], extensions: [quota()] });
  });

  test('replaces a member that has used up what was its own', async () => {
    const { outcome, error } = await run(spending, {
      goal: 8, agents: [{ role: 'worker', count: 2, quota: { maxToolCalls: 3 } }], strategy: 'MAP_REDUCE', grants: ['call:noop'], budget: { maxToolCalls: 30 },
    }, { tools: [noop], extensions: [quota()] });
    expect(error).toBeUndefined();
    expect(outcome?.result).toBe(8);
    expect(outcome?.account.restarts).toBeGreaterThan(0);
  });
});
