import { createKernel, defineAgent, fork, inspect, MemoryLogStore, nodePorts, replay, verify, verifyLink, type Entry, type JsonObject } from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { play } from '../invariants/scenario.js';
import { PROGRAMS } from '../../sim/interpreters.js';
import { MAX_STEPS, scenarios } from '../../sim/scenarios.js';
import { toolsIn } from '../../sim/tools.js';
import { ControlledStore, VirtualTime } from '@omnipaw/testing';
import { boot, entriesOf, rejectionOf } from '../support/index.js';
import { rechained, relinked, story, storyConfig } from './story.js';

const HASH = 'a'.repeat(64);

/** What entries say, but for where they stand in which chain. */
function sayings(entries: readonly Entry[]): object[] {
  return entries.map(({ busSeq, time, agent, kind, data }) => ({ busSeq, time, agent, kind, data }));
}

async function patchedEntry(at: number, patch: unknown, parent: MemoryLogStore): Promise<Entry> {
  const into = new MemoryLogStore();
  await fork(parent, { at, patch, into });
  expect(await verifyLink(into, { parent })).toMatchObject({ link: 'LINKED', parent: { patch } });
  return (await entriesOf(into)).at(-1)!;
}

describe('a fork', () => {
  test('is an intact log of its own, whose entries say what the parent said', async () => {
    const { store, entries, seqOf } = await story();
    const at = seqOf('RECEIVE_STARTED');
    const into = new MemoryLogStore();
    const forked = await fork(store, { at, into });

    expect(await verify(into, { pin: forked.head })).toEqual({ integrity: 'INTACT', completeness: 'COMPLETE', entries: at + 1, head: forked.head, pinnedAt: at });
    const [header, ...rest] = await entriesOf(into);
    expect(sayings(rest)).toEqual(sayings(entries.slice(1, at + 1)));
    expect(header!.data).toEqual({ ...entries[0]!.data, logId: forked.logId, parent: forked.parent });
    expect(forked).toMatchObject({ entries: at + 1, parent: { logId: (entries[0]!.data as { logId: string }).logId, busSeq: at, hash: entries[at]!.hash } });
    expect(forked.logId).not.toBe(forked.parent.logId);
  });

  test('of any log at any entry has the state that the parent had there', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, fc.nat(), async (scenario, number) => {
        const { bytes, entries } = await play(scenario);
        const parent = new MemoryLogStore({ bytes, codec: nodePorts.codec });
        const at = number % entries.length;
        const into = new MemoryLogStore();
        const { head } = await fork(parent, { at, into });
        expect(await verify(into, { pin: head })).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE', entries: at + 1 });
        const [before, after] = [await inspect(parent, { at }), await inspect(into)];
        expect({ ...after, head: before.head, time: before.time }).toEqual(before);
        expect(await verifyLink(into, { parent })).toMatchObject({ link: 'LINKED' });
      }),
      { numRuns: 40 },
    );
  });

  test('can be gone on with by a kernel, and be forked again', async () => {
    const { store, entries } = await story();
    const into = new MemoryLogStore();
    await fork(store, { at: entries.length - 1, into });
    const another = defineAgent('another', function* () {
      return 'here';
    });
    const kernel = await createKernel({ ...storyConfig, log: into, agents: [...storyConfig.agents, another] });
    expect(await kernel.spawn(another, null).result()).toBe('here');
    await kernel.stop();

    const second = new MemoryLogStore();
    const { parent } = await fork(into, { at: kernel.entryCount - 1, into: second });
    expect(parent.logId).toBe(kernel.logId);
    expect(await verifyLink(second, { parent: into })).toMatchObject({ link: 'LINKED' });
    expect(await verifyLink(second, { parent: store })).toMatchObject({ link: 'BROKEN', reason: 'OTHER_PARENT' });
  });

  test('reads no further than its entry, so that a log is of use up to its damage', async () => {
    const { store, seqOf } = await story();
    const bytes = store.bytes();
    bytes[bytes.length - 200]! ^= 1;
    const damaged = new MemoryLogStore({ bytes, codec: nodePorts.codec });
    const into = new MemoryLogStore();
    await fork(damaged, { at: seqOf('MEMORY_SET'), into });
    expect(await verify(into)).toMatchObject({ integrity: 'INTACT' });
    expect(await rejectionOf(fork(damaged, { at: seqOf('AGENT_TERMINATED', 'main-1'), into: new MemoryLogStore() }))).toMatchObject({ code: 'LOG_CORRUPT' });
  });

  test('of a header alone is a log in which nothing has happened', async () => {
    const { store } = await story();
    const into = new MemoryLogStore();
    expect(await fork(store, { at: 0, into })).toMatchObject({ entries: 1, parent: { busSeq: 0 } });
    expect((await inspect(into)).agents).toEqual([]);
  });

  test('is written in bounded batches', async () => {
    const { store, entries } = await story();
    const text = 'x'.repeat(700_000);
    const noter = defineAgent('noter', function* (ctx) {
      for (let n = 0; n < 5; n++) yield* ctx.memory.set('text', text);
    });
    const large = new MemoryLogStore();
    await fork(store, { at: entries.length - 1, into: large });
    const kernel = await createKernel({ ...storyConfig, log: large, agents: [...storyConfig.agents, noter] });
    await kernel.spawn(noter, null).result();
    await kernel.stop();
    const into = new ControlledStore();
    await fork(large, { at: kernel.entryCount - 1, into });
    expect(into.batchCount).toBe(3);
    expect(into.isClosed).toBe(true);
  });
});

