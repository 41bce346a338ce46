import { defineAgent, defineTool, unchecked, type AgentDefinition, type DelegationOptions } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';
import { attempt, codeOf } from '../tools/run-program.js';

/** Sleeps, and returns how long. */
const sleeper = defineAgent('sleeper', function* (ctx, ms: number) {
  yield* ctx.sleep(ms);
  return ms;
});
const failing = defineAgent('failing', function* (_ctx, text: string) {
  throw new Error(text);
});

interface Tree { readonly [id: string]: Tree }

/** A tree of agents: each starts its children and waits for ever. */
const node: AgentDefinition<{ tree: Tree; depth: number }, null> = defineAgent('node', function* (ctx, { tree, depth }: { tree: Tree; depth: number }) {
  for (const [id, below] of Object.entries(tree)) {
    yield* ctx.start(node, { tree: below, depth: depth - 1 }, { id, depth, grants: ['delegate:node'] });
  }
  yield* ctx.receive();
  return null;
});

const grants = ['delegate:**'];

describe('a delegation', () => {
  it('gives the result of the child', async () => {
    const main = defineAgent('main', function* (ctx) {
      return yield* ctx.delegate(sleeper, 5);
    });
    const { kernel, until } = await boot({ agents: [main, sleeper] });
    expect(await until(kernel.spawn(main, undefined, { grants }).result())).toBe(5);
  });

  it('that fails is DELEGATION_FAILED, with the child and its own error', async () => {
    const main = defineAgent('main', function* (ctx) {
      return yield* attempt(ctx.delegate(failing, 'oh no'));
    });
    const { kernel, until } = await boot({ agents: [main, failing] });
    expect(await until(kernel.spawn(main, undefined, { grants }).result())).toMatchObject({
      ok: false, code: 'DELEGATION_FAILED', failureClass: 'PERMANENT', message: expect.stringContaining('oh no'), details: { child: 'failing-1', code: 'PROGRAM_FAILED' },
    });
  });

  it('to a type that nobody registered, or that is not granted, is refused', async () => {
    const main = defineAgent('main', function* (ctx) {
      return [yield* attempt(ctx.delegate(failing, 'x')), yield* attempt(ctx.delegate(sleeper, 1))].map((outcome) => (outcome.ok ? 'done' : outcome.code));
    });
    const { kernel, until } = await boot({ agents: [main, sleeper] });
    expect(await until(kernel.spawn(main, undefined, { grants: ['delegate:failing'] }).result())).toEqual(['AGENT_TYPE_NOT_REGISTERED', 'PERMISSION_DENIED']);
  });

  it('can name the child, but not like another agent, dead or alive', async () => {
    const main = defineAgent('main', function* (ctx) {
      const first = yield* ctx.delegate(sleeper, 1, { id: 'kim', metadata: { team: 'a' } });
      return [first, (yield* attempt(ctx.start(sleeper, 1, { id: 'kim' }))).ok, (yield* attempt(ctx.start(sleeper, 1, { id: ctx.agent.id }))).ok];
    });
    const { kernel, until } = await boot({ agents: [main, sleeper] });
    expect(await until(kernel.spawn(main, undefined, { grants }).result())).toEqual([1, false, false]);
    expect(kernel.agentSnapshot('kim')).toMatchObject({ parent: 'main-1', metadata: { team: 'a' } });
    expect(() => kernel.spawn(sleeper, 1, { id: 'kim' })).toThrow(expect.objectContaining({ code: 'AGENT_ALREADY_EXISTS' }));
  });

  it('makes a tree as deep as the tokens allow, and no deeper', async () => {
    const digger: AgentDefinition<number, number> = defineAgent('digger', function* (ctx, left: number) {
      const deeper = yield* attempt(ctx.delegate(digger, left - 1, { depth: Math.max(0, left - 1), grants: ['delegate:digger'] }));
      return deeper.ok ? deeper.value + 1 : 0;
    });
    const { kernel, until } = await boot({ agents: [digger] });
    expect(await until(kernel.spawn(digger, 4, { grants, depth: 4 }).result())).toBe(4);
    expect(await until(kernel.spawn(digger, 9, { grants, depth: 9 }).result())).toBe(9);
  });
});

