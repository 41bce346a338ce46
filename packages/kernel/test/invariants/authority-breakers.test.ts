import {
  defineAgent,
  defineTool,
  unchecked,
  type AgentDefinition,
  type Grant,
  type Instruction,
  type OmniError,
} from '@omnipaw/kernel';
import { beforeEach, describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';

let ran: string[];
beforeEach(() => {
  ran = [];
});

const tool = (name: string): ReturnType<typeof defineTool> =>
  defineTool({
    name, description: name, input: unchecked<object>(),
    run: () => {
      ran.push(name);
      return name;
    },
  });
const tools = [tool('open'), tool('closed')];
const idle = defineAgent('idle', function* (ctx) {
  yield* ctx.receive();
});

/** Yields each instruction, and answers with what came of it: a result, or the code of an error. */
const yielder: AgentDefinition<null, unknown[]> = defineAgent('yielder', function* (): Generator<Instruction, unknown[]> {
  const results: unknown[] = [];
  for (const instruction of instructions) {
    try {
      const result: unknown = yield instruction as Instruction;
      results.push(typeof result === 'string' ? result : 'done');
    } catch (error) {
      results.push((error as OmniError).code);
    }
  }
  return results;
});
let instructions: readonly unknown[] = [];

const read = { op: 'READ', store: 'shared', namespace: 'team', key: 'k' };
const write = { op: 'WRITE', store: 'shared', namespace: 'team', key: 'k', value: 1, expectedVersion: 0 };
const call = { op: 'CALL_TOOL', tool: 'open', args: {} };
const delegate = { op: 'DELEGATE', type: 'idle' };
const send = { op: 'SEND', to: 'idle-1', body: 'hi' };

/** An object that is `first` when it is looked at for the first time, and `then` ever after. */
function shifty<Key extends string>(key: Key, first: unknown, then: unknown): Record<Key, unknown> {
  let reads = 0;
  return Object.defineProperty({} as Record<Key, unknown>, key, { enumerable: true, get: () => (reads++ === 0 ? first : then) });
}

describe('INV-04: permission is evaluated before every tool call, shared access, message and delegation', () => {
  test('without a grant everything is denied, and every denial is on record with what decided', async () => {
    instructions = [call, read, write, send, delegate];
    const { kernel, until, store } = await boot({ agents: [yielder, idle], tools });
    kernel.spawn(idle, null);
    expect(await until(kernel.spawn(yielder, null).result())).toEqual(Array(5).fill('PERMISSION_DENIED'));
    await until(kernel.flush());
    const entries = await entriesOf(store);
    expect(ofKind(entries, 'REFUSED').map(({ data }) => [data.op, data.error.details?.['permission']])).toEqual(
      ['CALL_TOOL', 'READ', 'WRITE', 'SEND', 'DELEGATE'].map((op) => [op, { decision: 'DENY', by: 'default' }]),
    );
    expect(ran).toEqual([]);
    expect(kernel.snapshot().shared).toEqual({});
  });

  test('every grant opens what it names, and nothing beside it', async () => {
    instructions = [call, { ...call, tool: 'closed' }, read, { ...read, namespace: 'other' }, write, { ...write, key: 'x' }, send, { ...send, to: 'yielder-1' }, delegate, { ...delegate, type: 'yielder' }];
    const { kernel, until } = await boot({ agents: [yielder, idle], tools });
    kernel.spawn(idle, null);
    const grants = ['call:open', 'read:shared:team/*', 'write:shared:team/k', 'send:idle-1', 'delegate:idle'];
    const results = await until(kernel.spawn(yielder, null, { grants }).result());
    expect(results.map((result) => result === 'PERMISSION_DENIED')).toEqual([false, true, false, true, false, true, false, true, false, true]);
    expect(ran).toEqual(['open']);
  });

  test.each(['*', '**', 'op*', 'OPEN', ' open', 'open ', 'call:open', '__proto__', 'constructor', '\u0001', '\u0002', 'open\u0000', 'open\nclosed'])(
    'no name that looks like %j gets a tool to run', async (name) => {
      instructions = [{ ...call, tool: name }];
      const { kernel, until } = await boot({ agents: [yielder], tools });
      const [code] = await until(kernel.spawn(yielder, null, { grants: ['call:open'] }).result());
      expect(code).toMatch(/^(PERMISSION_DENIED|TOOL_NOT_REGISTERED|INVALID_INSTRUCTION)$/);
      expect(ran).toEqual([]);
    },
  );

  test('an instruction that changes its mind is held to what was permitted', async () => {
    instructions = [
      Object.assign(shifty('tool', 'open', 'closed'), { op: 'CALL_TOOL', args: {} }),
      Object.assign(shifty('key', 'k', 'secret'), { op: 'READ', store: 'shared', namespace: 'team' }),
      Object.assign(shifty('namespace', 'team', 'secrets'), { op: 'WRITE', store: 'shared', key: 'k', value: 1, expectedVersion: 0 }),
      Object.assign(shifty('to', 'idle-1', 'idle-2'), { op: 'SEND', body: 1 }),
      Object.assign(shifty('type', 'idle', 'yielder'), { op: 'DELEGATE' }),
    ];
    const { kernel, until, store } = await boot({ agents: [yielder, idle], tools });
    kernel.spawn(idle, null);
    kernel.spawn(idle, null);
    const grants = ['call:open', 'read:shared:team/k', 'write:shared:team/k', 'send:idle-1', 'delegate:idle'];
    await until(kernel.spawn(yielder, null, { grants }).result());
    await until(kernel.flush());
    const entries = await entriesOf(store);
    expect(ran.filter((name) => name !== 'open')).toEqual([]);
    expect(ofKind(entries, 'SHARED_READ').map(({ data }) => data.key)).toEqual(['k']);
    expect(Object.keys(kernel.snapshot().shared)).toEqual(['team']);
    expect(ofKind(entries, 'MESSAGE_SENT').map(({ data }) => data.to)).toEqual(['idle-1']);
    expect(kernel.snapshot().agents.map(({ type }) => type)).toEqual(['idle', 'idle', 'yielder', 'idle']);
  });

  test('an approval is for one call', async () => {
    instructions = [call, call];
    const policies = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: 'open' }] as const;
    const { kernel, until, time } = await boot({ agents: [yielder], tools, policies });
    const handle = kernel.spawn(yielder, null, { grants: ['call:*'] });
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    await time.settle();
    expect(kernel.approvals()).toHaveLength(1);
    kernel.decide(kernel.approvals()[0]!.id, { approved: false });
    expect(await until(handle.result())).toEqual(['open', 'APPROVAL_DENIED']);
    expect(ran).toEqual(['open']);
  });

  test('nobody but the parent that is asked, an operator or the clock decides', async () => {
    const policies = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: 'open', approver: 'parent' }] as const;
    const asking = defineAgent('asking', function* (ctx) {
      return yield* ctx.tool(tools[0]!, {});
    });
    const parent = defineAgent('parent', function* (ctx) {
      const child = yield* ctx.start(asking, null, { grants: ['call:open'] });
      const { body } = yield* ctx.receive<{ approval: number }>({ channel: 'approval' });
      // It passes the question on to somebody whose question it is not.
      yield* ctx.send('stranger', body.approval);
      yield* ctx.receive();
      yield* ctx.decide(body.approval, true);
      return yield* ctx.join(child);
    });
    const stranger = defineAgent('stranger', function* (ctx) {
      const { body, from } = yield* ctx.receive<number>();
      let code = 'decided';
      try {
        yield* ctx.decide(body, true);
      } catch (error) {
        ({ code } = error as OmniError);
      }
      yield* ctx.send(from!, code);
      return code;
    });
    const { kernel, until } = await boot({ agents: [parent, asking, stranger], tools, policies });
    const meddler = kernel.spawn(stranger, null, { id: 'stranger', grants: ['send:*'] });
    const result = await until(kernel.spawn(parent, null, { grants: ['call:open', 'delegate:asking', 'send:*'] }).result());
    expect(result).toBe('open');
    expect(await until(meddler.result())).toBe('PERMISSION_DENIED');
  });

  test('a secret is one more thing to be granted', async () => {
    instructions = [{ op: 'CALL_TOOL', tool: 'open', args: { token: { $secret: 'KEY' } } }];
    const { kernel, until } = await boot({ agents: [yielder], tools, secrets: () => 'hunter2' });
    expect(await until(kernel.spawn(yielder, null, { grants: ['call:open'] }).result())).toEqual(['PERMISSION_DENIED']);
    expect(ran).toEqual([]);
  });
});

