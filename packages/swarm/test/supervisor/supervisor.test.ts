import { assertReplays } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { defineSwarm, handOff, supervisor, type Together } from '@omnipaw/swarm';
import { run } from '../swarms.js';

/** The children fail as often as the goal says, one after the other, and then answer how often they were started. */
const team = (together: Together) => defineSwarm('team', {
  SUPERVISOR: supervisor(['one', 'two', 'three'].map((role) => ({
    role,
    *work(ctx, goal: Readonly<Record<string, number>>) {
      const shared = ctx.shared('tally');
      const { value, version } = yield* shared.get<number>(role);
      const starts = (value ?? 0) + 1;
      yield* shared.set(role, starts, version);
      yield* ctx.sleep(role === 'two' ? 10 : 20);
      if (starts <= (goal[role] ?? 0)) throw new Error(`${role} fails`);
      return starts;
    },
  })), { together, intensity: { maxRestarts: 2, withinMs: 1_000 } }),
});

const GRANTS = ['read:shared:tally/**', 'write:shared:tally/**'];

describe('a supervisor', () => {
  test.each([[5], [[{ role: 'one', count: 2 }, { role: 'two' }, { role: 'three' }]], [[{ role: 'one' }, { role: 'two' }, { role: 'three' }, { role: 'four' }]]])('has one child for each role, and leaves nobody out in silence: %j', async (agents) => {
    await expect(run(team('one-for-one'), { goal: {}, agents, strategy: 'SUPERVISOR', grants: GRANTS })).rejects.toThrow(/^This strategy has one member for each role \(one, two, three\); found [45] members/);
  });

  test('starts a child that failed again, alone, with those after it, or with all', async () => {
    const results = [];
    for (const together of ['one-for-one', 'rest-for-one', 'one-for-all'] as const) {
      const swarm = team(together);
      const { outcome, log, error } = await run(swarm, { goal: { two: 1 }, strategy: 'SUPERVISOR', grants: GRANTS });
      expect(error).toBeUndefined();
      results.push([together, outcome?.result]);
      await assertReplays(log, { agents: [...swarm.agents] });
    }
    expect(results).toEqual([
      ['one-for-one', { one: 1, two: 2, three: 1 }],
      ['rest-for-one', { one: 1, two: 2, three: 2 }],
      ['one-for-all', { one: 2, two: 2, three: 2 }],
    ]);
  });

  test('gives up when children fail too often in a time', async () => {
    const { error } = await run(team('one-for-one'), { goal: { two: 3 }, strategy: 'SUPERVISOR', grants: GRANTS });
    expect(error?.code).toBe('RESTARTS_EXCEEDED');
    expect(error?.message).toContain('two fails');
    expect(error?.details).toMatchObject({ maxRestarts: 2, code: 'PROGRAM_FAILED', account: { restarts: 2, state: 'failed' } });
  });

  test('hands over from one role to another, one after the other, and ends services with the rest', async () => {
    const newsroom = defineSwarm('newsroom', {
      SUPERVISOR: supervisor([
        { role: 'clock', restart: 'permanent', *work(ctx) { yield* ctx.sleep(1_000_000); } },
        { role: 'reporter', *work(_ctx, topic: string) { return handOff('writer', `${topic}: facts`); } },
        { role: 'intern', *work(_ctx, topic: string) { return handOff('writer', `${topic}: rumours`); } },
        { role: 'writer', onDemand: true, *work(ctx, facts: string, { key }) {
          yield* ctx.sleep(50);
          const shared = ctx.shared('paper');
          const { value, version } = yield* shared.get<string[]>('articles');
          yield* shared.set('articles', [...(value ?? []), facts], version);
          return [facts, key];
        } },
      ]),
    });
    const { outcome, time, entries } = await run(newsroom, { goal: 'otters', strategy: 'SUPERVISOR', grants: ['read:shared:paper/*', 'write:shared:paper/*'] });
    expect(outcome?.result).toEqual({ writer: ['otters: rumours', 'newsroom-1/writer-1/3'] });
    const articles = entries.flatMap((entry) => (entry.kind === 'SHARED_WRITTEN' && entry.data.key === 'articles' ? [entry.data.value] : [])).at(-1);
    expect(articles).toEqual(['otters: facts', 'otters: rumours']);
    expect(time.now - entries[0]!.time).toBeLessThan(1_000);
  });

  test('fails if a child hands over to nobody', async () => {
    const lost = defineSwarm('lost', { SUPERVISOR: supervisor([{ role: 'one', *work() { return handOff('two', null); } }]) });
    const { error } = await run(lost, { goal: null, strategy: 'SUPERVISOR' });
    expect(error).toMatchObject({ code: 'TASK_FAILED', message: 'A member handed over to the role "two", which the supervisor has not. Roles: one.' });
  });

  test('starts a permanent child again even if it has done its work, and a temporary one never', async () => {
    const mixed = defineSwarm('mixed', {
      SUPERVISOR: supervisor([
        { role: 'poller', restart: 'permanent', *work(ctx) { yield* ctx.sleep(10); } },
        { role: 'once', restart: 'temporary', *work() { throw new Error('no luck'); } },
        { role: 'job', *work(ctx) { yield* ctx.sleep(25); return 'done'; } },
      ]),
    });
    const { outcome } = await run(mixed, { goal: null, strategy: 'SUPERVISOR' });
    expect(outcome?.result).toMatchObject({ job: 'done' });
    expect(outcome?.account.members.map(({ slot }) => slot)).toEqual(['coordinator', 'poller-1', 'once-1', 'job-1', 'poller-1', 'poller-1']);
  });
});
