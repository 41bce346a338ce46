import { defineAgent, defineTool, inspect, unchecked, type AgentContext, type Operation, type Policy } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';
import { attempt, codeOf } from '../tools/run-program.js';

const echo = defineTool({ name: 'echo', description: '', input: unchecked<{ text: string }>(), run: ({ text }) => text });
const helper = defineAgent('helper', function* (_ctx, input: string) {
  return `helped with ${input}`;
});
/** Receives one message and ends with it. */
const listener = defineAgent('listener', function* (ctx) {
  return (yield* ctx.receive()).body;
});

const ask = (rest: Partial<Policy> = {}): Policy => ({ name: 'ask', effect: 'ESCALATE', action: '*', resource: '**', agentType: 'main', ...rest });

/** A main agent that tries one operation, which a policy asks about. */
async function asking(make: (ctx: AgentContext) => Operation<unknown>, { policies = [ask()], time = new VirtualTime() }: { policies?: readonly Policy[]; time?: VirtualTime } = {}) {
  const main = defineAgent('main', function* (ctx) {
    const outcome = yield* attempt(make(ctx));
    return outcome;
  });
  const booted = await boot({ time, agents: [main, helper, listener], tools: [echo], policies });
  booted.kernel.spawn(listener, undefined, { id: 'listener' });
  const handle = booted.kernel.spawn(main, undefined);
  return { ...booted, handle };
}

const operations: readonly (readonly [what: string, make: (ctx: AgentContext) => Operation<unknown>, want: string, result: unknown])[] = [
  ['a tool call', (ctx) => ctx.tool(echo, { text: 'hi' }), 'call echo', 'hi'],
  ['a shared write', (ctx) => ctx.shared('team').set('plan', 'a', 0), 'write shared:team/plan', 1],
  ['a shared read', (ctx) => ctx.shared('team').get('plan'), 'read shared:team/plan', { version: 0 }],
  ['a delegation', (ctx) => ctx.delegate(helper, 'x'), 'delegate helper', 'helped with x'],
  ['a start', (ctx) => ctx.start(helper, 'x'), 'delegate helper', { agent: 'helper-1' }],
  ['a message', (ctx) => ctx.send('listener', 'psst'), 'send listener', null],
];