describe('a kernel on a fork', () => {
  async function goOn(at: number, patch: unknown, parent: MemoryLogStore): Promise<{ result: unknown; log: MemoryLogStore }> {
    const log = new MemoryLogStore();
    await fork(parent, { at, into: log, ...(patch === undefined ? {} : { patch }) });
    const { kernel, time, until } = await boot({ ...storyConfig, log });
    for (let questions = 0; questions < 2; questions++) {
      await time.settle();
      if (kernel.agentSnapshot('main-1').waitingFor.some(({ kind }) => kind === 'MESSAGE')) kernel.send('main-1', 'another way');
      await time.settle();
      for (const { id } of kernel.approvals()) kernel.decide(id, { approved: true });
    }
    const result = await until(kernel.agent('main-1').result()).catch((error: unknown) => (error as { code: string }).code);
    await until(kernel.stop());
    return { result, log };
  }

  test('goes on from there, in another way', async () => {
    const { store, seqOf } = await story();
    const ways: readonly (readonly [at: number, patch: unknown, result: unknown])[] = [
      [seqOf('TOOL_RESULT', 'main-1'), undefined, { helped: 12, body: 'another way', wiped: 'wiped' }],
      [seqOf('TOOL_RESULT', 'main-1'), { value: 100 }, { helped: 200, body: 'another way', wiped: 'wiped' }],
      [seqOf('TOOL_RESULT', 'main-1'), { error: { code: 'NO_LUCK', message: 'no' } }, 'NO_LUCK'],
      [seqOf('AGENT_SPAWNED', 'main-1'), { input: 5 }, { helped: 20, body: 'another way', wiped: 'wiped' }],
      [seqOf('MESSAGE_SENT', null), { body: 'patched' }, { helped: 12, body: 'patched', wiped: 'wiped' }],
      [seqOf('APPROVAL_DECIDED'), { approved: false }, 'APPROVAL_DENIED'],
    ];
    for (const [at, patch, result] of ways) {
      const gone = await goOn(at, patch, store);
      expect(gone.result).toEqual(result);
      expect(await verify(gone.log)).toMatchObject({ integrity: 'INTACT' });
      expect(await verifyLink(gone.log, { parent: store })).toMatchObject({ link: 'LINKED' });
      expect(await replay(gone.log, storyConfig)).toMatchObject({ replay: 'REPRODUCED' });
    }
  });

  test('turns a denial into what was asked for', async () => {
    const { store, seqOf } = await story({ approved: false });
    const { result } = await goOn(seqOf('APPROVAL_DECIDED'), { approved: true }, store);
    expect(result).toEqual({ helped: 12, body: 'go on', wiped: 'wiped' });
  });

  test('goes on from any entry of any log, and what comes of it replays', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, fc.nat(), async (scenario, number) => {
        const { bytes, entries } = await play({ ...scenario, guardEvery: 0 });
        const parent = new MemoryLogStore({ bytes, codec: nodePorts.codec });
        const log = new MemoryLogStore();
        await fork(parent, { at: number % entries.length, into: log });
        const time = new VirtualTime({ seed: 'fork' });
        const { policies, maxConcurrentToolCalls, maxMailboxMessages } = scenario;
        const config = { agents: Object.values(PROGRAMS), tools: toolsIn({ sleep: (delayMs) => time.sleep(delayMs), act: () => undefined }), policies, maxConcurrentToolCalls, maxMailboxMessages, maxStepsPerTick: MAX_STEPS };
        const kernel = await time.until(createKernel({ ...config, log, onProblem: () => undefined }, { ports: time.ports }));
        await time.advance(100_000);
        await time.until(kernel.stop());
        expect(await verify(log)).toMatchObject({ integrity: 'INTACT' });
        expect(await verifyLink(log, { parent })).toMatchObject({ link: 'LINKED' });
        expect(await replay(log, config)).toMatchObject({ replay: 'REPRODUCED' });
      }),
      { numRuns: 30 },
    );
  });
});

