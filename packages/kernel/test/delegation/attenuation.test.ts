import { defineAgent, type Entry, type Grant, type GrantAction, type Instruction, type Quota } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holder, spawned } from '../permissions/holder.js';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';
import { attempt, type Attempted } from '../tools/run-program.js';

const START = 1_790_000_000_000;

const child = defineAgent('child', function* (ctx) {
  yield* ctx.sleep(1);
  return ctx.agent.id;
});

/** Has an agent with some token delegate something, and tells what came of it. */
async function delegate(held: { grants?: readonly (Grant | string)[]; depth?: number; expiresInMs?: number; quota?: Quota }, options: unknown) {
  const main = defineAgent('main', function* () {
    try {
      const value = (yield { op: 'DELEGATE', type: 'child', options } as Instruction) as string;
      return { ok: true, value } satisfies Attempted<string>;
    } catch (thrown) {
      const { code, failureClass, message, details = null } = thrown as Attempted & { ok: false };
      return { ok: false, code, failureClass, message, details } satisfies Attempted<string>;
    }
  });
  const { kernel, until, store } = await boot({ time: new VirtualTime({ start: START }), agents: [main, child] });
  const { grants = [], ...rest } = held;
  const handle = kernel.spawn(main, undefined, { ...rest, grants: [...grants, 'delegate:child'] });
  const outcome = await until(handle.result());
  await until(kernel.flush());
  const entries = await entriesOf(store);
  const granted = ofKind(entries, 'AGENT_SPAWNED').find(({ agent }) => agent === 'child-1')?.data.token;
  return { outcome, granted, entries };
}

/** What is recorded of an attempt to give more than one has. */
function expectRefused({ outcome, granted, entries }: Awaited<ReturnType<typeof delegate>>): void {
  expect(outcome).toMatchObject({ ok: false, code: 'PRIVILEGE_ESCALATION_ATTEMPT', failureClass: 'POLICY_VIOLATION' });
  expect(granted).toBeUndefined();
  expect(ofKind(entries, 'REFUSED').map(({ data }) => [data.op, data.error.code])).toEqual([['DELEGATE', 'PRIVILEGE_ESCALATION_ATTEMPT']]);
}