describe('INV-06: delegated grants are a subset of the delegator\'s at that moment', () => {
  const held: (Grant | string)[] = ['delegate:idle', 'call:op*', { action: 'read', resource: 'shared:team/*', notAfter: 1_790_000_010_000 }, { action: 'write', resource: 'shared:**', limit: 2 }];

  async function delegating(options: unknown): Promise<{ result: unknown; children: unknown[]; tokens: unknown[] }> {
    instructions = [{ ...delegate, options }];
    const { kernel, until, store } = await boot({ agents: [yielder, idle], tools });
    const [result] = await until(kernel.spawn(yielder, null, { grants: held, depth: 2, expiresInMs: 60_000, quota: { maxTicks: 10 } }).result());
    await until(kernel.flush());
    const spawned = ofKind(await entriesOf(store), 'AGENT_SPAWNED').slice(1);
    return { result, children: spawned.map(({ agent }) => agent), tokens: spawned.map(({ data }) => data.token) };
  }

  test.each<[string, object]>([
    ['another action', { grants: ['send:*'] }],
    ['a wider pattern', { grants: ['call:*'] }],
    ['a pattern that is wider in the middle', { grants: ['call:o*n'] }],
    ['the same pattern with more stars', { grants: ['call:op**'] }],
    ['a pattern in disguise', { grants: ['call:op\u0002'] }],
    ['a longer life than the grant', { grants: [{ action: 'read', resource: 'shared:team/*', notAfter: 1_790_000_010_001 }] }],
    ['a limited grant without its limit', { grants: ['write:shared:a/b'] }],
    ['a larger limit', { grants: [{ action: 'write', resource: 'shared:a/b', limit: 3 }] }],
    ['the same uses twice', { grants: [{ action: 'write', resource: 'shared:a/b', limit: 2 }, { action: 'write', resource: 'shared:a/c', limit: 1 }] }],
    ['its own depth', { depth: 2 }],
    ['a longer life than its own', { expiresInMs: 60_001 }],
    ['more than its budget', { quota: { maxTicks: 11 } }],
  ])('%s is a PRIVILEGE_ESCALATION_ATTEMPT, and spawns nobody', async (_name, options) => {
    const { result, children } = await delegating(options);
    expect(['PRIVILEGE_ESCALATION_ATTEMPT', 'INVALID_INSTRUCTION']).toContain(result);
    expect(children).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['grants', shifty('grants', [], ['call:**'])],
    ['a resource', { grants: [Object.assign(shifty('resource', 'open', '**'), { action: 'call' })] }],
    ['an action', { grants: [Object.assign(shifty('action', 'call', 'send'), { resource: 'open' })] }],
    ['a limit', { grants: [Object.assign(shifty('limit', 1, 99), { action: 'write', resource: 'shared:a/b' })] }],
    ['a depth', shifty('depth', 0, 99)],
    ['an expiry', shifty('expiresInMs', 1, 10 ** 9)],
    ['a quota', shifty('quota', { maxTicks: 1 }, { maxTicks: 10 ** 9 })],
    ['a number of a quota', { quota: shifty('maxTicks', 1, 10 ** 9) }],
    ['an id', shifty('id', 'plain', 'x","kind":"EVIL')],
  ])('%s that changes after it was checked is the checked one', async (_name, options) => {
    const { result, tokens } = await delegating(options);
    expect(typeof result).toBe('string');
    for (const token of tokens as { grants: Grant[]; depth: number; notAfter: number; budget?: { maxTicks: number } }[]) {
      for (const { action, resource, limit } of token.grants) {
        expect([`call:open`, 'write:shared:a/b']).toContain(`${action}:${resource}`);
        expect(limit ?? 1).toBe(1);
      }
      expect([token.depth, token.budget?.maxTicks ?? 1]).toEqual([0, 1]);
      expect(token.notAfter).toBeLessThanOrEqual(1_790_000_060_000);
    }
  });

  test('what is used up, or over, is nobody\'s to give', async () => {
    const spender = defineAgent('spender', function* (ctx) {
      const codes: string[] = [];
      const attempt = function* (grant: Grant): Generator<Instruction, void> {
        try {
          yield* ctx.start(idle, null, { grants: [grant] });
          codes.push('given');
        } catch (error) {
          codes.push((error as OmniError).code);
        }
      };
      yield* attempt({ action: 'write', resource: 'shared:a/b', limit: 1 });
      yield* ctx.shared('a').set('b', 1, 0);
      yield* attempt({ action: 'write', resource: 'shared:a/b', limit: 1 });
      yield* attempt({ action: 'read', resource: 'shared:team/k', notAfter: 1_790_000_010_000 });
      yield* ctx.sleep(20_000);
      try {
        yield* ctx.shared('team').get('k');
      } catch (error) {
        codes.push((error as OmniError).code);
      }
      return codes;
    });
    const { kernel, until } = await boot({ agents: [spender, idle], tools });
    const handle = kernel.spawn(spender, null, { grants: held });
    expect(await until(handle.result())).toEqual(['given', 'PRIVILEGE_ESCALATION_ATTEMPT', 'given', 'PERMISSION_DENIED']);
  });
});