describe('a patch', () => {
  test('replaces the result of a tool', async () => {
    const { store, entries, seqOf } = await story();
    const at = seqOf('TOOL_RESULT', 'main-1');
    const transition = { trigger: 'resume', to: 'ACTIVE' };
    const call = { tick: 1, call: 0, tool: 'ask' };
    expect(entries[at]!.data).toEqual({ ...call, result: { ok: true, value: 6 }, transition });
    const results: readonly (readonly [patch: object, result: object])[] = [
      [{ value: 'another' }, { ok: true, value: 'another' }],
      [{ result: { ok: true, value: null } }, { ok: true, value: null }],
      [{ error: { code: 'NO_LUCK', message: 'try later' } }, { ok: false, error: { code: 'NO_LUCK', failureClass: 'PERMANENT', message: 'try later' } }],
      [{ error: { code: 'TOOL_TIMEOUT', message: 'late' } }, { ok: false, error: { code: 'TOOL_TIMEOUT', failureClass: 'TRANSIENT', message: 'late' } }],
      [
        { result: { ok: false, error: { code: 'X', failureClass: 'POLICY_VIOLATION', message: 'm', details: { a: 1 }, causes: ['c'] } } },
        { ok: false, error: { code: 'X', failureClass: 'POLICY_VIOLATION', message: 'm', details: { a: 1 }, causes: ['c'] } },
      ],
    ];
    for (const [patch, result] of results) {
      const { data, kind } = await patchedEntry(at, patch, store);
      expect(JSON.stringify({ kind, data })).toBe(JSON.stringify({ kind: 'TOOL_RESULT', data: { ...call, result, transition } }));
    }
  });

  test('replaces the input of a root agent, and the message of an operator', async () => {
    const { store, entries, seqOf } = await story();
    const spawned = seqOf('AGENT_SPAWNED', 'main-1');
    expect((await patchedEntry(spawned, { input: [1] }, store)).data).toEqual({ ...entries[spawned]!.data, input: [1] });
    const sent = seqOf('MESSAGE_SENT', null);
    expect((await patchedEntry(sent, { body: null }, store)).data).toEqual({ ...entries[sent]!.data, body: null });
  });

  test('turns an approval into what the kernel writes when it is denied, and a denial into an approval', async () => {
    const [yes, no] = [await story(), await story({ approved: false })];
    const at = yes.seqOf('APPROVAL_DECIDED');
    expect(at).toBe(no.seqOf('APPROVAL_DECIDED'));
    const reason = 'why not';
    expect(JSON.stringify((await patchedEntry(at, { approved: false, reason }, yes.store)).data)).toBe(JSON.stringify(no.entries[at]!.data));
    expect(JSON.stringify((await patchedEntry(at, { approved: true, reason }, no.store)).data)).toBe(JSON.stringify(yes.entries[at]!.data));
    expect((await patchedEntry(at, { approved: true, by: 'bob' }, no.store)).data).toMatchObject({ approved: true, by: 'bob', reason: '' });
    expect((await patchedEntry(at, { reason: 'because' }, yes.store)).data).toMatchObject({ approved: true, by: 'alice', reason: 'because' });
  });

  test.each<[string, string, unknown, string]>([
    ['a field that the entry does not have', 'TOOL_RESULT', { tool: 'other' }, 'there is no "tool" to change'],
    ['nothing', 'TOOL_RESULT', {}, 'it changes nothing'],
    ['a value alone', 'TOOL_RESULT', 7, 'a patch is an object'],
    ['null', 'TOOL_RESULT', null, 'found null'],
    ['a list', 'TOOL_RESULT', [], 'found a list'],
    ['two results', 'TOOL_RESULT', { value: 1, error: { code: 'A', message: '' } }, 'give one of'],
    ['an outcome that is none', 'TOOL_RESULT', { result: 7 }, '"result" is'],
    ['an outcome with the other part', 'TOOL_RESULT', { result: { ok: true, error: {} } }, '"value" and nothing else'],
    ['an outcome with too much', 'TOOL_RESULT', { result: { ok: false, error: {}, value: 1 } }, '"error" and nothing else'],
    ['an error that is text', 'TOOL_RESULT', { error: 'bad' }, 'found a string'],
    ['an error without a message', 'TOOL_RESULT', { error: { code: 'A' } }, '"code" and a "message"'],
    ['an error with a stack', 'TOOL_RESULT', { error: { code: 'A', message: '', stack: '' } }, 'no "stack"'],
    ['an error with details that are text', 'TOOL_RESULT', { error: { code: 'A', message: '', details: 'x' } }, '"details"'],
    ['an error with causes that are none', 'TOOL_RESULT', { error: { code: 'A', message: '', causes: [1] } }, '"causes"'],
    ['a breach', 'TOOL_RESULT', { error: { code: 'INVARIANT_BREACH', message: '' } }, '"failureClass"'],
    ['an answer that is neither', 'APPROVAL_DECIDED', { approved: 'yes' }, 'true or false'],
    ['a reason that is a number', 'APPROVAL_DECIDED', { reason: 1 }, 'are strings'],
    ['what a program wrote', 'MEMORY_SET', { value: 1 }, 'nothing in it came from outside'],
    ['what a program called', 'TOOL_CALLED', { args: {} }, 'What can be patched: TOOL_RESULT'],
  ])('is refused if it is %s', async (_what, kind, patch, message) => {
    const { store, seqOf } = await story();
    const into = new MemoryLogStore();
    const refusal = await rejectionOf(fork(store, { at: seqOf(kind), patch, into }));
    expect(refusal).toMatchObject({ code: 'FORK_PATCH_INVALID', details: { busSeq: seqOf(kind), kind } });
    expect(refusal.message).toContain(message);
    expect(into.bytes()).toHaveLength(0);
  });

  test('is refused for the input of a child, which comes from its delegator', async () => {
    const { store, seqOf } = await story();
    const refusal = await rejectionOf(fork(store, { at: seqOf('AGENT_SPAWNED', 'helper-1'), patch: { input: 1 }, into: new MemoryLogStore() }));
    expect(refusal.message).toContain('comes from its delegator');
  });

  test('is refused if it is not JSON, or larger than a value of that log may be', async () => {
    const { store, seqOf } = await story();
    const at = seqOf('TOOL_RESULT');
    const into = new MemoryLogStore();
    expect(await rejectionOf(fork(store, { at, patch: { value: undefined }, into }))).toMatchObject({ code: 'SERIALIZATION_ERROR', details: { path: '$.value' } });
    expect(await rejectionOf(fork(store, { at, patch: { value: 'x'.repeat(1024 * 1024) }, into }))).toMatchObject({ code: 'VALUE_TOO_LARGE' });
    expect(into.bytes()).toHaveLength(0);
  });
});