describe('an escalated action', () => {
  it.each(operations)('waits for an operator, who approves: %s', async (_what, make, want, result) => {
    const { kernel, handle, until, store } = await asking(make);
    expect(handle.state).toBe('WAITING');
    const [approval, ...others] = kernel.approvals();
    expect(others).toEqual([]);
    expect(`${approval!.action} ${approval!.resource}`).toBe(want);
    expect(approval).toMatchObject({ agent: 'main-1', tick: 1, call: 0, approver: 'operator' });

    kernel.decide(approval!.id, { approved: true, reason: 'fine by me' }, 'alice');
    expect(await until(handle.result())).toEqual({ ok: true, value: result });
    expect(kernel.approvals()).toEqual([]);
    const entries = await entriesOf(store);
    expect(ofKind(entries, 'APPROVAL_DECIDED')[0]!.data).toMatchObject({ approval: approval!.id, approved: true, by: 'alice', reason: 'fine by me' });
    const actions = entries.filter(({ data }) => (data as { permission?: { by: string } }).permission?.by === `approval ${String(approval!.id)}`);
    const delegated = ofKind(entries, 'AGENT_SPAWNED').filter(({ data }) => data.delegation?.permission.by === `approval ${String(approval!.id)}`);
    expect([...actions, ...delegated]).toHaveLength(1);
  });

  it.each(operations)('waits for an operator, who does not: %s', async (_what, make) => {
    const { kernel, handle, until, store } = await asking(make);
    kernel.decide(kernel.approvals()[0]!.id, { approved: false, reason: 'not today' }, 'bob');
    expect(await until(handle.result())).toMatchObject({
      ok: false, code: 'APPROVAL_DENIED', failureClass: 'POLICY_VIOLATION', details: { by: 'bob', reason: 'not today' },
      message: expect.stringContaining('not today'),
    });
    const kinds = kindsOf(await entriesOf(store));
    for (const kind of ['TOOL_CALLED', 'SHARED_WRITTEN', 'SHARED_READ', 'MESSAGE_SENT'] as const) expect(kinds).not.toContain(kind);
    expect(kernel.snapshot().agents.map(({ type }) => type)).not.toContain('helper');
  });

  it('that nobody answers is denied when its time is up, to the millisecond', async () => {
    const time = new VirtualTime();
    const { handle, until, kernel, store } = await asking((ctx) => ctx.tool(echo, { text: 'hi' }), { time, policies: [ask({ timeoutMs: 5_000 })] });
    const { deadline, id } = kernel.approvals()[0]!;
    expect(deadline - time.now).toBe(5_000);
    await time.advance(4_999);
    expect(handle.state).toBe('WAITING');
    await time.advance(1);
    expect(await until(handle.result())).toMatchObject({ ok: false, code: 'APPROVAL_DENIED', message: expect.stringContaining('no answer in time') });
    expect(ofKind(await entriesOf(store), 'APPROVAL_DECIDED').map(({ data }) => data.by)).toEqual(['timeout']);
    expect(() => { kernel.decide(id, { approved: true }); }).toThrow(expect.objectContaining({ code: 'APPROVAL_NOT_FOUND' }));
  });

  it('waits a quarter of an hour unless its policy says otherwise', async () => {
    const { kernel, time } = await asking((ctx) => ctx.tool(echo, { text: 'hi' }));
    expect(kernel.approvals()[0]!.deadline - time.now).toBe(15 * 60_000);
  });

  it('is there for everybody who looks at the log', async () => {
    const { kernel, store, until } = await asking((ctx) => ctx.tool(echo, { text: 'hi' }));
    await until(kernel.flush());
    const { agents } = await inspect(store);
    expect(agents.find(({ id }) => id === 'main-1')).toMatchObject({ state: 'WAITING', waitingFor: [{ kind: 'APPROVAL', tick: 1, call: 0, since: kernel.approvals()[0]!.id }] });
  });

  it('is forgotten with its agent', async () => {
    const { kernel, handle } = await asking((ctx) => ctx.tool(echo, { text: 'hi' }));
    const { id } = kernel.approvals()[0]!;
    kernel.revoke(handle.id, 'enough');
    expect(kernel.approvals()).toEqual([]);
    expect(() => { kernel.decide(id, { approved: true }); }).toThrow(expect.objectContaining({ code: 'APPROVAL_NOT_FOUND' }));
  });

  it('may be one of several, each decided for itself', async () => {
    const main = defineAgent('main', function* (ctx) {
      const settled = yield* ctx.allSettled([ctx.tool(echo, { text: 'a' }), ctx.tool(echo, { text: 'b' }), ctx.sleep(1)]);
      return settled.map((one) => (one.status === 'fulfilled' ? one.value ?? null : codeOf(one.reason)));
    });
    const { kernel, until } = await boot({ agents: [main], tools: [echo], policies: [ask()] });
    const handle = kernel.spawn(main, undefined);
    const [first, second] = kernel.approvals();
    kernel.decide(second!.id, { approved: true });
    kernel.decide(first!.id, { approved: false });
    expect(await until(handle.result())).toEqual(['APPROVAL_DENIED', 'b', null]);
  });
});