describe('INV-08: the delegation tree has no cycle, and one parent for each agent', () => {
  test.each(['yielder-1', 'idle-1', 'elder'])('an agent that is there (%s) can not be spawned again', async (id) => {
    instructions = [{ ...delegate, options: { id } }, { ...delegate, options: { id } }];
    const { kernel, until } = await boot({ agents: [yielder, idle] });
    kernel.spawn(idle, null);
    kernel.spawn(idle, null, { id: 'elder' });
    expect(await until(kernel.spawn(yielder, null, { grants: ['delegate:*'] }).result())).toEqual(Array(2).fill('AGENT_ALREADY_EXISTS'));
    expect(kernel.snapshot().agents.map((agent) => [agent.id, agent.parent])).toEqual([['idle-1', null], ['elder', null], ['yielder-1', null]]);
  });

  test('nor one that has ended', async () => {
    instructions = [{ ...delegate, options: { id: 'idle-1' } }];
    const { kernel, until } = await boot({ agents: [yielder, idle] });
    kernel.spawn(idle, null);
    kernel.revoke('idle-1', 'enough');
    expect(await until(kernel.spawn(yielder, null, { grants: ['delegate:*'] }).result())).toEqual(['AGENT_ALREADY_EXISTS']);
  });

  test('a tree of a thousand agents is ended from its leaves', async () => {
    const branch: AgentDefinition<number, null> = defineAgent('branch', function* (ctx, levels: number): Generator<Instruction, null> {
      for (let count = 0; levels > 0 && count < 10; count++) yield* ctx.start(branch, levels - 1, { depth: levels - 1, grants: ['delegate:branch'] });
      yield* ctx.receive();
      return null;
    });
    const { kernel, until, time, store } = await boot({ agents: [branch] });
    const root = kernel.spawn(branch, 3, { grants: ['delegate:branch'] });
    await time.settle();
    kernel.revoke(root.id, 'felled');
    await until(kernel.flush());
    const { agents } = kernel.snapshot();
    expect(agents).toHaveLength(1111);
    const place = new Map(ofKind(await entriesOf(store), 'TOKEN_REVOKED').map(({ agent, busSeq }) => [agent, busSeq]));
    for (const { id, parent } of agents) if (parent !== null) expect(place.get(id)).toBeLessThan(place.get(parent)!);
  });
});