describe('start and join', () => {
  it('let the parent work meanwhile, and join in any order, as often as it likes', async () => {
    const main = defineAgent('main', function* (ctx) {
      const [slow, quick] = [yield* ctx.start(sleeper, 100), yield* ctx.start(sleeper, 10)];
      yield* ctx.sleep(50);
      const results = [yield* ctx.join(slow), yield* ctx.join(quick), yield* ctx.join(quick)];
      const [one, two] = yield* ctx.all([ctx.join(slow), ctx.join(slow)]);
      return { results: [...results, one, two], tookMs: ctx.now() - ctx.agent.createdAt };
    });
    const { kernel, until } = await boot({ agents: [main, sleeper] });
    expect(await until(kernel.spawn(main, undefined, { grants }).result())).toEqual({ results: [100, 10, 10, 100, 100], tookMs: 100 });
  });

  it('work in parallel, two waits for the same child included', async () => {
    const main = defineAgent('main', function* (ctx) {
      const children = yield* ctx.all([30, 20, 10].map((ms) => ctx.start(sleeper, ms)));
      const joined = yield* ctx.all([...children, children[0]!].map((child) => ctx.join(child)));
      return { joined, tookMs: ctx.now() - ctx.agent.createdAt };
    });
    const { kernel, until } = await boot({ agents: [main, sleeper] });
    expect(await until(kernel.spawn(main, undefined, { grants }).result())).toEqual({ joined: [30, 20, 10, 30], tookMs: 30 });
  });

  it('tell of a failure at the join, each time', async () => {
    const main = defineAgent('main', function* (ctx) {
      const child = yield* ctx.start(failing, 'oh no');
      return [yield* attempt(ctx.join(child)), yield* attempt(ctx.join(child))].map((outcome) => (outcome.ok ? 'done' : outcome.code));
    });
    const { kernel, until } = await boot({ agents: [main, failing] });
    expect(await until(kernel.spawn(main, undefined, { grants }).result())).toEqual(['DELEGATION_FAILED', 'DELEGATION_FAILED']);
  });

  it('are for one\'s own children: not for others\', not for oneself, not for nobody', async () => {
    const main = defineAgent('main', function* (ctx) {
      const outcomes = [];
      for (const agent of ['stranger', ctx.agent.id, 'nobody', 'other-1']) outcomes.push(yield* attempt(ctx.join({ agent })));
      return outcomes.map((outcome) => (outcome.ok ? 'done' : outcome.code));
    });
    const { kernel, until } = await boot({ agents: [main, sleeper] });
    kernel.spawn(sleeper, 1, { id: 'stranger' });
    kernel.spawn(sleeper, 1, { id: 'other-1' });
    expect(await until(kernel.spawn(main, undefined, { grants }).result())).toEqual(['PERMISSION_DENIED', 'PERMISSION_DENIED', 'AGENT_NOT_FOUND', 'PERMISSION_DENIED']);
  });

  it('are not for grandchildren', async () => {
    const middle = defineAgent('middle', function* (ctx) {
      yield* ctx.start(sleeper, 1_000, { id: 'grandchild' });
      yield* ctx.receive();
    });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.start(middle, undefined, { depth: 1, grants });
      yield* ctx.sleep(1);
      return yield* attempt(ctx.join({ agent: 'grandchild' }));
    });
    const { kernel, until } = await boot({ agents: [main, middle, sleeper] });
    expect(await until(kernel.spawn(main, undefined, { grants }).result())).toMatchObject({ ok: false, code: 'PERMISSION_DENIED' });
  });
});

