import { defineAgent, defineTool, inspect, MemoryLogStore, nodePorts, unchecked, verify, type Snapshot } from '@omnipaw/kernel';
import { ControlledStore, type VirtualTime } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';

const keys: string[] = [];
const probe = defineTool({
  name: 'probe', description: 'notes its key', input: unchecked<object>(),
  run: (_args, { idempotencyKey }) => {
    keys.push(idempotencyKey);
    return null;
  },
});
const writer = defineAgent('writer', function* (ctx, text: string) {
  yield* ctx.tool(probe, {});
  yield* ctx.memory.set('wrote', { text });
  yield* ctx.shared('team').set('plan', { steps: [text] }, 0);
  return text.length;
});
const reader = defineAgent('reader', function* (ctx) {
  yield* ctx.tool(probe, {});
  const { value, version } = yield* ctx.shared('team').get<{ steps: string[] }>('plan');
  let isChanged = true;
  try {
    value!.steps.push('mine');
  } catch {
    isChanged = false;
  }
  const next = yield* ctx.shared('team').set('plan', { steps: [] }, version);
  return { value: value ?? null, version, isChanged, next };
});
const failing = defineAgent('failing', function* () {
  throw new Error('as ever');
});
const sleeper = defineAgent('sleeper', function* (ctx) {
  yield* ctx.sleep(1_000);
});

const setup = { agents: [writer, reader, failing, sleeper], tools: [probe] };
const GRANTS = { grants: ['call:*', 'read:shared:team/**', 'write:shared:team/**'] };

/** A log in which agents have ended, each in its own way, and the state that it ended with. */
async function finishedLog(): Promise<{ store: MemoryLogStore; snapshot: Snapshot; time: VirtualTime; logId: string }> {
  const { kernel, until, store, time } = await boot(setup);
  await until(kernel.spawn(writer, 'hello', GRANTS).result());
  await until(kernel.spawn(failing, null).result().catch(() => undefined));
  const revoked = kernel.spawn(sleeper, null);
  kernel.revoke(revoked.id, 'not needed');
  await until(kernel.stop());
  return { store, snapshot: kernel.snapshot(), time, logId: kernel.logId };
}

function copyOf(store: MemoryLogStore, length = Infinity): MemoryLogStore {
  return new MemoryLogStore({ bytes: store.bytes().slice(0, length), codec: nodePorts.codec });
}

describe('a log whose agents have ended', () => {
  test('is taken up again, with all that was in it', async () => {
    const { store, snapshot, time, logId } = await finishedLog();
    const { kernel, until, rejection } = await boot({ ...setup, log: store, time });
    expect(kernel.snapshot()).toEqual(snapshot);
    expect(kernel.snapshot()).toMatchObject({
      agents: [{ id: 'writer-1', state: 'TERMINATED', memory: { wrote: { text: 'hello' } } }, { state: 'FAULTED' }, { state: 'TERMINATED', isRevoked: true }],
      shared: { team: { plan: { value: { steps: ['hello'] }, version: 1 } } },
    });
    expect(kernel.logId).toBe(logId);
    expect(await until(kernel.agent('writer-1').result())).toBe(5);
    expect((await rejection(kernel.agent('failing-1').result())).message).toContain('as ever');
    expect((await rejection(kernel.agent('sleeper-1').result())).code).toBe('TOKEN_INVALID');
  });

  test('goes on where it ended, under one chain', async () => {
    const { store, time } = await finishedLog();
    const before = (await entriesOf(store)).length;
    const { kernel, until } = await boot({ ...setup, log: store, time });
    keys.length = 0;
    expect(await until(kernel.spawn(reader, null, GRANTS).result())).toEqual({ value: { steps: ['hello'] }, version: 1, isChanged: false, next: 2 });
    expect(keys).toEqual([`${kernel.logId}/reader-1/1/0`]);
    expect(kernel.spawn(writer, 'again', GRANTS).id).toBe('writer-2');
    expect(() => kernel.spawn(writer, '', { id: 'writer-1' })).toThrow(expect.objectContaining({ code: 'AGENT_ALREADY_EXISTS' }));
    kernel.abandon('failing-1');
    expect(kernel.agent('failing-1').state).toBe('TERMINATED');
    await until(kernel.agent('writer-2').result().catch(() => undefined));
    await until(kernel.stop());
    const entries = await entriesOf(store);
    expect(kindsOf(entries)[before]).toBe('KERNEL_STARTED');
    expect(ofKind(entries, 'LOG_OPENED')).toHaveLength(1);
    expect(await verify(store, { pin: kernel.head })).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
  });

  test('says with what it was taken up each time', async () => {
    const { store, time } = await finishedLog();
    const newer = defineAgent('writer', function* () {
      return 'another program';
    }, { version: '2' });
    const { kernel, until } = await boot({ agents: [newer], log: store, time, maxStepsPerTick: 7 });
    await until(kernel.stop());
    const entries = await entriesOf(store);
    const [opened, started] = [ofKind(entries, 'LOG_OPENED')[0]!.data, ofKind(entries, 'KERNEL_STARTED')[0]!.data];
    expect(started.programs['writer']).toMatchObject({ version: '2' });
    expect(started.programs['writer']!.digest).not.toBe(opened.programs['writer']!.digest);
    expect(started.config).toMatchObject({ maxStepsPerTick: 7 });
    expect(started.configDigest).not.toBe(opened.configDigest);
  });
});