describe('a child gets', () => {
  it('nothing, unless it is named', async () => {
    const { granted } = await delegate({ grants: ['call:*'], quota: { maxTicks: 5 } }, {});
    expect(granted).toEqual({ grants: [], depth: 0 });
  });

  it.each<readonly [held: Grant | string, asked: Grant | string]>([
    ['call:*', 'call:echo'], ['call:*', 'call:*'], ['call:host.fs.*', 'call:host.fs.read'], ['write:shared:team/**', 'write:shared:team/a/b'],
    ['write:shared:team/**', 'write:shared:team/*'], [{ action: 'call', resource: '*', limit: 3 }, { action: 'call', resource: 'echo', limit: 3 }],
    [{ action: 'call', resource: '*', notAfter: START + 9 }, { action: 'call', resource: 'x', notAfter: START + 9 }],
  ])('of %j a part: %j', async (held, asked) => {
    const { outcome, granted } = await delegate({ grants: [held] }, { grants: [asked] });
    expect(outcome).toEqual({ ok: true, value: 'child-1' });
    expect(granted?.grants).toHaveLength(1);
  });

  it.each<readonly [held: Grant | string, asked: Grant | string]>([
    ['call:echo', 'call:*'], ['call:echo', 'call:echo2'], ['call:echo', 'read:echo'], ['call:host.*.read', 'call:host.*'],
    ['write:shared:team/*', 'write:shared:team/**'], ['write:shared:team/*', 'write:shared:*'], ['write:shared:team/*', 'write:*'],
    [{ action: 'call', resource: '*', limit: 3 }, 'call:echo'], [{ action: 'call', resource: '*', limit: 3 }, { action: 'call', resource: 'echo', limit: 4 }],
    [{ action: 'call', resource: '*', notAfter: START + 9 }, { action: 'call', resource: 'x', notAfter: START + 10 }],
  ])('of %j never more: %j', async (held, asked) => {
    expectRefused(await delegate({ grants: [held] }, { grants: [asked] }));
  });

  it('a grant that ends with the one that it is a part of', async () => {
    const { granted } = await delegate({ grants: [{ action: 'call', resource: 'host.*', notAfter: START + 9 }] }, { grants: ['call:host.fs', 'call:host.*'] });
    expect(granted?.grants.map(({ notAfter }) => notAfter)).toEqual([START + 9, START + 9]);
    const longest = await delegate({ grants: [{ action: 'call', resource: '*', notAfter: START + 5 }, { action: 'call', resource: 'h*', notAfter: START + 9 }] }, { grants: ['call:host'] });
    expect(longest.granted?.grants).toEqual([{ action: 'call', resource: 'host', notAfter: START + 9 }]);
    const endless = await delegate({ grants: [{ action: 'call', resource: '*', notAfter: START + 5 }, 'call:h*'] }, { grants: ['call:host'] });
    expect(endless.granted?.grants).toEqual([{ action: 'call', resource: 'host' }]);
  });

  it('uses out of those of its delegator, once', async () => {
    const held = { grants: [{ action: 'call', resource: '*', limit: 3 }] as const };
    const two = { action: 'call', resource: 'a', limit: 2 };
    expect((await delegate(held, { grants: [two, { ...two, limit: 1 }] })).outcome.ok).toBe(true);
    expectRefused(await delegate(held, { grants: [two, two] }));
  });

  it('no use of the very grant that its delegation uses up', async () => {
    const main = defineAgent('main', function* (ctx) {
      return yield* attempt(ctx.start(child, undefined, { depth: 1, grants: [{ action: 'delegate', resource: 'child', limit: 1 }] }));
    });
    const { kernel, until } = await boot({ agents: [main, child] });
    const handle = kernel.spawn(main, undefined, { grants: [{ action: 'delegate', resource: 'child', limit: 1 }] });
    expect(await until(handle.result())).toMatchObject({ ok: false, code: 'PRIVILEGE_ESCALATION_ATTEMPT' });
  });

  it('levels below it, one less than its delegator', async () => {
    expect((await delegate({ depth: 3 }, { depth: 2 })).granted?.depth).toBe(2);
    expectRefused(await delegate({ depth: 3 }, { depth: 3 }));
    expectRefused(await delegate({ depth: 0 }, { depth: 0 }));
  });

  it('no more time than its delegator has', async () => {
    expect((await delegate({ expiresInMs: 1_000 }, {})).granted?.notAfter).toBe(START + 1_000);
    expect((await delegate({ expiresInMs: 1_000 }, { expiresInMs: 1_000 })).granted?.notAfter).toBe(START + 1_000);
    expect((await delegate({}, { expiresInMs: 5 })).granted?.notAfter).toBe(START + 5);
    expectRefused(await delegate({ expiresInMs: 1_000 }, { expiresInMs: 1_001 }));
  });

  it('a budget out of that of its delegator', async () => {
    expect((await delegate({ quota: { maxTicks: 5 } }, { quota: { maxTicks: 5 } })).granted?.budget).toEqual({ maxTicks: 5 });
    expectRefused(await delegate({ quota: { maxTicks: 5 } }, { quota: { maxTicks: 6 } }));
    expectRefused(await delegate({ quota: { constructor: 5 } }, { quota: { constructor: 6 } }));
  });

  it('a quota in its identity that is the budget in its token', async () => {
    let reads = 0;
    const options = { get quota() { return { maxTicks: ++reads === 1 ? 1 : 1_000_000 }; } };
    const { entries } = await delegate({ quota: { maxTicks: 5 } }, options);
    for (const { data } of ofKind(entries, 'AGENT_SPAWNED')) expect(data.token.budget ?? {}).toEqual(data.quota);
  });

  it.each<readonly [what: string, options: unknown]>([
    ['a depth that is no number, under the name of a quota', { depth: 'x', quota: { depth: 1 } }],
    ['a depth that is NaN', { depth: NaN }],
    ['a negative depth', { depth: -1 }],
    ['half a level', { depth: 0.5 }],
    ['a time that is no number', { expiresInMs: 'soon', quota: { notAfter: 1 } }],
    ['a negative time', { expiresInMs: -1e15 }],
    ['an endless time', { expiresInMs: Infinity }],
    ['a negative budget', { quota: { maxTicks: -1 } }],
    ['a budget that is no number', { quota: { maxTicks: 'many' } }],
    ['a warning without an end', { quota: { maxTicks: { soft: 5 } } }],
    ['an end that is no number', { quota: { maxTicks: { hard: 'soon' } } }],
    ['a warning that is no number', { quota: { maxTicks: { hard: 5, soft: 'sooner' } } }],
    ['a budget that is a list', { quota: [5] }],
    ['a budget that is a number', { quota: 5 }],
    ['more limits than anybody can have', { quota: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`limit${String(index)}`, 1])) }],
    ['more grants than anybody can look at', { grants: new Array(1_001).fill('call:x') }],
    ['grants that are none', { grants: 'call:*' }],
    ['a grant that is none', { grants: [null] }],
    ['a grant of an unknown action', { grants: [{ action: 'sudo', resource: '*' }] }],
    ['a grant with a character in which patterns think', { grants: ['call:\u0001'] }],
    ['an id that is a number', { id: 5 }],
    ['an id that is a list', { id: ['x'] }],
    ['an id with a space', { id: 'a b' }],
    ['metadata that are not JSON', { metadata: { at: new Date(0) } }],
    ['options that are a text', 'all of them'],
  ])('nothing for %s', async (_what, options) => {
    const { outcome, granted, entries } = await delegate({ grants: ['call:*'], quota: { maxTicks: 9 } }, options);
    if (typeof options === 'string') return;
    expect(outcome.ok).toBe(false);
    expect(granted).toBeUndefined();
    expect(ofKind(entries, 'REFUSED')).toHaveLength(1);
  });
});

