import { parseGrant, PermissionModel, type Grant, type GrantAction, type Policy } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, ofKind, rejectionOf } from '../support/index.js';
import { attempt, runProgram } from '../tools/run-program.js';
import { holder, spawned } from './holder.js';

const policy = (name: string, effect: Policy['effect'], resource: string, rest: Partial<Policy> = {}): Policy => ({
  name, effect, action: 'call', resource, ...rest,
});

describe('a grant as text', () => {
  it.each([
    ['call:host.fs.*', { action: 'call', resource: 'host.fs.*' }],
    ['read:shared:team/**', { action: 'read', resource: 'shared:team/**' }],
    ['send:*', { action: 'send', resource: '*' }],
  ] as const)('%s is read', (text, grant) => {
    expect(parseGrant(text)).toEqual(grant);
  });

  it.each(['', ':', 'call', 'call:', ':x', 'CALL:x', 'run:x', 'call :x', 'toString:x', '__proto__:x', '*:x'])('%j is none', (text) => {
    expect(() => parseGrant(text)).toThrow(TypeError);
  });

  it.each<readonly [what: string, grant: unknown]>([
    ['an unknown action', { action: 'run', resource: 'x' }],
    ['an action with more in it', { action: 'call:x', resource: 'y' }],
    ['a list as resource', { action: 'call', resource: ['*'] }],
    ['an object as resource', { action: 'call', resource: { toString: () => '*' } }],
    ['no resource', { action: 'call' }],
    ['a negative limit', { action: 'call', resource: 'x', limit: -1 }],
    ['half a use', { action: 'call', resource: 'x', limit: 0.5 }],
    ['an end that is no number', { action: 'call', resource: 'x', notAfter: NaN }],
    ['an end as text', { action: 'call', resource: 'x', notAfter: '2030' }],
    ['nothing', null],
    ['a number', 5],
  ])('or as an object: %s is refused when an agent is spawned', async (_what, grant) => {
    await expect(runProgram(function* () { return null; }, { grants: [grant as Grant] })).rejects.toThrow(TypeError);
  });
});

describe('what an agent may do', () => {
  it('is nothing, unless somebody granted it', () => {
    const { may } = holder({ grants: [] });
    for (const action of ['call', 'read', 'write', 'delegate', 'send'] as const) expect(may(action, 'x')).toBe('DENY by default');
  });

  it('is one action, not another', () => {
    const { may } = holder({ grants: [{ action: 'read', resource: '**' }] });
    expect(may('read', 'shared:a/b')).toBe('ALLOW by grant 0 read:**');
    expect(may('write', 'shared:a/b')).toBe('DENY by default');
  });

  it('is nothing at all for an agent that nobody spawned', () => {
    const { model } = holder({ grants: [{ action: 'call', resource: '*' }] });
    expect(model.evaluate('nobody', { action: 'call', resource: 'x', now: 0 }).record).toEqual({ decision: 'DENY', by: 'token' });
  });

  it('ends with the grant, to the millisecond, and the next grant counts', () => {
    const { may } = holder({ grants: [{ action: 'call', resource: '*', notAfter: 100 }, { action: 'call', resource: 'echo', notAfter: 200 }] });
    expect(may('call', 'echo', 100)).toBe('ALLOW by grant 0 call:*');
    expect(may('call', 'echo', 101)).toBe('ALLOW by grant 1 call:echo');
    expect(may('call', 'other', 101)).toBe('DENY by default');
    expect(may('call', 'echo', 201)).toBe('DENY by default');
  });

  it('ends with the token, whatever the grants say', () => {
    const { may, model } = holder({ notAfter: 100, grants: [{ action: 'call', resource: '*' }] });
    expect(may('call', 'echo', 100)).toMatch(/^ALLOW/);
    expect(may('call', 'echo', 101)).toBe('DENY by token');
    model.apply({ ...spawned('holder', null, {}), kind: 'TOKEN_REVOKED', data: { reason: 'enough' } });
    expect(may('call', 'echo', 0)).toBe('DENY by token');
  });
});