describe('the end of a parent', () => {
  it.each(['completes', 'faults'])('that %s ends its children, before anything else happens', async (end) => {
    const time = new VirtualTime();
    const aborted: string[] = [];
    const tool = defineTool({
      name: 'hang', description: '', input: unchecked<object>(),
      run: (_args, { agent, signal }) => new Promise(() => { signal.addEventListener('abort', () => aborted.push(agent)); }),
    });
    const worker = defineAgent('worker', function* (ctx) {
      yield* ctx.tool(tool, {});
    });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.start(worker, undefined, { grants: ['call:hang'] });
      yield* ctx.start(sleeper, 1_000);
      yield* ctx.sleep(1);
      if (end === 'faults') throw new Error('no');
    });
    const { kernel, store, until } = await boot({ time, agents: [main, worker, sleeper], tools: [tool] });
    const handle = kernel.spawn(main, undefined, { grants: [...grants, 'call:*'] });
    await until(handle.result().catch(() => undefined));
    await time.settle();
    expect(kernel.snapshot().agents.map(({ id, state, isRevoked }) => `${id} ${state} ${String(isRevoked)}`)).toEqual([
      `main-1 ${end === 'faults' ? 'FAULTED' : 'TERMINATED'} false`, 'worker-1 TERMINATED true', 'sleeper-1 TERMINATED true',
    ]);
    expect(aborted).toEqual(['worker-1']);
    const entries = await entriesOf(store);
    expect(ofKind(entries, 'TOKEN_REVOKED').map(({ agent }) => agent)).toEqual(['worker-1', 'sleeper-1']);
    await time.advance(5_000);
    await until(kernel.flush());
    // What the tool of the worker might still say is all that could come.
    expect(kindsOf((await entriesOf(store)).slice(entries.length))).toEqual([]);
  });

  it('tells nobody who has not asked, and leaves the children of others alone', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.start(sleeper, 1_000);
    });
    const { kernel, until } = await boot({ agents: [main, sleeper] });
    const other = kernel.spawn(sleeper, 100);
    await until(kernel.spawn(main, undefined, { grants }).result());
    expect(await until(other.result())).toBe(100);
  });
});

describe('a token that is revoked', () => {
  const tree = { a: { a1: { a11: {} }, a2: {} }, b: {} };
  const spawnTree = async () => {
    const booted = await boot({ agents: [node] });
    booted.kernel.spawn(node, { tree, depth: 7 }, { id: 'root', grants });
    return booted;
  };

  it('takes all below it along, the deepest first', async () => {
    const { kernel, store, until } = await spawnTree();
    kernel.revoke('root', 'enough');
    await until(kernel.flush());
    const entries = await entriesOf(store);
    expect(ofKind(entries, 'TOKEN_REVOKED').map(({ agent }) => agent)).toEqual(['a11', 'a1', 'a2', 'a', 'b', 'root']);
    expect(ofKind(entries, 'AGENT_TERMINATED').map(({ agent }) => agent)).toEqual(['a11', 'a1', 'a2', 'a', 'b', 'root']);
    expect(kernel.snapshot().agents.every(({ state, isRevoked }) => state === 'TERMINATED' && isRevoked)).toBe(true);
  });

  it('in the middle of the tree leaves the rest', async () => {
    const { kernel } = await spawnTree();
    kernel.revoke('a', 'enough');
    const states = Object.fromEntries(kernel.snapshot().agents.map(({ id, state }) => [id, state]));
    expect(states).toEqual({ root: 'WAITING', a: 'TERMINATED', a1: 'TERMINATED', a11: 'TERMINATED', a2: 'TERMINATED', b: 'WAITING' });
    kernel.revoke('a', 'again');
    expect(kernel.agent('root').state).toBe('WAITING');
    expect(() => { kernel.revoke('nobody', 'x'); }).toThrow(expect.objectContaining({ code: 'AGENT_NOT_FOUND' }));
  });

  it('is DELEGATION_FAILED for the parent that waits', async () => {
    const main = defineAgent('main', function* (ctx) {
      return yield* attempt(ctx.delegate(sleeper, 1_000));
    });
    const { kernel, until } = await boot({ agents: [main, sleeper] });
    const handle = kernel.spawn(main, undefined, { grants });
    kernel.revoke('sleeper-1', 'out of favour');
    expect(await until(handle.result())).toMatchObject({ code: 'DELEGATION_FAILED', details: { child: 'sleeper-1', code: 'TOKEN_INVALID' }, message: expect.stringContaining('out of favour') });
  });

  it('ends a tree of thousands in no time to speak of', async () => {
    const wide = defineAgent('wide', function* (ctx, count: number) {
      for (let number = 0; number < count; number++) yield* ctx.start(sleeper, 1_000_000);
      yield* ctx.receive();
    });
    const { kernel } = await boot({ agents: [wide, sleeper] });
    const handle = kernel.spawn(wide, 5_000, { grants });
    kernel.revoke(handle.id, 'enough');
    expect(kernel.snapshot().agents.filter(({ state }) => state === 'TERMINATED')).toHaveLength(5_001);
  });
});

