import { defineTool, unchecked, type OmniError } from '@omnipaw/kernel';
import { channelOf, consensus, defineSwarm, deliver, handOff, hostSwarm, mapReduce, pipeline, supervisor, SwarmAccounts, SwarmCoordinator } from '@omnipaw/swarm';
import { describe, expect, test } from 'vitest';
import { ofKind } from '../support.js';
import { Cluster, type Node } from './nodes.js';

const slow = defineTool({ name: 'slow', description: 'Says where it was called.', input: unchecked<number>(), run: (piece) => piece });

const working = defineSwarm('working', {
  MAP_REDUCE: mapReduce({
    split: (count: number) => Array.from({ length: count }, (_, index) => index),
    *work(ctx, piece: number) {
      yield* ctx.sleep(100);
      return [yield* ctx.tool(slow, piece)];
    },
    merge: (results: readonly number[][]) => results.flat(),
    fanIn: 4,
    taskTimeoutMs: 60_000,
  }),
  ONCE: mapReduce({
    split: (count: number) => Array.from({ length: count }, (_, index) => index),
    *work(ctx, piece: number) {
      yield* ctx.sleep(100);
      return [piece];
    },
    merge: (results: readonly number[][]) => results.flat(),
    maxAttempts: 1,
  }),
  HANGING: mapReduce({
    split: () => ['once'],
    *work(ctx, piece: string, { slot }) {
      if (slot === 'worker-1') yield* ctx.receive({ channel: 'never' });
      return piece;
    },
    merge: ([result = '']: readonly string[]) => result,
    taskTimeoutMs: 1_000,
    race: true,
  }),
  FAILING: mapReduce({
    split: () => ['one', 'two'],
    *work(ctx, piece: string) {
      if (piece === 'one') for (;;) yield* ctx.memory.get('x');
      return piece;
    },
    merge: (results: readonly string[]) => results.join(),
    onFailure: 'skip',
  }),
  PIPELINE: pipeline([
    { role: 'first', *work(ctx, piece: number) { yield* ctx.sleep(10); return piece * 2; } },
    { role: 'second', *work(ctx, piece: number) { yield* ctx.sleep(10); return piece + 1; } },
  ]),
  SUPERVISOR: supervisor([
    { role: 'one', *work(ctx) { yield* ctx.sleep(5); return handOff('two', 20); } },
    { role: 'two', onDemand: true, *work(ctx, piece: number) { yield* ctx.sleep(5); return piece + 1; } },
  ]),
  FORGING: supervisor([
    {
      role: 'honest',
      *work(ctx) {
        yield* ctx.shared(`swarm-${ctx.agent.metadata['swarm'] as string}`).set('victim', ctx.agent.id, 0);
        yield* ctx.sleep(100);
        return 'true';
      },
    },
    {
      role: 'forger',
      *work(ctx, _, { swarm }) {
        yield* ctx.sleep(50);
        const { value: agent } = yield* ctx.shared(`swarm-${swarm}`).get('victim');
        yield* deliver(ctx, { to: `a/${swarm}`, channel: channelOf(swarm, 'steward'), body: { kind: 'ended', agent, error: null, message: '', result: { result: 'forged' } } });
        return agent === undefined ? 'nobody' : 'done';
      },
    },
  ]),
  WAITING: supervisor([{ role: 'one', *work(ctx) { yield* ctx.receive({ channel: 'never' }); return null; } }]),
  SLOW: supervisor([{ role: 'one', *work(ctx) { yield* ctx.sleep(5_000); return 'at last'; } }]),
  BULKY: supervisor([{ role: 'one', *work(_ctx, size: number) { return 'x'.repeat(size); } }]),
  CONSENSUS: consensus({ *propose(ctx, pieces: readonly number[]) { return yield* ctx.tool(slow, pieces[Number((ctx.agent.metadata['slot'] as string).at(-1))]!); } }),
});

const GRANTS = ['call:slow'];

async function boot(cluster: Cluster, name: string, more: { readonly log?: Node['log']; readonly grants?: readonly string[]; readonly maxValueBytes?: number } = {}): Promise<Node> {
  const { grants = GRANTS, log, maxValueBytes } = more;
  return cluster.boot({ name, agents: [...working.agents], tools: [slow], onBoot: (kernel) => { hostSwarm(kernel, { swarm: working, grants }); }, ...(log === undefined ? {} : { log }), ...(maxValueBytes === undefined ? {} : { maxValueBytes }) });
}

