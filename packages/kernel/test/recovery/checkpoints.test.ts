import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createKernel, defineAgent, defineTool, FileLogStore, MemoryLogStore, nodePorts, unchecked, type Extension, type KernelConfig, type KnownEntry, type LogChunk, type LogPlace, type LogStore, type OmniError, type OmniKernel } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { hashOf, logOf, rechained, storedLines } from '../logging/test-chain.js';
import { temporaryDirectory } from '../node/temporary-directory.js';
import { boot, entriesOf } from '../support/index.js';

const echo = defineTool({ name: 'echo', description: '', idempotent: true, input: unchecked<{ n: number }>(), run: ({ n }) => n });
/** Counts, and then waits for somebody. */
const counter = defineAgent('counter', function* (ctx, upTo: number) {
  let sum = 0;
  for (let n = 0; n < upTo; n++) sum += yield* ctx.tool(echo, { n });
  const { body } = yield* ctx.receive();
  return [sum, body];
});
const cast = { agents: [counter], tools: [echo] };

let time: VirtualTime;
beforeEach(() => { time = new VirtualTime(); });

/** A log that an agent has come some way in, with its checkpoint. */
async function partly(config: Partial<Omit<KernelConfig, 'log'>> = {}, upTo = 10): Promise<MemoryLogStore> {
  const { kernel, store, until } = await boot({ ...cast, checkpoints: { everyEntries: 1 }, ...config, time });
  kernel.spawn(counter, upTo, { id: 'counter', grants: ['call:echo'] });
  await time.advance(1_000);
  await until(kernel.stop());
  return store;
}

async function copyOf(log: MemoryLogStore, checkpoint: Uint8Array | undefined): Promise<MemoryLogStore> {
  const copy = new MemoryLogStore({ bytes: log.bytes(), codec: nodePorts.codec });
  if (checkpoint !== undefined) await copy.checkpoints.save(checkpoint);
  return copy;
}

/** How the agent ends when the log is opened again, and what was reported. */
async function goOn(log: MemoryLogStore, config: Partial<Omit<KernelConfig, 'log'>> = {}): Promise<{ result: unknown; problems: string[] }> {
  const { kernel, problems, until } = await boot({ ...cast, ...config, log, time });
  kernel.send('counter', 'go on');
  const result = await until(kernel.agent('counter').result());
  await until(kernel.stop());
  return { result, problems: problems.map(({ code, message }) => `${code}: ${message}`) };
}

const RESULT = [45, 'go on'];

