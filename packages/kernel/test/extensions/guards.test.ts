import { defineAgent, defineTool, OmniError, unchecked, type Extension, type Guard, type GuardVerdict, type Proposal } from '@omnipaw/kernel';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';
import { attempt } from '../tools/run-program.js';

// What an extension package does to have its own kinds of entries typed.
declare module '@omnipaw/kernel' {
  interface EntryCatalogue {
    TEST_BUDGET_WARNED: { readonly used: number; readonly tick?: number; readonly deadline?: number };
  }
}

const echo = defineTool({ name: 'echo', description: '', input: unchecked<{ text: string }>(), run: ({ text }) => text });
const child = defineAgent('child', function* () {
  return 'child';
});
/** Does one of everything that a guard is asked about, and tells what came of each. */
const main = defineAgent('main', function* (ctx) {
  const outcomes = [
    yield* attempt(ctx.tool(echo, { text: 'a' })), yield* attempt(ctx.memory.set('key', 1)), yield* attempt(ctx.shared('team').set('key', 1, 0)),
    yield* attempt(ctx.shared('team').get('key')), yield* attempt(ctx.send('main-1', 1)), yield* attempt(ctx.receive()),
    yield* attempt(ctx.delegate(child, undefined)), yield* attempt(ctx.sleep(1)), yield* attempt(ctx.memory.delete('key')),
  ];
  return outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.code));
});
const grants = ['call:*', 'read:**', 'write:**', 'send:*', 'delegate:*'];

async function guarded(review: Guard['review'], more: Partial<Extension> = {}) {
  const booted = await boot({ agents: [main, child], tools: [echo], extensions: [{ name: 'guard', guard: { review }, ...more }] });
  const handle = booted.kernel.spawn(main, undefined, { grants });
  return { ...booted, handle };
}

const no = new OmniError('GUARD_REFUSED', 'Not now.', { details: { rule: 'test' } });

