/** A delegator hears of the end of a child that it monitors, however that comes, and can end a child itself. */
import { defineAgent, MemoryLogStore, type AgentDefinition, type Json } from '@omnipaw/kernel';
import { assertReplays, VirtualTime } from '@omnipaw/testing';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';
import { attempt } from '../tools/run-program.js';

type Way = 'completes' | 'throws' | 'expires' | 'sleeps';

const child = defineAgent('child', function* (ctx, way: Way) {
  if (way === 'throws') throw new Error('no use');
  if (way !== 'completes') yield* ctx.sleep(1_000);
  return way;
});

const told = { timeoutMs: 5_000, channel: 'exit' };

/** Starts a child, hears of its end, and takes its result. */
const monitoring = defineAgent('monitoring', function* (ctx, way: Way) {
  const started = yield* ctx.start(child, way, { monitor: true, ...(way === 'expires' ? { expiresInMs: 10 } : {}) });
  const { from, body } = yield* ctx.receive(told);
  const joined = yield* attempt(ctx.join(started));
  return { from, body, joined: joined.ok ? joined.value : joined.code };
});

const grants = ['delegate:*', 'send:*'];

async function run(type: string, input: Json) {
  const { kernel, until, store } = await boot({ time: new VirtualTime(), agents });
  const outcome = await until(kernel.spawn(agents.find((agent) => agent.type === type) as AgentDefinition<Json>, input, { grants }).result());
  await until(kernel.stop());
  await assertReplays(store, { agents });
  return { outcome: outcome as Json, entries: await entriesOf(store) };
}

const impatient = defineAgent('impatient', function* (ctx) {
  const started = yield* ctx.start(child, 'sleeps', { monitor: true });
  yield* ctx.revoke(started, 'it takes too long');
  const { body } = yield* ctx.receive(told);
  yield* ctx.revoke(started);
  const joined = yield* attempt(ctx.join(started));
  const again = yield* attempt(ctx.receive({ channel: 'exit', timeoutMs: 1 }));
  return { body, joined: joined.ok ? null : joined.code, again: again.ok ? null : again.code };
});

const forger = defineAgent('forger', function* (ctx) {
  const sent = yield* attempt(ctx.send('forger-1', { agent: 'child-1', error: null }, 'exit'));
  return sent.ok ? null : sent.code;
});

const stranger = defineAgent('stranger', function* (ctx) {
  const revoked = yield* attempt(ctx.revoke({ agent: 'stranger-1' }));
  return revoked.ok ? null : revoked.code;
});

const agents = [child, monitoring, impatient, forger, stranger] as const;

describe('a monitored child', () => {
  it.each<readonly [Way, string | null, string]>([
    ['completes', null, 'completes'],
    ['throws', 'PROGRAM_FAILED', 'DELEGATION_FAILED'],
    ['expires', 'TOKEN_INVALID', 'DELEGATION_FAILED'],
  ])('that %s has its end told by the kernel, once', async (way, error, joined) => {
    const { outcome, entries } = await run('monitoring', way);
    expect(outcome).toEqual({ from: null, body: { agent: 'child-1', error }, joined });
    expect(ofKind(entries, 'MESSAGE_SENT')).toHaveLength(1);
  });

  it('is told of even if the mailbox is full', async () => {
    const log = new MemoryLogStore();
    const busy = defineAgent('busy', function* (ctx) {
      yield* ctx.start(child, 'sleeps', { monitor: true });
      yield* ctx.sleep(2_000);
      return (yield* ctx.receive(told)).body;
    });
    const { kernel, until } = await boot({ log, time: new VirtualTime(), agents: [busy, child], maxMailboxMessages: 1 });
    const handle = kernel.spawn(busy, null, { grants });
    kernel.send(handle.id, 'something else');
    expect(await until(handle.result())).toEqual({ agent: 'child-1', error: null });
    await until(kernel.stop());
  });

  it('whose failure was told is not told of again when it is revoked, nor to a delegator that has ended', async () => {
    const { entries } = await run('impatient', null);
    expect(ofKind(entries, 'MESSAGE_SENT').map(({ agent, data }) => [agent, data.to, data.channel])).toEqual([[null, 'impatient-1', 'exit']]);
    const hasty = defineAgent('hasty', function* (ctx) { yield* ctx.start(child, 'sleeps', { monitor: true }); });
    const { kernel, until, store } = await boot({ time: new VirtualTime(), agents: [hasty, child] });
    await until(kernel.spawn(hasty, null, { grants }).result());
    expect(kindsOf(await entriesOf(store))).not.toContain('MESSAGE_SENT');
  });

  it('needs a yes or no, and a delegator', async () => {
    const odd = defineAgent('odd', function* (ctx) {
      const started = yield* attempt(ctx.start(child, 'completes', { monitor: 'yes' as never }));
      return started.ok ? null : started.code;
    });
    const { kernel, until } = await boot({ agents: [odd, child] });
    expect(await until(kernel.spawn(odd, null, { grants }).result())).toBe('INVALID_INSTRUCTION');
    expect(() => kernel.spawn(child, 'completes', { monitor: true } as never)).toThrow(/no option "monitor"/);
  });
});

describe('a delegator', () => {
  it('can end its child, for a reason that is on record', async () => {
    const { outcome, entries } = await run('impatient', null);
    expect(outcome).toEqual({ body: { agent: 'child-1', error: 'TOKEN_INVALID' }, joined: 'DELEGATION_FAILED', again: 'RECEIVE_TIMEOUT' });
    expect(ofKind(entries, 'TOKEN_REVOKED').map(({ agent, data }) => [agent, data.reason])).toEqual([['child-1', 'it takes too long']]);
  });

  it('ends all below the child with it, the deepest first', async () => {
    const grandparent = defineAgent('grandparent', function* (ctx) {
      const parent = yield* ctx.start(between, null, { grants: ['delegate:child'], depth: 1 });
      yield* ctx.sleep(10);
      yield* ctx.revoke(parent);
      yield* ctx.sleep(10);
    });
    const between = defineAgent('between', function* (ctx) { yield* ctx.delegate(child, 'sleeps'); });
    const { kernel, until, store } = await boot({ time: new VirtualTime(), agents: [grandparent, between, child] });
    await until(kernel.spawn(grandparent, null, { grants }).result());
    expect(ofKind(await entriesOf(store), 'TOKEN_REVOKED').map(({ agent }) => agent)).toEqual(['child-1', 'between-1']);
  });

  it('can end nobody else, nor itself', async () => {
    expect((await run('stranger', null)).outcome).toBe('PERMISSION_DENIED');
  });

  it('can not be told lies of an end: the channel is the kernel\'s', async () => {
    expect((await run('forger', null)).outcome).toBe('INVALID_INSTRUCTION');
  });
});
