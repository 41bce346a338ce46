import { defineAgent, inspect, MemoryLogStore, OmniError, verify, type Guard, type OmniKernel } from '@omnipaw/kernel';
import { ControlledStore, VirtualTime } from '@omnipaw/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { PendingOperations } from '../../src/pending/index.js';
import { boot, entriesOf, kindsOf, ofKind, rejectionOf } from '../support/index.js';

const sleeper = defineAgent('sleeper', function* (ctx) {
  yield* ctx.sleep(1_000_000);
});
/** Starts agents below it, and then writes what its guard takes for a breach. */
const breaker = defineAgent('breaker', function* (ctx) {
  yield* ctx.start(sleeper, null, { id: 'grandchild' });
  yield* ctx.sleep(10);
  try {
    yield* ctx.memory.set('forbidden', true);
  } catch {
    yield* ctx.memory.set('caught', true);
  }
});
const parent = defineAgent('parent', function* (ctx) {
  try {
    yield* ctx.delegate(breaker, null, { id: 'child', depth: 1, grants: ['delegate:sleeper'] });
  } catch (error) {
    const { body } = yield* ctx.receive({ channel: 'breach' });
    return { code: (error as OmniError).code, of: (error as OmniError).details?.['code'] ?? null, told: body };
  }
  return 'nothing happened';
});
const root = defineAgent('root', function* (ctx) {
  const child = yield* ctx.start(parent, null, { id: 'parent', depth: 2, grants: ['delegate:*'] });
  const { body } = yield* ctx.receive({ channel: 'breach' });
  return { told: body, result: yield* ctx.join(child) };
});

const breach = new OmniError('INVARIANT_BREACH', 'INV-11 was about to be broken', { details: { invariant: 'INV-11' } });
const guard: Guard = {
  review: ({ kind, data }) => (kind === 'MEMORY_SET' && data.key === 'forbidden' ? { verdict: 'fault', error: breach } : undefined),
};
const setup = { agents: [sleeper, breaker, parent, root], extensions: [{ name: 'tripwire', guard }] };