describe('a guard', () => {
  it('is asked about what programs do, in order, and about nothing else', async () => {
    const asked: string[] = [];
    const { handle, until } = await guarded((proposal) => {
      asked.push(`${proposal.kind} ${String(proposal.agent)}`);
      return undefined;
    });
    expect(await until(handle.result())).toEqual(new Array(9).fill('ok'));
    expect(asked).toEqual([
      'TOOL_CALLED main-1', 'MEMORY_SET main-1', 'SHARED_WRITTEN main-1', 'SHARED_READ main-1', 'MESSAGE_SENT main-1', 'MESSAGE_RECEIVED main-1',
      'AGENT_SPAWNED child-1', 'JOIN_STARTED main-1', 'SLEEP_STARTED main-1', 'MEMORY_DELETED main-1',
    ]);
  });

  it('that warns has its record in the log, before what it warned of', async () => {
    const { handle, until, store } = await guarded((proposal) =>
      proposal.kind === 'TOOL_CALLED' || proposal.kind === 'AGENT_SPAWNED' ? { verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { used: 80 } } } : undefined,
    );
    expect(await until(handle.result())).toEqual(new Array(9).fill('ok'));
    const entries = await entriesOf(store);
    for (const warned of ['TOOL_CALLED', 'AGENT_SPAWNED'] as const) {
      const at = kindsOf(entries).lastIndexOf(warned);
      expect(entries[at - 1]!.kind).toBe('TEST_BUDGET_WARNED');
    }
    // Both are about the agent that acts: the child is not there yet.
    expect(ofKind(entries, 'TEST_BUDGET_WARNED').map(({ agent, data }) => [agent, data.used])).toEqual([['main-1', 80], ['main-1', 80]]);
  });

  it('that refuses is an error that the program can catch, and what it refused did not happen', async () => {
    const { handle, until, store, kernel } = await guarded(() => ({ verdict: 'refuse', error: no, record: { kind: 'TEST_BUDGET_WARNED', data: { used: 100 } } }));
    const outcomes = await until(handle.result());
    // The receive finds no message, since none could be sent, and waiting is refused as well.
    expect(outcomes).toEqual(new Array(9).fill('GUARD_REFUSED'));
    const entries = await entriesOf(store);
    expect(ofKind(entries, 'REFUSED').map(({ data }) => data.error)).toEqual(new Array(9).fill({ code: 'GUARD_REFUSED', failureClass: 'POLICY_VIOLATION', message: 'Not now.', details: { rule: 'test' } }));
    expect(ofKind(entries, 'TEST_BUDGET_WARNED')).toHaveLength(9);
    for (const kind of ['TOOL_CALLED', 'MEMORY_SET', 'SHARED_WRITTEN', 'MESSAGE_SENT', 'SLEEP_STARTED'] as const) expect(kindsOf(entries)).not.toContain(kind);
    expect(kernel.snapshot().agents).toHaveLength(1);
  });

  it('is asked before what the kernel notes of a program, and can end its agent then', async () => {
    const asked: string[] = [];
    const guard: Guard = {
      review: () => undefined,
      reviewNote: ({ kind, agent }) => {
        asked.push(`${kind} ${String(agent)}`);
        return asked.length === 4 ? { verdict: 'fault', error: no } : undefined;
      },
    };
    const restless = defineAgent('restless', function* (ctx) {
      yield* attempt(ctx.tool(echo, { text: 'not granted' }));
      yield* ctx.version('form', 0, 1);
      yield* ctx.scratch.set('key', 1);
      yield* ctx.sleep(1);
      yield* ctx.continueAsNew(null);
    });
    const { kernel, store, until } = await boot({ agents: [restless], tools: [echo], extensions: [{ name: 'guard', guard }] });
    await expect(until(kernel.spawn(restless, undefined).result())).rejects.toMatchObject({ code: 'GUARD_REFUSED' });
    expect(asked).toEqual(['REFUSED restless-1', 'VERSION_CHOSEN restless-1', 'SCRATCH_CHECKPOINTED restless-1', 'AGENT_CONTINUED restless-1']);
    expect(kindsOf(await entriesOf(store)).slice(-2)).toEqual(['TIMER_FIRED', 'AGENT_FAULTED']);
  });

  it('may be of an extension that was made with another copy of the kernel', async () => {
    const { code, failureClass, details } = no;
    const foreign: object = Object.assign(new Error(no.message), { name: 'OmniError', code, failureClass, details });
    const { handle, until } = await guarded(() => ({ verdict: 'refuse', error: foreign as never }));
    expect(await until(handle.result())).toEqual(new Array(9).fill('GUARD_REFUSED'));
  });

  it('that faults ends the agent, and no program can catch it', async () => {
    const stubborn = defineAgent('main', function* (ctx) {
      for (;;) yield* attempt(ctx.memory.set('key', 1));
    });
    const { kernel, rejection, store } = await boot({
      agents: [stubborn], extensions: [{ name: 'limit', guard: { review: () => ({ verdict: 'fault', error: no, record: { kind: 'TEST_BUDGET_WARNED', data: { used: 101 } } }) } }],
    });
    const handle = kernel.spawn(stubborn, undefined);
    expect(await rejection(handle.result())).toMatchObject({ code: 'GUARD_REFUSED', message: 'Not now.' });
    expect(handle.state).toBe('FAULTED');
    expect(kindsOf(await entriesOf(store)).slice(-2)).toEqual(['TEST_BUDGET_WARNED', 'AGENT_FAULTED']);
  });

  it.each<readonly [what: string, review: () => unknown]>([
    ['throws', () => { throw new Error('broken'); }],
    ['throws a string', () => { throw 'broken'; }],
    ['answers with a promise', async () => undefined],
    ['answers with an unknown verdict', () => ({ verdict: 'maybe' })],
    ['answers with true', () => true],
    ['answers with null', () => null],
    ['refuses without an error', () => ({ verdict: 'refuse' })],
    ['refuses with an error of its own', () => ({ verdict: 'refuse', error: new Error('mine') })],
    ['records what is not JSON', () => ({ verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { used: NaN } } })],
    ['records under a name of the kernel', () => ({ verdict: 'warn', record: { kind: 'AGENT_TERMINATED', data: {} } })],
    ['records under no name', () => ({ verdict: 'warn', record: { kind: '', data: {} } })],
    ['records a transition', () => ({ verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { transition: { trigger: 'breach', to: 'TERMINATED' } } } })],
    ['records a result for somebody\'s call', () => ({ verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { tick: 1, call: 0, result: { ok: true, value: 1 } } } })],
    ['records a permission', () => ({ verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { permission: { decision: 'ALLOW', by: 'grant 0 x' } } } })],
    ['records a deadline without a tick', () => ({ verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { deadline: 1 } } })],
    ['records a deadline before the first tick', () => ({ verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { tick: 0, deadline: 1 } } })],
    ['records a deadline that is no time', () => ({ verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { tick: 1, deadline: 0.5 } } })],
    ['delays what is no tool call until no time', () => ({ verdict: 'delay', untilMs: NaN })],
    ['wants a proposal measured', () => ({ verdict: 'measure', limitMs: 5 })],
  ])('that %s lets nothing pass, and says so', async (_what, review) => {
    const { handle, store, rejection } = await guarded(review as () => GuardVerdict);
    expect(await rejection(handle.result())).toMatchObject({ code: 'EXTENSION_FAILED', message: expect.stringContaining('"guard"') });
    const kinds = kindsOf(await entriesOf(store));
    expect(kinds).toEqual(['LOG_OPENED', 'AGENT_SPAWNED', 'AGENT_ACTIVATED', 'AGENT_FAULTED']);
  });

  it('can not change what it is asked about', async () => {
    const { handle, until, store } = await guarded((proposal) => {
      const { data } = proposal as { data: Record<string, unknown> };
      for (const change of [() => { data['args'] = { text: 'evil' }; }, () => { data['value'] = 'evil'; }, () => { (data['args'] as { text: string }).text = 'evil'; }, () => { (proposal as { agent: string }).agent = 'child-1'; }]) {
        try {
          change();
        } catch { /* frozen */ }
      }
      return undefined;
    });
    expect(await until(handle.result())).toEqual(new Array(9).fill('ok'));
    const entries = await entriesOf(store);
    expect(JSON.stringify(entries)).not.toContain('evil');
    expect(ofKind(entries, 'TOOL_CALLED')[0]).toMatchObject({ agent: 'main-1', data: { args: { text: 'a' } } });
  });

  it('counts with a projection of its own, which has seen all that happened before', async () => {
    let writes = 0;
    const { handle, until } = await guarded(
      (proposal) => (proposal.kind.startsWith('MEMORY') && writes >= 1 ? { verdict: 'refuse', error: no } : undefined),
      { projection: { apply: (entry) => { if (entry.kind === 'MEMORY_SET') writes++; } } },
    );
    expect(await until(handle.result())).toEqual([...new Array<string>(8).fill('ok'), 'GUARD_REFUSED']);
  });

  it('is asked in the order of the extensions, and the first refusal counts', async () => {
    const asked: string[] = [];
    const named = (name: string, verdict?: GuardVerdict): Extension => ({
      name, guard: { review: ({ kind }: Proposal) => (kind === 'MEMORY_SET' ? (asked.push(name), verdict) : undefined) },
    });
    const agent = defineAgent('main', function* (ctx) {
      return yield* attempt(ctx.memory.set('key', 1));
    });
    const warning: GuardVerdict = { verdict: 'warn', record: { kind: 'TEST_BUDGET_WARNED', data: { used: 1 } } };
    const { kernel, until } = await boot({ agents: [agent], extensions: [named('a', warning), named('b', { verdict: 'refuse', error: no }), named('c')] });
    expect(await until(kernel.spawn(agent, undefined).result())).toMatchObject({ ok: false, code: 'GUARD_REFUSED' });
    expect(asked).toEqual(['a', 'b']);
  });

  it('is asked again about what was approved, at the time when it is carried out', async () => {
    const agent = defineAgent('main', function* (ctx) {
      return yield* attempt(ctx.tool(echo, { text: 'x' }));
    });
    const { kernel, until } = await boot({
      agents: [agent], tools: [echo], policies: [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: '*' }],
      extensions: [{ name: 'guard', guard: { review: ({ kind }) => (kind === 'TOOL_CALLED' ? { verdict: 'refuse', error: no } : undefined) } }],
    });
    const handle = kernel.spawn(agent, undefined);
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    expect(await until(handle.result())).toMatchObject({ ok: false, code: 'GUARD_REFUSED' });
  });
});