describe('an approval', () => {
  it('does not help against a deny that stands by then', async () => {
    const time = new VirtualTime();
    const main = defineAgent('main', function* (ctx) {
      return yield* attempt(ctx.tool(echo, { text: 'hi' }));
    });
    const { kernel, until } = await boot({ time, agents: [main], tools: [echo], policies: [ask({ timeoutMs: 10_000 })] });
    // The token ends while the question is open, and with it the agent.
    const handle = kernel.spawn(main, undefined, { expiresInMs: 1_000 });
    const { id } = kernel.approvals()[0]!;
    await time.advance(1_001);
    expect(() => { kernel.decide(id, { approved: true }); }).toThrow(expect.objectContaining({ code: 'APPROVAL_NOT_FOUND' }));
    await expect(until(handle.result())).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('does not replace the checks that come after: versions, mailboxes, subsets', async () => {
    const cases: readonly (readonly [(ctx: AgentContext) => Operation<unknown>, string])[] = [
      [(ctx) => ctx.shared('team').set('plan', 'x', 3), 'WRITE_CONFLICT'],
      [(ctx) => ctx.send('nobody', 'x'), 'DEAD_LETTER'],
      [(ctx) => ctx.delegate(helper, 'x', { grants: ['call:echo'] }), 'PRIVILEGE_ESCALATION_ATTEMPT'],
    ];
    for (const [make, code] of cases) {
      const { kernel, handle, until } = await asking(make);
      kernel.decide(kernel.approvals()[0]!.id, { approved: true });
      expect(await until(handle.result())).toMatchObject({ ok: false, code });
    }
  });

  it('for one call says nothing of the next', async () => {
    const { kernel, until, time } = await asking((ctx) => ctx.tool(echo, { text: 'first' }));
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    await time.settle();
    const twice = defineAgent('main', function* (ctx) {
      yield* ctx.tool(echo, { text: 'first' });
      return yield* attempt(ctx.tool(echo, { text: 'second' }));
    });
    const other = await boot({ agents: [twice], tools: [echo], policies: [ask({ timeoutMs: 100 })] });
    const handle = other.kernel.spawn(twice, undefined);
    other.kernel.decide(other.kernel.approvals()[0]!.id, { approved: true });
    expect(await other.until(handle.result())).toMatchObject({ ok: false, code: 'APPROVAL_DENIED' });
    await until(kernel.flush());
  });

  it('can not be decided twice, nor by a number that is none', async () => {
    const { kernel } = await asking((ctx) => ctx.tool(echo, { text: 'hi' }));
    const { id } = kernel.approvals()[0]!;
    kernel.decide(id, { approved: true });
    for (const wrong of [id, 0, -1, 1e9, NaN]) {
      expect(() => { kernel.decide(wrong, { approved: true }); }).toThrow(expect.objectContaining({ code: 'APPROVAL_NOT_FOUND' }));
    }
  });
});

/** What a parent gets on the channel `approval`. */
type Request = { readonly approval: number; readonly agent: string; readonly action: string; readonly resource: string };

describe('a parent as approver', () => {
  const policies = [ask({ agentType: 'child', action: 'call', approver: 'parent', timeoutMs: 60_000 })];
  const child = defineAgent('child', function* (ctx) {
    return yield* attempt(ctx.tool(echo, { text: 'from the child' }));
  });

  it('is told by a message, decides, and joins', async () => {
    for (const approved of [true, false]) {
      const parent = defineAgent('parent', function* (ctx) {
        const started = yield* ctx.start(child, undefined, { grants: ['call:echo'] });
        const { body } = yield* ctx.receive<Request>({ channel: 'approval', from: started.agent });
        yield* ctx.decide(body.approval, approved, 'I know it');
        return { request: body, result: yield* ctx.join(started) };
      });
      const { kernel, until, store } = await boot({ agents: [parent, child], tools: [echo], policies });
      const handle = kernel.spawn(parent, undefined, { grants: ['delegate:child', 'call:echo'] });
      const result = await until(handle.result());
      expect(result).toMatchObject({ request: { agent: 'child-1', action: 'call', resource: 'echo' } });
      expect(result).toMatchObject({ result: approved ? { ok: true, value: 'from the child' } : { ok: false, code: 'APPROVAL_DENIED' } });
      expect(ofKind(await entriesOf(store), 'APPROVAL_DECIDED').map(({ data }) => [data.by, data.reason])).toEqual([['parent-1', 'I know it']]);
    }
  });

  it('decides once', async () => {
    const parent = defineAgent('parent', function* (ctx) {
      const started = yield* ctx.start(child, undefined, { grants: ['call:echo'] });
      const { body } = yield* ctx.receive<Request>({ channel: 'approval' });
      yield* ctx.decide(body.approval, false);
      const again = yield* attempt(ctx.decide(body.approval, true));
      return { again, result: yield* ctx.join(started) };
    });
    const { kernel, until } = await boot({ agents: [parent, child], tools: [echo], policies });
    const handle = kernel.spawn(parent, undefined, { grants: ['delegate:child', 'call:echo'] });
    expect(await until(handle.result())).toMatchObject({ again: { ok: false, code: 'APPROVAL_NOT_FOUND' }, result: { ok: false, code: 'APPROVAL_DENIED' } });
  });

  it('is the only agent that may decide: no stranger, no grandparent, no child for itself', async () => {
    const meddler = defineAgent('meddler', function* (ctx) {
      const { body } = yield* ctx.receive<number>();
      return yield* attempt(ctx.decide(body, true));
    });
    const selfish = defineAgent('child', function* (ctx) {
      // Both in one tick: it asks, and would answer itself.
      const guess = ctx.agent.metadata['guess'] as number;
      const [called, decided] = yield* ctx.allSettled([ctx.tool(echo, { text: 'x' }), ctx.decide(guess, true)]);
      return { called: called.status, decided: decided.status === 'rejected' ? codeOf(decided.reason) : 'decided' };
    });
    const parent = defineAgent('parent', function* (ctx, guess: number) {
      const started = yield* ctx.start(selfish, undefined, { grants: ['call:echo'], metadata: { guess } });
      yield* ctx.sleep(1_000);
      return yield* ctx.join(started);
    });
    const run = async (guess: number) => {
      const { kernel, until } = await boot({ agents: [parent, selfish, meddler], tools: [echo], policies });
      const spectator = kernel.spawn(meddler, undefined);
      const handle = kernel.spawn(parent, guess, { grants: ['delegate:child', 'call:echo'] });
      const { id } = kernel.approvals()[0]!;
      kernel.send(spectator.id, id);
      expect(await until(spectator.result())).toMatchObject({ ok: false, code: 'PERMISSION_DENIED' });
      expect(kernel.approvals()).toHaveLength(1);
      kernel.decide(id, { approved: true });
      return { id, result: await until(handle.result()) };
    };
    // The request is named by the position of its entry, which is the same in each run.
    const { id } = await run(0);
    expect(await run(id)).toEqual({ id, result: { called: 'fulfilled', decided: 'PERMISSION_DENIED' } });
  });

  it('shares the right to decide with an operator', async () => {
    const parent = defineAgent('parent', function* (ctx) {
      const started = yield* ctx.start(child, undefined, { grants: ['call:echo'] });
      yield* ctx.sleep(1_000);
      const { body } = yield* ctx.receive<Request>({ channel: 'approval' });
      return { decided: yield* attempt(ctx.decide(body.approval, true)), result: yield* ctx.join(started) };
    });
    const { kernel, until } = await boot({ agents: [parent, child], tools: [echo], policies });
    const handle = kernel.spawn(parent, undefined, { grants: ['delegate:child', 'call:echo'] });
    kernel.decide(kernel.approvals()[0]!.id, { approved: false, reason: 'the operator was first' });
    expect(await until(handle.result())).toMatchObject({
      decided: { ok: false, code: 'APPROVAL_NOT_FOUND' }, result: { ok: false, message: expect.stringContaining('the operator was first') },
    });
  });

  it('is an operator for an agent that has no parent', async () => {
    const { kernel, until } = await boot({ agents: [child], tools: [echo], policies });
    const handle = kernel.spawn(child, undefined, { grants: ['call:echo'] });
    expect(kernel.approvals()).toMatchObject([{ approver: 'operator' }]);
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    expect(await until(handle.result())).toMatchObject({ ok: true });
  });

  it('who waits for nothing but the child is overruled by the clock', async () => {
    const parent = defineAgent('parent', function* (ctx) {
      return yield* ctx.delegate(child, undefined, { grants: ['call:echo'] });
    });
    const { kernel, until } = await boot({ agents: [parent, child], tools: [echo], policies });
    const handle = kernel.spawn(parent, undefined, { grants: ['delegate:child', 'call:echo'] });
    expect(await until(handle.result())).toMatchObject({ ok: false, code: 'APPROVAL_DENIED' });
  });
});