describe('a chain of delegations', () => {
  it('of any length is ended from its lower end up', async () => {
    const length = 15_000;
    const link: AgentDefinition<number, null> = defineAgent('link', function* (ctx, left: number) {
      if (left > 0) yield* ctx.start(link, left - 1, { depth: left, grants: ['delegate:link'] });
      yield* ctx.receive();
      return null;
    });
    const { kernel, time, store, until } = await boot({ agents: [link], durability: 'relaxed' });
    const handle = kernel.spawn(link, length - 1, { grants, depth: length });
    await time.settle();
    expect(kernel.snapshot().agents).toHaveLength(length);
    kernel.revoke(handle.id, 'enough');
    await until(kernel.flush());
    const revoked = ofKind(await entriesOf(store), 'TOKEN_REVOKED').map(({ agent }) => agent);
    expect(revoked).toHaveLength(length);
    expect([revoked[0], revoked.at(-1)]).toEqual([`link-${String(length)}`, handle.id]);
  }, 60_000);
});

describe('a token that expires', () => {
  async function expiring(options: DelegationOptions) {
    const ticks: number[] = [];
    const worker = defineAgent('worker', function* (ctx) {
      for (;;) {
        ticks.push(ctx.now() - ctx.agent.createdAt);
        yield* ctx.sleep(40);
      }
    });
    const main = defineAgent('main', function* (ctx) {
      const outcome = yield* attempt(ctx.delegate(worker, undefined, options));
      return { outcome, at: ctx.now() - ctx.agent.createdAt };
    });
    const { kernel, until, store } = await boot({ agents: [main, worker] });
    const value = await until(kernel.spawn(main, undefined, { grants }).result());
    return { value, ticks, entries: await entriesOf(store) };
  }

  it('ends its agent before any further tick, and the parent is told', async () => {
    const { value, ticks, entries } = await expiring({ expiresInMs: 100 });
    expect(ticks).toEqual([0, 40, 80]);
    expect(value).toMatchObject({ outcome: { ok: false, code: 'DELEGATION_FAILED', details: { code: 'TOKEN_INVALID' } }, at: 101 });
    expect(ofKind(entries, 'TOKEN_REVOKED').map(({ agent, data }) => [agent, data.reason])).toEqual([['worker-1', 'it expired']]);
  });

  it('lets a tick at its last millisecond run, and none after it', async () => {
    expect((await expiring({ expiresInMs: 80 })).ticks).toEqual([0, 40, 80]);
    expect((await expiring({ expiresInMs: 79 })).ticks).toEqual([0, 40]);
  });

  it('ends a root agent and all below it as well', async () => {
    const { kernel, rejection, store } = await boot({ agents: [node] });
    const handle = kernel.spawn(node, { tree: { a: { b: {} } }, depth: 7 }, { id: 'root', grants, expiresInMs: 50 });
    expect(codeOf(await rejection(handle.result()))).toBe('TOKEN_INVALID');
    expect(ofKind(await entriesOf(store), 'TOKEN_REVOKED').map(({ agent }) => agent)).toEqual(['b', 'a', 'root']);
  });

  it('ends an agent that is suspended, too', async () => {
    const { kernel, time } = await boot({ agents: [sleeper] });
    const handle = kernel.spawn(sleeper, 1_000, { expiresInMs: 50 });
    kernel.suspend(handle.id);
    await time.advance(51);
    expect(handle.state).toBe('TERMINATED');
    expect(() => { kernel.resume(handle.id); }).toThrow(expect.objectContaining({ code: 'INVALID_TRANSITION' }));
  });

  it('is forgotten when the agent has ended before', async () => {
    const { kernel, until, time, store } = await boot({ agents: [sleeper] });
    expect(await until(kernel.spawn(sleeper, 10, { expiresInMs: 50 }).result())).toBe(10);
    await time.advance(100);
    expect(kindsOf(await entriesOf(store))).not.toContain('TOKEN_REVOKED');
  });
});