describe('whatever is asked for', () => {
  const action = fc.constantFrom<GrantAction>('call', 'read', 'delegate');
  const resource = fc.constantFrom('a', 'b', 'a/b', '*', '**', 'a*', '*b', 'a/*', 'a/**', '**/b', 'child');
  const notAfter = fc.integer({ min: START - 1, max: START + 3 });
  const grant: fc.Arbitrary<Grant> = fc.record({ action, resource, notAfter, limit: fc.nat(3) }, { requiredKeys: ['action', 'resource'] });
  const quota = fc.record({ a: fc.nat(3), b: fc.nat(3) }, { requiredKeys: [] });
  const token = fc.record({ grants: fc.array(grant, { minLength: 1, maxLength: 4 }), depth: fc.nat(3), expiresInMs: fc.nat(3), quota }, { requiredKeys: ['grants'] });
  /** What the delegator has, changed in some ways: nearer to what it may give than pure chance. */
  const change = fc.record({ index: fc.nat(3), action, resource, notAfter, limit: fc.nat(2) }, { requiredKeys: ['index'] });
  const request = fc.record({ changes: fc.array(change, { maxLength: 2 }), depth: fc.nat(1), expiresInMs: fc.nat(2), quota }, { requiredKeys: ['changes'] });

  it('a child may never do what its delegator may not, at any time, nor more often, nor spend more', async () => {
    let grantedCount = 0;
    await fc.assert(fc.asyncProperty(token, request, async (held, { changes, ...rest }) => {
      const asked = { ...rest, grants: changes.map(({ index, ...changed }) => ({ ...held.grants[index % held.grants.length], ...changed })) };
      const { granted, outcome, entries } = await delegate(held, asked);
      if (!outcome.ok) {
        expect(['PRIVILEGE_ESCALATION_ATTEMPT', 'PERMISSION_DENIED']).toContain(outcome.code);
        expect(ofKind(entries, 'REFUSED')).toHaveLength(1);
        expect(granted).toBeUndefined();
        return;
      }
      grantedCount++;
      const [above] = ofKind(entries, 'AGENT_SPAWNED');
      const parentToken = above!.data.token;
      const parent = holder(parentToken);
      const descendant = holder(granted!);
      for (const one of ['call', 'read', 'delegate'] as const) {
        for (const place of ['a', 'b', 'a/b', 'ab', 'x/b', 'x', 'child', 'a/a/b']) {
          for (let now = START - 1; now <= START + 4; now++) {
            if (descendant.may(one, place, now).startsWith('ALLOW')) expect(parent.may(one, place, now)).toMatch(/^ALLOW/);
          }
        }
      }
      expect(granted!.depth).toBeLessThan(parentToken.depth);
      for (const [name, amount] of Object.entries(granted!.budget ?? {})) expect(amount).toBeLessThanOrEqual((parentToken.budget?.[name] ?? Infinity) as number);
    }), { numRuns: 400 });
    expect(grantedCount).toBeGreaterThan(20);
  });

  it('all descendants together never use a limited grant more often than it says', () => {
    const handOut = fc.record({ parent: fc.nat(3), limit: fc.nat(3) });
    fc.assert(fc.property(fc.nat(5), fc.array(handOut, { maxLength: 6 }), (limit, requests) => {
      const { model } = holder({ grants: [{ action: 'call', resource: 'x', limit }] });
      const ids = ['holder'];
      for (const { parent: index, limit: asked } of requests) {
        const parent = ids[index % ids.length]!;
        const wanted = { grants: [{ action: 'call', resource: 'x', limit: asked }] as const, depth: 0 };
        const { depth } = model.tokenOf(parent);
        const tokenOfChild = { ...wanted, depth: Math.max(0, depth - 1) };
        if (model.escalationIn(parent, tokenOfChild, { decision: 'ALLOW', by: 'policy p' }) !== undefined) continue;
        ids.push(`child-${String(ids.length)}`);
        model.apply(spawned(ids.at(-1)!, parent, tokenOfChild));
      }
      let uses = 0;
      for (const id of ids) {
        for (;;) {
          const { record } = model.evaluate(id, { action: 'call', resource: 'x', now: 0 });
          if (record.decision !== 'ALLOW') break;
          uses++;
          model.apply(used(id, record));
        }
      }
      expect(uses).toBeLessThanOrEqual(limit);
    }));
  });
});