type Options = Omit<ConstructorParameters<typeof SwarmCoordinator<keyof typeof working.strategies>>[1], 'swarm'>;

const run = (a: Node, options: Partial<Options> & Pick<Options, 'strategy' | 'goal'>) =>
  new SwarmCoordinator(a.kernel, { swarm: working, agents: 4, nodes: ['b', 'c'], grants: GRANTS, ...options }).execute();

describe('a swarm over several nodes', () => {
  test.each<[keyof typeof working.strategies, unknown, unknown]>([
    ['MAP_REDUCE', 20, Array.from({ length: 20 }, (_, index) => index)],
    ['PIPELINE', [1, 2, 3], [3, 5, 7]],
    ['SUPERVISOR', null, { two: 21 }],
    ['CONSENSUS', [0, 7, 7, 8, 7], { value: 7, rounds: [{ missing: [], invalid: [] }] }],
  ])('comes to what it comes to in one: %s', async (strategy, goal, result) => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const nodes = [await boot(cluster, 'a'), await boot(cluster, 'b'), await boot(cluster, 'c')] as const;
    const outcome = await cluster.time.until(run(nodes[0], { strategy, goal, agents: strategy === 'SUPERVISOR' ? 2 : 4 }));
    expect(outcome.result).toMatchObject(result as object);
    const { tasks, members, total, restarts } = outcome.account;
    expect({ restarts, done: tasks.done, underWay: tasks.underWay, calls: total.toolCalls }).toEqual({ restarts: 0, done: tasks.attempts, underWay: 0, calls: 0 });
    expect(members.reduce((sum, { done }) => sum + done, 0)).toBe(tasks.done);
    expect(members.slice(1).every(({ agent, state }) => /^[bc]\//.test(agent) && state !== 'running')).toBe(true);
    // When it is over, nobody is left behind.
    await cluster.time.advance(1_000);
    for (const { kernel } of nodes) expect(kernel.snapshot().agents.filter(({ id, state }) => !id.endsWith('.steward') && state !== 'TERMINATED')).toEqual([]);
    const [, b, c] = await cluster.finish(...nodes);
    for (const entries of [b!, c!]) expect(ofKind(entries, 'AGENT_SPAWNED').some(({ data }) => data.type === 'working.member')).toBe(true);
  });

  // That a node is gone is no failure of what was done there: where each task is tried once, too.
  test.each(['MAP_REDUCE', 'ONCE'] as const)('gives to others what a node was doing that is gone: %s', async (strategy) => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const a = await boot(cluster, 'a');
    const b = await boot(cluster, 'b');
    const c = await boot(cluster, 'c');
    const running = run(a, { strategy, goal: 20 });
    await cluster.time.advance(150);
    cluster.wires.kill('c');
    expect((await cluster.time.until(running)).result).toEqual(Array.from({ length: 20 }, (_, index) => index));
    await cluster.time.until(c.kernel.stop());
    await cluster.finish(a, b);
  });

  test('goes on with a node that was started again, and does nothing twice', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const a = await boot(cluster, 'a');
    const b = await boot(cluster, 'b');
    let c = await boot(cluster, 'c');
    const running = run(a, { strategy: 'MAP_REDUCE', goal: 20 });
    await cluster.time.advance(150);
    cluster.wires.kill('c');
    await cluster.time.until(c.kernel.stop());
    c = await boot(cluster, 'c', { log: c.log });
    const { result, account } = await cluster.time.until(running);
    expect(result).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(account.restarts).toBe(0);
    const [, ...others] = await cluster.finish(a, b, c);
    const calls = others.flatMap((entries) => ofKind(entries, 'TOOL_CALLED').filter(({ data }) => data.tool === 'slow').map(({ data }) => data.args));
    expect(calls.sort((one, other) => Number(one) - Number(other))).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  test('replaces whoever hangs or fails there', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const nodes = [await boot(cluster, 'a'), await boot(cluster, 'b'), await boot(cluster, 'c')] as const;
    expect((await cluster.time.until(run(nodes[0], { strategy: 'HANGING', goal: null, agents: 2 }))).result).toBe('once');
    expect((await cluster.time.until(run(nodes[0], { strategy: 'FAILING', goal: null, agents: 2 }))).result).toBe('two');
    const [, b, c] = await cluster.finish(...nodes);
    expect([...b!, ...c!].filter(({ kind, data }) => kind === 'AGENT_FAULTED' && 'error' in data && data.error.code === 'TICK_OVERFLOW')).toHaveLength(3);
  });

  test('ends on all nodes when it is cancelled, since stewards look whether its coordinator is there', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const nodes = [await boot(cluster, 'a'), await boot(cluster, 'b'), await boot(cluster, 'c')] as const;
    const stop = new AbortController();
    const running = run(nodes[0], { strategy: 'HANGING', goal: null, agents: 1, signal: stop.signal }).catch((error: unknown) => (error as OmniError).code);
    await cluster.time.advance(150);
    stop.abort();
    expect(await cluster.time.until(running)).toBe('SWARM_CANCELLED');
    await cluster.time.advance(70_000);
    expect(nodes[1].kernel.snapshot().agents.map(({ id, state }) => [id.split('-')[0], state])).toEqual([['working.steward', 'WAITING'], ['working.member', 'TERMINATED']]);
    await cluster.finish(...nodes);
  });

  test('on one node has no say in how long members of another one stay there whose coordinator has ended', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const nodes = [await boot(cluster, 'a'), await boot(cluster, 'b')] as const;
    const stop = new AbortController();
    const cancelled = run(nodes[0], { strategy: 'WAITING', goal: null, agents: 1, nodes: ['b'], signal: stop.signal }).catch((error: unknown) => (error as OmniError).code);
    const other = new AbortController();
    const running = run(nodes[0], { strategy: 'WAITING', goal: null, agents: 1, nodes: ['b'], signal: other.signal }).catch((error: unknown) => (error as OmniError).code);
    await cluster.time.advance(150);
    stop.abort();
    expect(await cluster.time.until(cancelled)).toBe('SWARM_CANCELLED');
    await cluster.time.advance(70_000);
    expect(nodes[1].kernel.snapshot().agents.filter(({ id }) => id.startsWith('working.member')).map(({ state }) => state)).toEqual(['TERMINATED', 'WAITING']);
    other.abort();
    await cluster.time.until(running);
    await cluster.finish(...nodes);
  });

  test('hears of what was done elsewhere while its own kernel was away', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    let a = await boot(cluster, 'a');
    const b = await boot(cluster, 'b');
    void run(a, { strategy: 'SLOW', goal: null, agents: 1, nodes: ['b'], id: 'slow-1' }).catch(() => undefined);
    await cluster.time.advance(1_000);
    await cluster.time.until(a.kernel.stop());
    cluster.wires.kill('a');
    await cluster.time.advance(60_000);
    a = await boot(cluster, 'a', { log: a.log });
    const { result } = await cluster.time.until(SwarmCoordinator.resume(a.kernel, { swarm: working, id: 'slow-1', log: a.log }));
    expect(result).toEqual({ one: 'at last' });
    await cluster.finish(a, b);
  });

  test('comes to its end in time, whatever a node does that is there and does not answer', async () => {
    const cluster = new Cluster(['a', 'b', 'c'], { patienceMs: 10_000 });
    const nodes = [await boot(cluster, 'a'), await boot(cluster, 'b'), await boot(cluster, 'c')] as const;
    const before = cluster.time.now;
    const failing = run(nodes[0], { strategy: 'MAP_REDUCE', goal: 2_000, timeoutMs: 5_000 }).catch((error: unknown) => (error as OmniError).code);
    await cluster.time.advance(150);
    // What its members have done arrives, and what they are to do next does not.
    cluster.wires.cut('a', 'c');
    expect(await cluster.time.until(failing)).toBe('SWARM_TIMEOUT');
    expect(cluster.time.now - before).toBeLessThanOrEqual(6_000);
    cluster.wires.heal('a', 'c');
    cluster.wires.freeze('c');
    // Without a limit, others do what its members had to do.
    expect((await cluster.time.until(run(nodes[0], { strategy: 'MAP_REDUCE', goal: 20 }))).result).toEqual(Array.from({ length: 20 }, (_, index) => index));
    await cluster.finish(...nodes);
  });

  test('believes nobody but the steward of a node of how its members have ended', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const nodes = [await boot(cluster, 'a'), await boot(cluster, 'b')] as const;
    const { result, account } = await cluster.time.until(run(nodes[0], { strategy: 'FORGING', goal: null, agents: 2, nodes: ['b'] }));
    expect(result).toEqual({ honest: 'true', forger: 'done' });
    expect(account.members.slice(1).map(({ state }) => state)).toEqual(['completed', 'completed']);
    const [a] = await cluster.finish(...nodes);
    // Also when the lie was read, the account has its victim at work.
    const read = a!.findIndex(({ kind, data }) => kind === 'MESSAGE_RECEIVED' && JSON.stringify(data).includes('forged'));
    expect(read).toBeGreaterThan(0);
    const accounts = new SwarmAccounts();
    for (const entry of a!.slice(0, read + 1)) accounts.apply(entry);
    expect(accounts.of('working-1')!.members.find(({ slot }) => slot === 'honest-1')!.state).toBe('running');
  });

  test('has a steward on each node whom no order ends', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const nodes = [await boot(cluster, 'a'), await boot(cluster, 'b')] as const;
    const post = { swarm: 'working-9', slot: 'one', role: 'one', strategy: 'SUPERVISOR', input: null };
    const orders = [
      null, [], 'over', { kind: 'end', swarm: 'no name!', agent: 'x', reason: '' }, { kind: 'end', swarm: 'working-9', agent: 'x', reason: '' },
      { kind: 'start', agent: 'x', post: { ...post, swarm: 'no name!' }, grants: [] }, { kind: 'start', agent: 'x', post: { ...post, slot: '' }, grants: [] },
      { kind: 'start', agent: 'no id!', post, grants: [] }, { kind: 'start', agent: 'x', post, grants: [7, null, 'no grant'] }, { kind: 'start', agent: 'x', post, grants: [], quota: 'none' },
    ];
    for (const order of orders) nodes[1].kernel.send('working.steward', { kind: 'remote', from: 'a/nobody', id: `log/nobody/1/${orders.indexOf(order)}`, body: order }, 'steward');
    await cluster.time.advance(1_000);
    expect(nodes[1].kernel.agent('working.steward').state).toBe('WAITING');
    expect((await cluster.time.until(run(nodes[0], { strategy: 'MAP_REDUCE', goal: 3, agents: 2, nodes: ['b'] }))).result).toEqual([0, 1, 2]);
    await cluster.finish(...nodes);
  });

  test('hears of a result that is too large for a message', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const nodes = [await boot(cluster, 'a', { maxValueBytes: 4_000 }), await boot(cluster, 'b', { maxValueBytes: 4_000 })] as const;
    const error = await cluster.time.until(run(nodes[0], { strategy: 'BULKY', goal: 3_800, agents: 1, nodes: ['b'] }).catch((thrown: unknown) => thrown as OmniError));
    expect(error).toMatchObject({ code: 'RESTARTS_EXCEEDED', message: expect.stringContaining('VALUE_TOO_LARGE') });
    expect(nodes[1].kernel.agent('working.steward').state).toBe('WAITING');
    await cluster.finish(...nodes);
  });

  test('gives nobody more than its node allows', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const nodes = [await boot(cluster, 'a'), await boot(cluster, 'b', { grants: [] }), await boot(cluster, 'c', { grants: [] })] as const;
    const error = await cluster.time.until(run(nodes[0], { strategy: 'MAP_REDUCE', goal: 3, agents: 2 }).catch((thrown: unknown) => thrown as OmniError));
    expect(error).toMatchObject({ code: 'RESTARTS_EXCEEDED', message: expect.stringContaining('PRIVILEGE_ESCALATION_ATTEMPT') });
    await cluster.finish(...nodes);
  });

  test('that has no node left fails, and says so', async () => {
    const cluster = new Cluster(['a', 'b', 'c']);
    const a = await boot(cluster, 'a');
    await expect(cluster.time.until(run(a, { strategy: 'MAP_REDUCE', goal: 3 }))).rejects.toMatchObject({ code: 'NODE_UNREACHABLE', message: expect.stringContaining('b, c') });
    await cluster.finish(a);
  });
});