describe('policies', () => {
  it('go before grants: a deny cannot be granted away, an allow needs no grant', () => {
    const policies = [policy('no shells', 'DENY', '*shell*'), policy('clock for all', 'ALLOW', 'clock')];
    const { may } = holder({ grants: [{ action: 'call', resource: '*' }] }, policies);
    expect(may('call', 'powershell')).toBe('DENY by policy no shells');
    expect(may('call', 'echo')).toBe('ALLOW by grant 0 call:*');
    expect(holder({}, policies).may('call', 'clock')).toBe('ALLOW by policy clock for all');
    expect(holder({}, policies).may('call', 'echo')).toBe('DENY by default');
  });

  it('rank deny over escalate over allow, in whatever order they stand', () => {
    const all = [policy('a', 'ALLOW', 'x*'), policy('e', 'ESCALATE', 'x*'), policy('d', 'DENY', 'xx')];
    for (const policies of [all, [...all].reverse()]) {
      const { may } = holder({ grants: [{ action: 'call', resource: '*' }] }, policies);
      expect(may('call', 'xx')).toBe('DENY by policy d');
      expect(may('call', 'xy')).toBe('ESCALATE by policy e');
    }
    expect(holder({}, [all[0]!]).may('call', 'xx')).toBe('ALLOW by policy a');
  });

  it('may be for some types of agent, and for every action', () => {
    const policies = [policy('interns', 'DENY', '**', { action: '*', agentType: 'intern*' })];
    const grants: readonly Grant[] = [{ action: 'call', resource: '*' }, { action: 'send', resource: '*' }];
    for (const action of ['call', 'send'] as const) {
      expect(holder({ grants }, policies, 'intern-2').may(action, 'x')).toBe('DENY by policy interns');
      expect(holder({ grants }, policies, 'clerk').may(action, 'x')).toMatch(/^ALLOW/);
    }
  });

  it.each<readonly [what: string, wrong: Partial<Record<keyof Policy, unknown>>]>([
    ['effect', { effect: 'PERMIT' }],
    ['action', { action: 'run' }],
    ['action from the prototype', { action: 'toString' }],
    ['resource', { resource: '' }],
    ['resource under every action', { action: '*', resource: ['*'] }],
    ['resource with a control character', { resource: 'a\u0001' }],
    ['agentType', { agentType: 7 }],
    ['approver', { approver: 'everybody' }],
    ['timeoutMs', { timeoutMs: NaN }],
    ['negative timeoutMs', { timeoutMs: -5 }],
    ['endless timeoutMs', { timeoutMs: Infinity }],
  ])('with an unusable %s are refused at boot', async (_what, wrong) => {
    const policies = [{ ...policy('p', 'DENY', 'x'), ...wrong } as Policy];
    expect(() => new PermissionModel(policies)).toThrow(TypeError);
    expect(await rejectionOf(boot({ policies }))).toBeInstanceOf(TypeError);
  });

  const effects = fc.constantFrom<Policy['effect']>('DENY', 'ESCALATE', 'ALLOW');
  const patterns = fc.constantFrom('x', 'y', '*', 'x*', '**');
  const actions = fc.constantFrom<GrantAction>('call', 'send');

  it('decide as the rule says, for all of them', () => {
    const anyPolicy = fc.record({ name: fc.constantFrom('p', 'q'), effect: effects, action: fc.constantFrom<Policy['action']>('call', 'send', '*'), resource: patterns });
    const anyGrant = fc.record({ action: actions, resource: patterns });
    fc.assert(fc.property(fc.array(anyPolicy, { maxLength: 4 }), fc.array(anyGrant, { maxLength: 3 }), actions, fc.constantFrom('x', 'y'), (policies, grants, action, resource) => {
      const fits = (one: { action: string; resource: string }): boolean =>
        (one.action === '*' || one.action === action) && (one.resource.includes('*') ? one.resource !== 'x*' || resource === 'x' : one.resource === resource);
      const effectsHere = policies.filter(fits).map(({ effect }) => effect);
      const expected = effectsHere.includes('DENY') ? 'DENY'
        : effectsHere.includes('ESCALATE') ? 'ESCALATE'
        : effectsHere.includes('ALLOW') || grants.some(fits) ? 'ALLOW' : 'DENY';
      expect(holder({ grants }, policies).may(action, resource).split(' ')[0]).toBe(expected);
    }), { numRuns: 1_000 });
  });
});