describe('a fork is refused', () => {
  test('at an entry that is not there', async () => {
    const { store, entries } = await story();
    const refusal = await rejectionOf(fork(store, { at: entries.length, into: new MemoryLogStore() }));
    expect(refusal).toMatchObject({ code: 'LOG_NOT_FOUND' });
    expect(refusal.message).toContain(`ends at busSeq ${String(entries.length - 1)}`);
    expect(await rejectionOf(fork(new MemoryLogStore(), { at: 0, into: new MemoryLogStore() }))).toMatchObject({ code: 'LOG_NOT_FOUND' });
    for (const at of [-1, 1.5, Number.NaN]) {
      expect(await rejectionOf(fork(store, { at, into: new MemoryLogStore() }))).toBeInstanceOf(TypeError);
    }
  });

  test('into a log that has entries, which it leaves as they are', async () => {
    const [{ store }, { store: other }] = [await story(), await story()];
    const before = other.bytes();
    expect(await rejectionOf(fork(store, { at: 3, into: other }))).toMatchObject({ code: 'LOG_NOT_EMPTY' });
    expect(other.bytes()).toEqual(before);
    // And it is closed again.
    await other.open();
  });

  test('by a store that fails, and what is there is known for no whole fork', async () => {
    const { store, seqOf } = await story();
    const whole = new MemoryLogStore();
    await fork(store, { at: seqOf('RECEIVE_STARTED'), into: whole });
    const [firstLine] = nodePorts.codec.text(whole.bytes()).split(/(?<=\n)/);
    const half = new MemoryLogStore({ bytes: nodePorts.codec.utf8(firstLine!), codec: nodePorts.codec });
    for (const options of [{}, { parent: store }]) {
      expect(await verifyLink(half, options)).toMatchObject({ link: 'BROKEN', reason: 'INCOMPLETE', busSeq: 1 });
    }
    const refusal = await rejectionOf(createKernel({ log: half }));
    expect(refusal).toMatchObject({ code: 'FORK_INCOMPLETE', details: { entries: 1 } });
    expect(refusal.message).toContain('was cut off while it was written: it holds 1 of ');
    // And it is closed again.
    await half.open();

    const broken = new ControlledStore();
    broken.break(new Error('the disk is full'));
    expect((await rejectionOf(fork(store, { at: 3, into: broken }))).message).toBe('the disk is full');
    expect(broken.isClosed).toBe(true);
  });
});