describe('INV-13: no sub-agent runs without an active, unexpired, unrevoked token', () => {
  const busy = defineAgent('busy', function* (ctx) {
    for (let round = 0; ; round++) {
      yield* ctx.memory.set('round', round);
      yield* ctx.sleep(10);
    }
  });
  const boss = defineAgent('boss', function* (ctx, expiresInMs: number) {
    const child = yield* ctx.start(busy, null, { id: 'child', expiresInMs });
    try {
      yield* ctx.join(child);
    } catch (error) {
      return (error as OmniError).details?.['code'] ?? null;
    }
    return 'survived';
  });

  test('a token that is over ends its holder, between ticks and while it waits', async () => {
    const { kernel, until, store } = await boot({ agents: [boss, busy] });
    expect(await until(kernel.spawn(boss, 35, { grants: ['delegate:busy'] }).result())).toBe('TOKEN_INVALID');
    expect(kernel.agentSnapshot('child')).toMatchObject({ state: 'TERMINATED', isRevoked: true, memory: { round: 3 } });
    await until(kernel.flush());
    const entries = await entriesOf(store);
    const end = entries.findIndex(({ kind, agent }) => kind === 'TOKEN_REVOKED' && agent === 'child');
    expect(entries[end]?.time).toBe(1_790_000_000_036);
    expect(kindsOf(entries.slice(end).filter(({ agent }) => agent === 'child'))).toEqual(['TOKEN_REVOKED', 'AGENT_FAULTED', 'AGENT_TERMINATED']);
  });

  test('a token that is over before its holder ran at all lets it not run', async () => {
    const { kernel, rejection, time } = await boot({ agents: [busy] });
    const handle = kernel.spawn(busy, null, { expiresInMs: 0 });
    await time.advance(5);
    expect((await rejection(handle.result())).code).toBe('TOKEN_INVALID');
    expect(kernel.agentSnapshot(handle.id).memory).toEqual({ round: 0 });
  });

  test('a result that comes after the end of a token, and before the clock has struck, wakes nobody', async () => {
    const slow = defineTool({
      name: 'slow', description: 'takes eleven milliseconds', input: unchecked<object>(),
      run: async (): Promise<string> => {
        await time.sleep(11);
        return 'too late';
      },
    });
    const asker = defineAgent('asker', function* (ctx) {
      const said = yield* ctx.tool(slow, {});
      yield* ctx.memory.set('said', said);
    });
    const napper = defineAgent('napper', function* (ctx) {
      yield* ctx.sleep(5);
    });
    const { kernel, rejection, time } = await boot({ agents: [asker, napper], tools: [slow] });
    // The alarm is set for the nap first, and for the end of the token only after it: behind the timer of the tool.
    kernel.spawn(napper, null);
    const handle = kernel.spawn(asker, null, { grants: ['call:slow'], expiresInMs: 10 });
    expect(await rejection(handle.result())).toMatchObject({ code: 'TOKEN_INVALID', message: expect.stringContaining('it expired') });
    expect(kernel.agentSnapshot(handle.id).memory).toEqual({});
  });

  test('a child lives no longer than its delegator\'s token', async () => {
    const { kernel, time, rejection } = await boot({ agents: [boss, busy] });
    const handle = kernel.spawn(boss, 20, { grants: ['delegate:busy'], expiresInMs: 25 });
    await time.advance(100);
    expect(kernel.agent('child').state).toBe('TERMINATED');
    await rejection(handle.result()).catch(() => undefined);
    const late = kernel.spawn(boss, 30, { grants: ['delegate:busy'], expiresInMs: 25 });
    expect((await rejection(late.result())).code).toBe('PRIVILEGE_ESCALATION_ATTEMPT');
  });

  test('a revoked delegator takes all below it along before any further tick', async () => {
    const { kernel, time, until, store } = await boot({ agents: [boss, busy] });
    const handle = kernel.spawn(boss, 100_000, { grants: ['delegate:busy'] });
    await time.advance(25);
    kernel.revoke(handle.id, 'enough');
    const rounds = kernel.agentSnapshot('child').memory;
    await time.advance(1_000);
    expect(kernel.agentSnapshot('child')).toMatchObject({ state: 'TERMINATED', memory: rounds });
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'TOKEN_REVOKED').map(({ agent }) => agent)).toEqual(['child', 'boss-1']);
  });
});