/** The entry of a tool call that a permission allowed. */
function used(agent: string, permission: { readonly decision: 'ALLOW' | 'DENY' | 'ESCALATE'; readonly by: string }): Entry {
  const entry = spawned(agent, null, {});
  return { ...entry, kind: 'TOOL_CALLED', agent, data: { tick: 1, call: 0, tool: 'x', args: {}, permission } };
}

describe('a budget', () => {
  it('that is handed out can not be handed out again, not even when the child has ended', async () => {
    const main = defineAgent('main', function* (ctx) {
      const outcomes = [];
      for (const maxTicks of [6, 5, 4, 1]) outcomes.push(yield* attempt(ctx.delegate(child, undefined, { quota: { maxTicks } })));
      return outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.code));
    });
    const { kernel, until } = await boot({ agents: [main, child] });
    const handle = kernel.spawn(main, undefined, { grants: ['delegate:*'], quota: { maxTicks: 10 } });
    expect(await until(handle.result())).toEqual(['child-1', 'PRIVILEGE_ESCALATION_ATTEMPT', 'child-2', 'PRIVILEGE_ESCALATION_ATTEMPT']);
  });

  it('can not be spent twice by two delegations at once', async () => {
    const main = defineAgent('main', function* (ctx) {
      const options = { quota: { maxTicks: 6 } };
      const settled = yield* ctx.allSettled([ctx.start(child, undefined, options), ctx.start(child, undefined, options)]);
      return settled.map(({ status }) => status);
    });
    const { kernel, until, store } = await boot({ agents: [main, child] });
    const handle = kernel.spawn(main, undefined, { grants: ['delegate:*'], quota: { maxTicks: 10 } });
    expect(await until(handle.result())).toEqual(['fulfilled', 'rejected']);
    expect(kindsOf(await entriesOf(store)).filter((kind) => kind === 'AGENT_SPAWNED')).toHaveLength(2);
  });
});

describe('an option that there is none of', () => {
  const message = 'There is no option "notAfter" for a new agent. Options: grants, depth, expiresInMs, quota, id, metadata';

  it('is refused where an operator spawns an agent', async () => {
    const { kernel } = await boot({ agents: [child] });
    const count = kernel.entryCount;
    const spawnWith = (options: object) => (): void => { kernel.spawn(child, undefined, options); };
    expect(spawnWith({ notAfter: 5 })).toThrow(new TypeError(`${message}.`));
    expect(kernel.entryCount).toBe(count);
    expect(spawnWith({ notAfter: undefined, expiresInMs: 5 })).not.toThrow();
  });

  it('is refused where an agent delegates', async () => {
    const { outcome, granted } = await delegate({}, { notAfter: 5 });
    expect(outcome).toMatchObject({ ok: false, message: expect.stringContaining(`${message}, monitor.`) as string });
    expect(granted).toBeUndefined();
  });
});