describe('a breach of an invariant', () => {
  const audit = new MemoryLogStore();
  const record = { agent: 'child', tick: 2, error: { code: 'INVARIANT_BREACH', failureClass: 'INVARIANT_BREACH', message: breach.message, details: { invariant: 'INV-11' } } };

  test('ends the agent at once with all below it, and tells whoever waits, the parent and the root', async () => {
    const { kernel, until, store } = await boot({ ...setup, audit });
    const result = await until(kernel.spawn(root, null, { grants: ['delegate:*'] }).result());
    await until(kernel.stop());

    const entries = await entriesOf(store);
    const from = entries.findIndex(({ kind }) => kind === 'INVARIANT_BREACHED');
    const told = { ...record, busSeq: from };
    expect(result).toEqual({ told, result: { code: 'DELEGATION_FAILED', of: 'INVARIANT_BREACH', told } });
    expect(ofKind(await entriesOf(audit), 'INVARIANT_BREACHED')[0]?.data.at).toEqual({ logId: kernel.logId, busSeq: from });
    expect(entries.slice(from, from + 9).map(({ kind, agent }) => `${kind} ${agent}`)).toEqual([
      'INVARIANT_BREACHED child',
      'TOKEN_REVOKED grandchild',
      'AGENT_FAULTED grandchild',
      'AGENT_TERMINATED grandchild',
      'TOKEN_REVOKED child',
      'AGENT_TERMINATED child',
      'DELEGATION_RESULT parent',
      'MESSAGE_SENT null',
      'MESSAGE_SENT null',
    ]);
    expect(entries[from]).toMatchObject({ data: { tick: 2, error: record.error } });
    expect(entries[from + 5]).toMatchObject({ data: { reason: 'breach', transition: { trigger: 'breach', to: 'TERMINATED' } } });
    expect(entries.slice(from + 1).some(({ agent, kind }) => agent === 'child' && kind === 'MEMORY_SET')).toBe(false);
    const { agents } = kernel.snapshot();
    expect(agents.map(({ id, state, isRevoked }) => [id, state, isRevoked])).toEqual([
      ['root-1', 'TERMINATED', false], ['parent', 'TERMINATED', false], ['child', 'TERMINATED', true], ['grandchild', 'TERMINATED', true],
    ]);
  });

  test('stands in the audit log, a log like any other that says which entry it is about', async () => {
    expect(await verify(audit)).toMatchObject({ integrity: 'INTACT', entries: 2 });
    const entries = await entriesOf(audit);
    expect(kindsOf(entries)).toEqual(['LOG_OPENED', 'INVARIANT_BREACHED']);
    expect(entries[1]).toMatchObject({ agent: 'child', data: { tick: 2, error: record.error } });
    expect((await inspect(audit)).busSeq).toBe(1);
  });

  test('of another log goes into the same audit log', async () => {
    const { kernel, until } = await boot({ ...setup, audit, time: new VirtualTime({ seed: 'another' }) });
    await until(kernel.spawn(root, null, { grants: ['delegate:*'] }).result());
    await until(kernel.stop());
    const entries = await entriesOf(audit);
    expect(kindsOf(entries)).toEqual(['LOG_OPENED', 'INVARIANT_BREACHED', 'KERNEL_STARTED', 'INVARIANT_BREACHED']);
    const [first, second] = ofKind(entries, 'INVARIANT_BREACHED').map(({ data }) => data.at?.logId);
    expect([first === second, second]).toEqual([false, kernel.logId]);
  });

  test('with an error that can not be recorded as it is ends the agent all the same', async () => {
    const wild = new OmniError('INVARIANT_BREACH', 'x'.repeat(100_000), { details: { n: 1n } });
    const review: Guard['review'] = ({ kind }) => (kind === 'SLEEP_STARTED' ? { verdict: 'fault', error: wild } : undefined);
    const { kernel, rejection } = await boot({ ...setup, extensions: [{ name: 'wild', guard: { review } }] });
    const handle = kernel.spawn(sleeper, null);
    expect(await rejection(handle.result())).toMatchObject({ code: 'INVARIANT_BREACH', failureClass: 'INVARIANT_BREACH' });
    expect(handle.state).toBe('TERMINATED');
  });

  test('ends its agent, tells and goes on when there is no audit log', async () => {
    const { kernel, until } = await boot(setup);
    await until(kernel.spawn(root, null, { grants: ['delegate:*'] }).result());
    expect(kernel.agent('child').state).toBe('TERMINATED');
  });

  test('whose audit log is broken is reported, and ends its agent all the same', async () => {
    const broken = new ControlledStore();
    const { kernel, until, problems } = await boot({ ...setup, audit: broken });
    broken.break();
    await until(kernel.spawn(root, null, { grants: ['delegate:*'] }).result());
    expect(kernel.agent('child').state).toBe('TERMINATED');
    await until(kernel.flush());
    expect(problems.map(({ code }) => code)).toContain('KERNEL_HALTED');
  });

  test('of a root agent has nobody to be told but the log', async () => {
    const { kernel, rejection } = await boot(setup);
    const handle = kernel.spawn(breaker, null, { grants: ['delegate:sleeper'] });
    expect(await rejection(handle.result())).toMatchObject({ code: 'INVARIANT_BREACH' });
    expect(handle.state).toBe('TERMINATED');
  });

  test('is told to a parent whose mailbox is full as well: nobody could tell it again', async () => {
    const { kernel, until, time, problems } = await boot({ ...setup, maxMailboxMessages: 1 });
    const handle = kernel.spawn(parent, null, { grants: ['delegate:*'] });
    kernel.send(handle.id, 'unread');
    await time.advance(100);
    expect(handle.state).toBe('TERMINATED');
    expect(problems).toEqual([]);
    await until(kernel.stop());
  });
});