describe('the link of a fork to its parent', () => {
  test('is unchecked without the parent, and not there for a log that is no fork', async () => {
    const { store } = await story();
    expect(await verifyLink(store)).toBeUndefined();
    const into = new MemoryLogStore();
    const { parent } = await fork(store, { at: 4, into });
    expect(await verifyLink(into)).toEqual({ link: 'UNCHECKED', parent });
    expect(await verifyLink(into, { parent: store })).toEqual({ link: 'LINKED', parent });
  });

  test('is broken if the parent was cut off, or is damaged', async () => {
    const { store } = await story();
    const into = new MemoryLogStore();
    await fork(store, { at: 6, into });
    const text = nodePorts.codec.text(store.bytes());
    const lines = text.split(/(?<=\n)/);
    const logOf = (changed: string): MemoryLogStore => new MemoryLogStore({ bytes: nodePorts.codec.utf8(changed), codec: nodePorts.codec });
    expect(await verifyLink(into, { parent: logOf(lines.slice(0, 6).join('')) })).toMatchObject({ link: 'BROKEN', reason: 'HASH_MISMATCH', busSeq: 6 });
    expect(await verifyLink(into, { parent: logOf(text.replace('"main-1"', '"main-2"')) })).toMatchObject({ link: 'BROKEN', reason: 'DAMAGED', busSeq: 1 });
  });

  test('is broken if the fork says something else than the parent, or than its patch', async () => {
    const { store, seqOf } = await story();
    const at = seqOf('TOOL_RESULT', 'main-1');
    const into = new MemoryLogStore();
    await fork(store, { at, patch: { value: 8 }, into });
    const forged = async (change: (entry: Entry) => object): Promise<MemoryLogStore> => rechained((await entriesOf(into)).map((entry) => ({ ...entry, ...change(entry) })));
    const withData = (seq: number, data: JsonObject) => (entry: Entry) => (entry.busSeq === seq ? { data: { ...entry.data, ...data } } : {});
    expect(await verifyLink(await forged(() => ({})), { parent: store })).toMatchObject({ link: 'LINKED' });
    expect(await verifyLink(await forged(withData(3, { args: { n: 4 } })), { parent: store })).toMatchObject({ reason: 'ENTRY_DIFFERS', busSeq: 3 });
    expect(await verifyLink(await forged(withData(at, { result: { ok: true, value: 9 } })), { parent: store })).toMatchObject({ reason: 'ENTRY_DIFFERS', busSeq: at });
    expect(await verifyLink(await forged(withData(0, { kernelVersion: '9' })), { parent: store })).toMatchObject({ reason: 'ENTRY_DIFFERS', busSeq: 0 });
    expect(await verifyLink(await forged((entry) => (entry.busSeq === 0 ? { agent: 'main-1' } : {})), { parent: store })).toMatchObject({ reason: 'ENTRY_DIFFERS', busSeq: 0 });
  });

  test('is broken if one line has other bytes, whatever they mean', async () => {
    const { store, seqOf } = await story();
    const at = seqOf('TOOL_RESULT', 'main-1');
    for (const options of [{ at }, { at, patch: { value: 8 } }]) {
      const into = new MemoryLogStore();
      await fork(store, { ...options, into });
      const said = nodePorts.codec.text(into.bytes()).split(/(?<=\n)/).map((line) => line.slice(0, -150));
      for (const [seq, from, to] of [[3, '"args":', '"args":7,"args":'], [at, '"tool":', '"tool":"wipe","tool":']] as const) {
        const forged = relinked(said.map((saying, index) => (index === seq ? saying.replace(from, to) : saying)));
        expect(await verify(forged)).toMatchObject({ integrity: 'INTACT' });
        expect(await verifyLink(forged, { parent: store })).toMatchObject({ link: 'BROKEN', reason: 'ENTRY_DIFFERS', busSeq: seq });
      }
    }
  });

  test.each<[string, unknown]>([
    ['before the first entry', { logId: 'a', busSeq: -1, hash: HASH }],
    ['at no whole number', { logId: 'a', busSeq: 1.5, hash: HASH }],
    ['at no number', { logId: 'a', hash: HASH }],
    ['without a name', { logId: '', busSeq: 3, hash: HASH }],
    ['with what is no hash', { logId: 'a', busSeq: 3, hash: 'x' }],
    ['that is null', null],
    ['that is a text', 'a'],
  ])('is broken where the header names a parent %s, and no kernel goes on in it', async (_what, parent) => {
    const { store, entries } = await story();
    const forged = rechained(entries.map((entry) => (entry.busSeq === 0 ? { ...entry, data: { ...entry.data, parent } } : entry) as Entry));
    for (const options of [{}, { parent: store }]) expect(await verifyLink(forged, options)).toEqual({ link: 'BROKEN', reason: 'MALFORMED', busSeq: 0 });
    expect(await rejectionOf(createKernel({ ...storyConfig, log: forged }))).toMatchObject({ code: 'LOG_CORRUPT' });
  });
});