describe('every decision is in the log', () => {
  it('with the grant or the policy that made it', async () => {
    const { entries } = await runProgram(
      function* (ctx) {
        yield* ctx.shared('team').set('plan', 'x', 0);
        yield* ctx.shared('team').get('plan');
        yield* ctx.send(ctx.agent.id, 'note');
        yield* attempt(ctx.shared('team').get('salaries'));
        yield* attempt(ctx.shared('other').get('plan'));
      },
      {
        grants: ['read:shared:team/*', 'write:shared:team/plan', 'send:main-1'],
        policies: [policy('privacy', 'DENY', 'shared:*/salaries', { action: 'read' })],
      },
    );
    const by = (data: object): unknown => (data as { permission: { by: string } }).permission.by;
    expect([...ofKind(entries, 'SHARED_WRITTEN'), ...ofKind(entries, 'SHARED_READ'), ...ofKind(entries, 'MESSAGE_SENT')].map(({ data }) => by(data))).toEqual([
      'grant 1 write:shared:team/plan', 'grant 0 read:shared:team/*', 'grant 2 send:main-1',
    ]);
    expect(ofKind(entries, 'REFUSED').map(({ data }) => by(data.error.details as object))).toEqual(['policy privacy', 'default']);
  });
});

describe('a grant that ends', () => {
  it('at a time denies from the next millisecond on', async () => {
    const time = new VirtualTime();
    const { value } = await runProgram(
      function* (ctx) {
        const shared = ctx.shared('team');
        const before = yield* attempt(shared.get('plan'));
        yield* ctx.sleep(1_000);
        const atTheEnd = yield* attempt(shared.get('plan'));
        yield* ctx.sleep(1);
        return [before.ok, atTheEnd.ok, yield* attempt(shared.get('plan'))] as const;
      },
      { time, grants: [{ action: 'read', resource: 'shared:team/plan', notAfter: time.now + 1_000 }] },
    );
    expect(value).toMatchObject([true, true, { ok: false, code: 'PERMISSION_DENIED' }]);
  });

  it('after some uses counts those that happened, not those that were refused', async () => {
    const { value } = await runProgram(
      function* (ctx) {
        const shared = ctx.shared('team');
        const stale = yield* attempt(shared.set('plan', 'x', 7));
        const unfit = yield* attempt(shared.set('plan', NaN, 0));
        const writes = [yield* attempt(shared.set('plan', 'a', 0)), yield* attempt(shared.set('plan', 'b', 1)), yield* attempt(shared.set('plan', 'c', 2))];
        return [stale, unfit, ...writes].map((one) => (one.ok ? one.value : one.code));
      },
      { grants: [{ action: 'write', resource: 'shared:team/plan', limit: 2 }] },
    );
    expect(value).toEqual(['WRITE_CONFLICT', 'SERIALIZATION_ERROR', 1, 2, 'PERMISSION_DENIED']);
  });

  it('after some uses falls back on the next grant, and parallel uses count one by one', async () => {
    const { value, store } = await runProgram(
      function* (ctx) {
        const reads = [1, 2, 3, 4, 5].map(() => ctx.shared('team').get('plan'));
        return (yield* ctx.allSettled(reads)).map(({ status }) => status);
      },
      { grants: [{ action: 'read', resource: 'shared:team/plan', limit: 2 }, { action: 'read', resource: 'shared:**', limit: 1 }] },
    );
    expect(value).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    const decidedBy = ofKind(await entriesOf(store), 'SHARED_READ').map(({ data }) => data.permission.by.slice(0, 7));
    expect(decidedBy).toEqual(['grant 0', 'grant 0', 'grant 1']);
  });

  it('after no use at all denies at once', async () => {
    const { value } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.shared('team').get('plan'));
      },
      { grants: [{ action: 'read', resource: '**', limit: 0 }] },
    );
    expect(value).toMatchObject({ ok: false, code: 'PERMISSION_DENIED' });
  });
});