describe('a breach that the kernel itself finds', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('ends the agent by the same way: a result that is not on record resumes nobody (INV-14)', async () => {
    const { kernel, rejection, store, until } = await boot({ agents: [sleeper] });
    const handle = kernel.spawn(sleeper, null);
    vi.spyOn(PendingOperations.prototype, 'outcomeOf').mockReturnValue(undefined);
    expect(await rejection(handle.result())).toMatchObject({ code: 'INVARIANT_BREACH', details: { invariant: 'INV-14' } });
    expect(handle.state).toBe('TERMINATED');
    await until(kernel.flush());
    expect(kindsOf(await entriesOf(store)).slice(-3)).toEqual(['INVARIANT_BREACHED', 'TOKEN_REVOKED', 'AGENT_TERMINATED']);
  });

  test('is the kernel\'s to declare: a program that throws one into its face is refused, or FAULTED, like any other', async () => {
    const trap = (): never => {
      throw breach;
    };
    const liar = defineAgent('liar', function* () {
      try {
        yield Object.defineProperty({ op: 'CALL_TOOL' }, 'tool', { get: trap }) as never;
      } catch (error) {
        expect((error as OmniError).failureClass).toBe('PERMANENT');
      }
      yield Object.defineProperty({}, 'op', { get: trap }) as never;
    });
    const { kernel, until, store, rejection } = await boot({ agents: [liar] });
    const handle = kernel.spawn(liar, null);
    expect((await rejection(handle.result())).failureClass).toBe('PERMANENT');
    expect(handle.state).toBe('FAULTED');
    await until(kernel.flush());
    expect(kindsOf(await entriesOf(store)).slice(-2)).toEqual(['REFUSED', 'AGENT_FAULTED']);
  });
});

describe('what cannot go on ends as its table says', () => {
  /** What the log has of the end of each agent: its kind, trigger and code. */
  async function endOf(order: (kernel: OmniKernel, id: string) => void): Promise<unknown[]> {
    const { kernel, until, store } = await boot({ agents: [sleeper] });
    const handle = kernel.spawn(sleeper, null);
    const outcome = rejectionOf(handle.result());
    order(kernel, handle.id);
    expect((await until(outcome)).code).toBe('TOKEN_INVALID');
    await until(kernel.flush());
    const ends = (await entriesOf(store)).slice(4).filter(({ agent, kind }) => agent === handle.id && kind !== 'COMMAND_GIVEN');
    return ends.map(({ kind, data }) => ('transition' in data ? `${kind} ${data.transition.trigger}` : kind));
  }

  test('waiting: by error and abandon', async () => {
    expect(await endOf((kernel, id) => { kernel.revoke(id, 'no'); })).toEqual(['TOKEN_REVOKED', 'AGENT_FAULTED error', 'AGENT_TERMINATED abandon']);
  });

  test('suspended: by expire', async () => {
    expect(await endOf((kernel, id) => {
      kernel.suspend(id);
      kernel.revoke(id, 'no');
    })).toEqual(['AGENT_MOVED suspend', 'TOKEN_REVOKED', 'AGENT_TERMINATED expire']);
  });
});

describe('a delegator that ends', () => {
  const failing = defineAgent('failing', function* (ctx) {
    yield* ctx.start(sleeper, null, { id: 'left-behind' });
    throw new Error('and leaves');
  });
  const careless = defineAgent('careless', function* (ctx) {
    yield* ctx.start(sleeper, null, { id: 'left-behind' });
    return 'done';
  });

  test.each([['completes', careless], ['faults', failing]] as const)('and %s ends all below it first', async (_name, definition) => {
    const { kernel, until, store } = await boot({ agents: [definition, sleeper] });
    const handle = kernel.spawn(definition, null, { grants: ['delegate:sleeper'] });
    await until(handle.result().catch(() => undefined));
    expect(kernel.agentSnapshot('left-behind')).toMatchObject({ state: 'TERMINATED', isRevoked: true });
    await until(kernel.flush());
    const ends = (await entriesOf(store)).filter(({ kind }) => kind === 'AGENT_TERMINATED' || kind === 'TOKEN_REVOKED').map(({ kind, agent }) => `${kind} ${agent}`);
    expect(ends.slice(0, 2)).toEqual(['TOKEN_REVOKED left-behind', 'AGENT_TERMINATED left-behind']);
  });
});