describe('a log with agents that have not ended', () => {
  test('is LOG_NEEDS_RECOVERY to who does not want to take them up, is left as it was, and given back', async () => {
    const store = new ControlledStore();
    const { kernel, until, time } = await boot({ ...setup, log: store });
    kernel.spawn(sleeper, null);
    kernel.spawn(sleeper, null);
    kernel.suspend('sleeper-2');
    await until(kernel.stop());
    const entries = await entriesOf(store);
    store.isClosed = false;
    await expect(boot({ ...setup, log: store, time, recover: false })).rejects.toMatchObject({
      code: 'LOG_NEEDS_RECOVERY',
      message: expect.stringContaining('2 agents that have not ended (sleeper-1, sleeper-2)'),
      details: { agents: ['sleeper-1', 'sleeper-2'] },
    });
    expect(store.isClosed).toBe(true);
    expect(await entriesOf(store)).toEqual(entries);
  });
});

describe('a log that a crash left', () => {
  test('with a torn last line is cut there, and says so after it was taken up', async () => {
    const { store, time } = await finishedLog();
    const { length } = store.bytes();
    const torn = copyOf(store, length - 40);
    const { kernel, until } = await boot({ ...setup, log: torn, time });
    await until(kernel.stop());
    const entries = await entriesOf(torn);
    expect(kindsOf(entries).slice(-2)).toEqual(['KERNEL_STARTED', 'LOG_TAIL_CUT']);
    const lines = new TextDecoder().decode(store.bytes()).split('\n');
    const lastLine = lines.at(-2)!.length + 1;
    expect(ofKind(entries, 'LOG_TAIL_CUT')[0]?.data).toEqual({ segment: 'memory', byteOffset: length - lastLine, byteCount: lastLine - 40 });
  });

  test('with nothing but a torn header starts anew', async () => {
    const { store } = await finishedLog();
    const torn = copyOf(store, 100);
    const { kernel, until } = await boot({ ...setup, log: torn });
    await until(kernel.stop());
    expect(kindsOf(await entriesOf(torn))).toEqual(['LOG_OPENED', 'LOG_TAIL_CUT']);
  });

  test('with damage anywhere else does not open, and says where', async () => {
    const { store } = await finishedLog();
    const bytes = store.bytes();
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    await expect(boot({ ...setup, log: new MemoryLogStore({ bytes, codec: nodePorts.codec }) })).rejects.toMatchObject({
      code: 'LOG_CORRUPT',
      details: { segment: 'memory', reason: expect.stringMatching(/MISMATCH|MALFORMED|MISSING/), busSeq: expect.any(Number), byteOffset: expect.any(Number) },
    });
  });
});

describe('what is no log of a kernel', () => {
  const { codec } = nodePorts;
  /** One line with a good chain, and whatever kind and data. */
  function logOf(kind: string, data: object): MemoryLogStore {
    const body = `{"busSeq":0,"time":1,"agent":null,"kind":"${kind}","data":${JSON.stringify(data)},"prev":"${'0'.repeat(64)}"`;
    return new MemoryLogStore({ bytes: codec.utf8(`${body},"hash":"${codec.sha256(body)}"}\n`), codec });
  }

  test.each<[string, string, object]>([
    ['has no header', 'SOMETHING', {}],
    ['has a newer format', 'LOG_OPENED', { format: 99, logId: 'x' }],
    ['has a header that names no log', 'LOG_OPENED', { format: 1 }],
  ])('%s, and is LOG_FORMAT_UNSUPPORTED', async (_name, kind, data) => {
    await expect(boot({ log: logOf(kind, data) })).rejects.toMatchObject({ code: 'LOG_FORMAT_UNSUPPORTED' });
  });

  test('is empty, or shorter than one thinks, and is LOG_NOT_FOUND for who looks into it', async () => {
    await expect(inspect(new MemoryLogStore())).rejects.toMatchObject({ code: 'LOG_NOT_FOUND' });
    const { store } = await finishedLog();
    await expect(inspect(store, { at: 10_000 })).rejects.toMatchObject({ code: 'LOG_NOT_FOUND', message: expect.stringMatching(/ends at busSeq \d+/) });
    expect((await inspect(store, { at: 0 })).agents).toEqual([]);
  });
});