describe('a checkpoint', () => {
  test('is used without a word', async () => {
    const log = await partly();
    expect(await log.checkpoints.load()).toBeDefined();
    expect(await goOn(log)).toEqual({ result: RESULT, problems: [] });
  });

  test.each<[name: string, change: (bytes: Uint8Array) => Uint8Array, because: string]>([
    ['of which a byte has changed', (bytes) => bytes.map((byte, at) => (at === bytes.length - 40 ? byte ^ 1 : byte)), 'its checksum does not fit'],
    ['that is cut off', (bytes) => bytes.subarray(0, bytes.length - 10), 'its checksum does not fit'],
    ['that is cut off in its header', (bytes) => bytes.subarray(0, 20), 'it is damaged'],
    ['that is empty', () => new Uint8Array(), 'it is damaged'],
    ['that is no text', (bytes) => bytes.map(() => 0xff), 'it is damaged'],
    ['of another version of the kernel', (bytes) => edited(bytes, (header) => { header['kernelVersion'] = '9.9.9'; }), 'another version'],
    ['of another form', (bytes) => edited(bytes, (header) => { header['checkpoint'] = 99; }), 'another version'],
    ['of an extension that is not here', (bytes) => edited(bytes, (header) => { header['extensions'] = [['ledger', '1']]; }), 'another version'],
    ['of another entry', (bytes) => edited(bytes, (header) => { header['known'] = { ...(header['known'] as object), hash: '0'.repeat(64) }; }), 'its checksum does not fit'],
  ])('%s is ignored, and that is reported', async (_name, change, because) => {
    const log = await partly();
    const { result, problems } = await goOn(await copyOf(log, change((await log.checkpoints.load())!)));
    expect(result).toEqual(RESULT);
    expect(problems).toEqual([expect.stringMatching(/^CHECKPOINT_IGNORED: .*The log is folded from its beginning instead\.$/)]);
    expect(problems[0]).toContain(because);
  });

  test('of another log is ignored', async () => {
    const [log, another] = [await partly(), await partly()];
    const { result, problems } = await goOn(await copyOf(log, await another.checkpoints.load()));
    expect([result, problems]).toEqual([RESULT, [expect.stringContaining('the log is not the one') as string]]);
  });

  test('of a longer log, of which the end is lost, is ignored', async () => {
    const [log, longer] = [await partly({ checkpoints: false }, 10), await partly({}, 500)];
    const { result, problems } = await goOn(await copyOf(log, await longer.checkpoints.load()));
    expect([result, problems]).toEqual([RESULT, [expect.stringContaining('CHECKPOINT_IGNORED') as string]]);
  });

  test('is neither written nor read if there are to be none', async () => {
    const log = await partly({ checkpoints: false });
    expect(await log.checkpoints.load()).toBeUndefined();
    const damaged = await copyOf(log, new Uint8Array([1, 2, 3]));
    expect(await goOn(damaged, { checkpoints: false })).toEqual({ result: RESULT, problems: [] });
    expect(await damaged.checkpoints.load()).toEqual(new Uint8Array([1, 2, 3]));
  });

  test.each<[name: string, isKept: boolean, projection: Partial<Required<Extension>['projection']>]>([
    ['is written with an extension that gives its state', true, { save: () => 1, load: () => undefined }],
    ['is not written with one that does not', false, {}],
    ['is not written with one that can not take it back', false, { save: () => 1 }],
  ])('%s', async (_name, isKept, projection) => {
    const log = await partly({ extensions: [{ name: 'ledger', projection: { apply: () => undefined, ...projection } }] });
    expect((await log.checkpoints.load()) !== undefined).toBe(isKept);
  });

  test('gives an extension its state back, and folds what came after it', async () => {
    const counts: number[] = [];
    const ledger = (): Extension => {
      let count = 0;
      return { name: 'ledger', projection: { apply: () => { count++; }, save: () => count, load: (saved) => { counts.push(saved as number); count = saved as number; } }, guard: { review: () => { counts.push(count); return undefined; } } };
    };
    const log = await partly({ extensions: [ledger()] });
    const before = (await entriesOf(log)).length;
    counts.length = 0;
    await goOn(log, { extensions: [ledger()] });
    expect(counts[0]).toBe(before);
  });

  test.each(['AGENT_COMPLETED', 'MEMORY_SET', 'TOOL_CALLED', 'AGENT_SPAWNED'])('is not written in the middle of a step, by a kernel that is stopped at a %s', async (kind) => {
    const noter = defineAgent('noter', function* (ctx) {
      const echoed = yield* ctx.tool(echo, { n: 1 });
      yield* ctx.memory.set('echoed', echoed);
      return yield* ctx.memory.get('echoed');
    });
    const config = { agents: [noter], tools: [echo], checkpoints: { everyEntries: 20 }, time };
    const { kernel, store, until } = await boot(config);
    let stopped: Promise<void> | undefined;
    kernel.subscribe((entry) => { if (entry.kind === kind) stopped ??= kernel.stop(); });
    kernel.spawn(noter, null, { id: 'noter', grants: ['call:echo'] });
    await time.advance(100);
    await until(stopped ?? kernel.stop());
    const again = await boot({ ...config, log: store });
    expect(await until(again.kernel.agent('noter').result())).toBe(1);
    expect(again.problems).toEqual([]);
  });

  test.each<[string, (state: Record<string, unknown>) => unknown]>([
    ['nothing', () => ({})],
    ['null', () => null],
    ['a part under another name', ({ processes, ...state }) => ({ ...state, progresses: processes })],
    ['a part of another form', (state) => ({ ...state, agents: null })],
  ])('whose state is %s, although its checksum fits, is ignored, and that is reported', async (_name, change) => {
    const log = await partly();
    const { result, problems } = await goOn(await copyOf(log, withState((await log.checkpoints.load())!, change)));
    expect(result).toEqual(RESULT);
    expect(problems).toEqual([expect.stringMatching(/^CHECKPOINT_IGNORED: .*no kernel can go on from it/)]);
  });

  test('does not hide that the log is a fork that was cut off, which is given back', async () => {
    const log = await partly();
    const checkpoint = (await log.checkpoints.load())!;
    const parent = { logId: 'a', busSeq: 1_000, hash: 'a'.repeat(64) };
    // As if a kernel had gone on in it, and kept a checkpoint.
    const lines = rechained(storedLines(log).map((line, index) => (index === 0 ? line.replace('"mode":"LIVE"', `"mode":"LIVE","parent":${JSON.stringify(parent)}`) : line)));
    const half = logOf(lines);
    await half.checkpoints.save(rewritten(checkpoint, (known) => ({ ...known, byteOffset: Buffer.byteLength(lines.slice(0, known.busSeq).join('')), hash: hashOf(lines[known.busSeq]!) })));
    const problems: OmniError[] = [];
    for (let time = 0; time < 2; time++) {
      await expect(createKernel({ ...cast, log: half, onProblem: (problem) => { problems.push(problem); } })).rejects.toMatchObject({ code: 'FORK_INCOMPLETE' });
    }
    expect(problems).toEqual([]);
  });

  test('of which the histories are of no use is not made the ground of the next one', async () => {
    const log = await partly();
    await log.checkpoints.save(withLines((await log.checkpoints.load())!, (lines) => lines.map((line, index) => (index === 2 ? line.slice(0, -1) : line))));
    const found: string[][] = [];
    for (let life = 0; life < 2; life++) {
      const { kernel, problems, until } = await boot({ ...cast, checkpoints: { everyEntries: 1 }, log, time });
      await until(kernel.stop());
      found.push(problems.map(({ code }) => code));
    }
    expect(found).toEqual([['CHECKPOINT_IGNORED'], []]);
    expect(await goOn(log)).toEqual({ result: RESULT, problems: [] });
  });

  test('that can not be written is reported, and missed by nobody', async () => {
    const store = new MemoryLogStore();
    const full: LogStore = {
      open: (known) => store.open(known), append: (batch) => store.append(batch), read: (from) => store.read(from), close: () => store.close(),
      checkpoints: { load: () => Promise.reject(new Error('unreadable')), save: () => Promise.reject(new Error('disk full')) },
    };
    const { kernel, problems, until } = await boot<LogStore>({ ...cast, checkpoints: { everyEntries: 1 }, log: full, time });
    const handle = kernel.spawn(counter, 10, { id: 'counter', grants: ['call:echo'] });
    kernel.send('counter', 'go on');
    expect(await until(handle.result())).toEqual(RESULT);
    await until(kernel.stop());
    expect(problems.length).toBeGreaterThan(0);
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['CHECKPOINT_IGNORED', 'EXTENSION_FAILED']));
  });

  test.each([0, -1, 1.5, Number.NaN, '10'])('every %s entries is refused', async (everyEntries) => {
    await expect(createKernel({ log: new MemoryLogStore(), checkpoints: { everyEntries: everyEntries as number } })).rejects.toThrow(TypeError);
  });
});

