import { assertReplays } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { consensus, defineSwarm, swarm, type Consensus, type JudgeInput } from '@omnipaw/swarm';
import { run } from '../swarms.js';

/** What each proposes is in the question, by its seat. */
const jury = defineSwarm('jury', {
  CONSENSUS: consensus({
    *propose(ctx, question: Readonly<Record<string, string>>) {
      const own = question[ctx.agent.metadata['slot'] as string];
      if (own === 'hang') yield* ctx.receive({ channel: 'never' });
      if (own === 'fail') throw new Error('it fails');
      return own;
    },
    timeoutMs: 1_000,
  }),
  JUDGED: consensus({
    *propose(ctx, question: Readonly<Record<string, string>>) { return question[ctx.agent.metadata['slot'] as string]; },
    *judge(_ctx, { proposals }: JudgeInput) {
      const kinds = new Map<string, number[]>();
      for (const [index, proposal] of proposals.entries()) {
        const kind = (proposal as string).toLowerCase();
        kinds.set(kind, [...(kinds.get(kind) ?? []), index]);
      }
      return [...kinds.values()];
    },
    rule: 'unanimous',
  }),
});

describe('a swarm that decides', () => {
  test('takes what most propose, with who proposed what, even if one of them hangs and one fails', async () => {
    const goal = { 'worker-1': 'tea', 'worker-2': 'coffee', 'worker-3': 'hang', 'worker-4': 'tea', 'worker-5': 'tea', 'worker-6': 'fail' };
    const extensions = [swarm()];
    const { outcome, log } = await run<Consensus>(jury, { goal: { ...goal, 'worker-6': 'tea' }, agents: 6, strategy: 'CONSENSUS' }, { extensions });
    expect(outcome?.result.value).toBe('tea');
    expect(outcome?.result.rounds[0]).toMatchObject({ needed: 4, total: 6, missing: [{ slot: 'worker-3', error: 'REQUEST_TIMEOUT' }] });
    expect(outcome?.account.messages['vote']).toBeGreaterThan(10);
    await assertReplays(log, { agents: [...jury.agents], extensions: [swarm()] });
    const { error } = await run(jury, { goal: { ...goal, 'worker-2': 'hang' }, agents: 6, strategy: 'CONSENSUS' });
    expect(error?.code).toBe('NO_CONSENSUS');
    expect(error?.details).toMatchObject({ tally: { decided: null, needed: 4 }, account: { state: 'failed' } });
  });

  test('lets a judge say what is the same', async () => {
    const { outcome, error } = await run<Consensus>(jury, { goal: { 'worker-1': 'Tea', 'worker-2': 'tea', 'worker-3': 'TEA' }, agents: 3, strategy: 'JUDGED' });
    expect(error).toBeUndefined();
    expect(outcome?.result.value).toBe('Tea');
  });
});