/** The header with a change; the body as it is. */
function edited(bytes: Uint8Array, change: (header: Record<string, unknown>) => void): Uint8Array {
  const [header = '', ...body] = new TextDecoder().decode(bytes).split('\n');
  const fields = JSON.parse(header) as Record<string, unknown>;
  change(fields);
  return new TextEncoder().encode([JSON.stringify(fields), ...body].join('\n'));
}

/** With another state, and the checksum of that. */
function withState(bytes: Uint8Array, change: (state: Record<string, unknown>) => unknown): Uint8Array {
  return withBody(bytes, ([state = '', ...lines]) => [JSON.stringify(change(JSON.parse(state) as Record<string, unknown>)), ...lines]);
}

/** With other histories, and the checksum of that. */
function withLines(bytes: Uint8Array, change: (lines: readonly string[]) => readonly string[]): Uint8Array {
  return withBody(bytes, ([state = '', ...lines]) => [state, ...change(lines)]);
}

function withBody(bytes: Uint8Array, change: (body: readonly string[]) => readonly string[]): Uint8Array {
  const { header, body } = opened(bytes);
  return sealed(header, change(body));
}

/** Without its checksum. */
function opened(bytes: Uint8Array): { readonly header: Readonly<Record<string, unknown>>; readonly body: readonly string[] } {
  const [first = '', ...body] = new TextDecoder().decode(bytes).split('\n');
  const header = JSON.parse(first) as Record<string, unknown>;
  delete header['sha256'];
  return { header, body };
}

/** With the checksum that fits. */
function sealed(header: Readonly<Record<string, unknown>>, body: readonly string[]): Uint8Array {
  const { utf8, sha256 } = nodePorts.codec;
  const text = body.join('\n');
  return utf8(`${JSON.stringify({ ...header, sha256: sha256(`${JSON.stringify(header)}\n${sha256(text)}`) })}\n${text}`);
}

/** A checkpoint of the same state after another entry, with a checksum that fits. */
function rewritten(bytes: Uint8Array, change: (known: KnownEntry) => KnownEntry): Uint8Array {
  const { header, body } = opened(bytes);
  return sealed({ ...header, known: change(header['known'] as KnownEntry) }, body);
}

/** A log in a directory that counts what is read of it. */
class CountingStore extends FileLogStore {
  bytesRead = 0;

  override async *read(from?: number | LogPlace): AsyncGenerator<LogChunk> {
    for await (const chunk of super.read(from)) {
      this.bytesRead += chunk.bytes.length;
      yield chunk;
    }
  }
}

describe('a log in a directory', () => {
  /** What was read of a log to open it and let it go on. */
  async function openAndCount(directory: string, use: (kernel: OmniKernel) => Promise<void> = () => Promise.resolve()): Promise<{ bytesRead: number; entryCount: number }> {
    const log = new CountingStore(directory, { segmentBytes: 20_000 });
    const kernel = await createKernel({ ...cast, log, onProblem: () => undefined });
    const { bytesRead } = log;
    await use(kernel);
    await kernel.stop();
    return { bytesRead, entryCount: kernel.entryCount };
  }

  const count = (upTo: number) => async (kernel: OmniKernel): Promise<void> => {
    const handle = kernel.spawn(counter, upTo, { grants: ['call:echo'] });
    kernel.send(handle.id, 'go on');
    await handle.result();
  };

  test('goes on without a checkpoint that can not be written, and says so by a code of its own', async () => {
    const directory = temporaryDirectory();
    const problems: OmniError[] = [];
    mkdirSync(`${directory}/checkpoint.tmp/in-the-way`, { recursive: true });
    const kernel = await createKernel({ ...cast, log: new FileLogStore(directory), checkpoints: { everyEntries: 10 }, onProblem: (problem) => { problems.push(problem); } });
    await count(20)(kernel);
    await kernel.stop();
    expect(problems[0]).toMatchObject({ code: 'CHECKPOINT_FAILED', cause: expect.any(Error) as Error });
    expect(new Set(problems.map(({ code }) => code)).size).toBe(1);
  });

  test('has a file beside its segments, and is read from there on, however long it is', async () => {
    const directory = temporaryDirectory();
    const kernel = await createKernel({ ...cast, log: new FileLogStore(directory, { segmentBytes: 20_000 }), checkpoints: { everyEntries: 100 } });
    await count(400)(kernel);
    await kernel.stop();
    expect(existsSync(`${directory}/checkpoint`)).toBe(true);
    const opened = await openAndCount(directory);
    expect(opened.entryCount).toBeGreaterThan(800);
    // The first segment for the header, the last entry twice (its end, and what comes after it), and nothing of the 200 kB between.
    expect(opened.bytesRead).toBeLessThan(25_000);
    expect((await openAndCount(directory)).bytesRead).toBeGreaterThan(opened.bytesRead);

    const checkpoint = readFileSync(`${directory}/checkpoint`);
    checkpoint[checkpoint.length - 5]! ^= 1;
    writeFileSync(`${directory}/checkpoint`, checkpoint);
    expect((await openAndCount(directory)).bytesRead).toBeGreaterThan(150_000);
  });
});
