/** A kernel that signs the heads of its log while it runs. */
import { attest, FileHeadStore, verifyAttested, type AttestOptions, type HeadSigner, type HeadStore } from '@omnipaw/attest';
import { createKernel, defineAgent, FileLogStore, type MemoryLogStore } from '@omnipaw/kernel';
import { ControlledStore } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf, type Booted } from '../../kernel/test/support/index.js';
import { temporaryDirectory } from '../../kernel/test/node/temporary-directory.js';
import { logOf, rechained, storedLines } from '../../kernel/test/logging/test-chain.js';
import { keys, MemoryHeadStore, prefix, signer } from './signed-logs.js';

const { publicKey } = keys;
const counter = defineAgent('counter', function* (ctx, count: number) {
  for (let step = 0; step < count; step++) yield* ctx.memory.set('step', step);
  return count;
});
const napper = defineAgent('napper', function* (ctx, count: number) {
  for (let step = 0; step < count; step++) yield* ctx.sleep(1);
  return count;
});
const agents = [counter, napper];

async function run({ kernel, until }: Booted<never> | Booted<MemoryLogStore> | Booted<ControlledStore>, count: number): Promise<void> {
  await until(kernel.spawn(napper, count).result());
}

async function verdictOn(log: MemoryLogStore, heads: MemoryHeadStore): Promise<string> {
  const { completeness, pinnedAt, entries } = await verifyAttested(log, { publicKey, heads: heads.heads });
  return `${completeness} ${pinnedAt === entries - 1 ? 'to the end' : `to ${String(pinnedAt)}`}`;
}

describe('a kernel with a signer', () => {
  test('signs the last head when it stops', async () => {
    const heads = new MemoryHeadStore();
    const booted = await boot({ agents, follow: attest({ signer, heads }) });
    await run(booted, 3);
    expect(heads.sizes).toEqual([]);
    await booted.until(booted.kernel.stop());
    expect(heads.sizes).toEqual([booted.kernel.entryCount]);
    expect(await verdictOn(booted.store, heads)).toBe('COMPLETE to the end');
    expect(booted.problems).toEqual([]);
  });

  test('signs one at each interval, all of which the log holds', async () => {
    const heads = new MemoryHeadStore();
    const booted = await boot({ agents, follow: attest({ signer, heads, everyEntries: 10 }) });
    await run(booted, 30);
    await booted.until(booted.kernel.stop());
    expect(heads.heads.length).toBeGreaterThanOrEqual(5);
    expect(heads.sizes).toEqual([...new Set(heads.sizes)].sort((one, other) => one - other));
    const gaps = heads.sizes.slice(1).map((size, index) => size - heads.sizes[index]!);
    expect(gaps.slice(0, -1).every((gap) => gap >= 10)).toBe(true);
    expect(await verdictOn(booted.store, heads)).toBe('COMPLETE to the end');
    for (const [index, size] of heads.sizes.entries()) {
      expect(await verifyAttested(prefix(booted.store, size), { publicKey, heads: [heads.heads[index]!] })).toMatchObject({ completeness: 'COMPLETE', pinnedAt: size - 1 });
    }
  });

  test('writes nothing else into its log than one without', async () => {
    const [plain, signing] = [await boot({ agents }), await boot({ agents, follow: attest({ signer, heads: new MemoryHeadStore(), everyEntries: 1 }) })];
    for (const booted of [plain, signing]) {
      await run(booted, 5);
      await booted.until(booted.kernel.stop());
    }
    expect(signing.store.bytes()).toEqual(plain.store.bytes());
  });

  test('hashes a large interval in small steps, and signs all of it', async () => {
    const heads = new MemoryHeadStore();
    const { kernel, until, store } = await boot({ agents, follow: attest({ signer, heads, everyEntries: 2_000 }) });
    await until(kernel.spawn(counter, 6_000).result());
    await until(kernel.stop());
    expect(await verdictOn(store, heads)).toBe('COMPLETE to the end');
  });

  test('never signs what is not durable', async () => {
    const heads = new MemoryHeadStore();
    const store = new ControlledStore();
    const { kernel, time, until } = await boot({ agents, log: store, follow: attest({ signer, heads, everyEntries: 1 }) });
    await time.settle();
    const before = heads.sizes.at(-1);
    store.hold();
    const result = kernel.spawn(counter, 20).result();
    await time.settle();
    expect(kernel.entryCount).toBeGreaterThan(20);
    expect([heads.sizes.at(-1), kernel.durableSeq + 1]).toEqual([before, before]);
    store.release();
    await until(result);
    await until(kernel.stop());
    expect(heads.sizes.at(-1)).toBe(kernel.entryCount);
  });

  test('signs what is durable of a log whose disk has failed', async () => {
    const heads = new MemoryHeadStore();
    const store = new ControlledStore();
    const { kernel, time, rejection } = await boot({ agents, log: store, follow: attest({ signer, heads }) });
    await time.settle();
    store.break();
    await rejection(kernel.spawn(counter, 2).result());
    await time.until(kernel.stop().catch(() => undefined));
    expect([store.durableSeq, heads.sizes]).toEqual([0, [1]]);
    expect(store.isClosed).toBe(true);
  });
});

describe('a log that is opened again', () => {
  async function twoRuns(between: (store: MemoryLogStore, heads: MemoryHeadStore) => MemoryLogStore, options: Partial<AttestOptions> = {}) {
    const heads = new MemoryHeadStore();
    const first = await boot({ agents, follow: attest({ signer, heads, ...options }) });
    await run(first, 4);
    await first.until(first.kernel.stop());
    const store = between(first.store, heads);
    const second = await boot({ agents, log: store, follow: attest({ signer, heads, ...options }) });
    await run(second, 4);
    await second.until(second.kernel.stop());
    return { heads, store, problems: second.problems, entries: second.kernel.entryCount };
  }

  test('goes on with the tree of what it holds', async () => {
    const { heads, store, problems, entries } = await twoRuns((store) => store);
    expect(problems).toEqual([]);
    expect(heads.sizes).toHaveLength(2);
    expect(heads.sizes[1]).toBe(entries);
    expect(await verdictOn(store, heads)).toBe('COMPLETE to the end');
    expect(kindsOf(await entriesOf(store))).toContain('KERNEL_STARTED');
  });

  test('goes on after a crash that left no last head', async () => {
    const { heads, store, problems } = await twoRuns((store, heads) => {
      heads.heads.length = 0;
      return store;
    }, { everyEntries: 3 });
    expect(problems).toEqual([]);
    expect(await verdictOn(store, heads)).toBe('COMPLETE to the end');
  });

  test('is signed on, wherever a crash has cut it off, entries of the recovery included', async () => {
    const before = new MemoryHeadStore();
    const first = await boot({ agents, follow: attest({ signer, heads: before, everyEntries: 2 }) });
    await run(first, 4);
    await first.until(first.kernel.stop());
    for (let count = 1; count < first.kernel.entryCount; count++) {
      const heads = new MemoryHeadStore();
      heads.heads.push(...before.heads.filter((_, index) => before.sizes[index]! <= count));
      const second = await boot({ agents, log: prefix(first.store, count), follow: attest({ signer, heads, everyEntries: 2 }) });
      const left = second.kernel.snapshot().agents.map(({ id }) => second.kernel.agent(id).result());
      await second.until(Promise.all(left));
      await second.until(second.kernel.stop());
      expect(second.problems).toEqual([]);
      expect(heads.sizes.at(-1)).toBe(second.kernel.entryCount);
      expect(await verdictOn(second.store, heads), `cut after ${count}`).toBe('COMPLETE to the end');
    }
  });

  test('is not signed again once it contradicts a head; the kernel goes on and says so', async () => {
    const { heads, store, problems, entries } = await twoRuns((store, heads) => {
      // Another log of the same id, as somebody makes it who rewrites the log.
      expect(heads.sizes.length).toBeGreaterThan(0);
      return logOf(rechained(storedLines(store).map((line) => line.replace('"input":4', '"input":5'))));
    }, { everyEntries: 3 });
    expect(problems.map(({ code }) => code)).toEqual(['HEAD_CONTRADICTED']);
    expect(heads.sizes.at(-1)).toBeLessThan(entries);
    expect(await verifyAttested(store, { publicKey, heads: heads.heads })).toMatchObject({ integrity: 'INTACT', completeness: 'INCOMPLETE' });
  });
});

describe('a head that nobody has signed', () => {
  test('keeps no kernel from signing, and is told', async () => {
    const heads = new MemoryHeadStore();
    const first = await boot({ agents, follow: attest({ signer, heads }) });
    await run(first, 4);
    await first.until(first.kernel.stop());
    const [signed = ''] = heads.heads;
    heads.heads.push(signed.replace(`\n${first.kernel.entryCount}\n`, '\n3\n'));
    const second = await boot({ agents, log: first.store, follow: attest({ signer, heads }) });
    await run(second, 4);
    await second.until(second.kernel.stop());
    expect(second.problems).toEqual([expect.objectContaining({ code: 'HEAD_INVALID' })]);
    expect(heads.sizes).toEqual([first.kernel.entryCount, 3, second.kernel.entryCount]);
    expect((await verifyAttested(second.store, { publicKey, heads: [heads.heads[2]!] })).completeness).toBe('COMPLETE');
  });
});

describe('heads that nobody can be asked for', () => {
  test.each([0, 3])('are caught up with from the log, however much was written meanwhile, after %i entries', async (before) => {
    const heads = new MemoryHeadStore();
    const first = await boot({ agents, follow: attest({ signer, heads }) });
    await run(first, before);
    await first.until(first.kernel.stop());

    let isAway = true;
    const away: HeadStore = { write: (head) => heads.write(head), read: () => (isAway ? Promise.reject(new Error('away')) : heads.read()) };
    const log = new ControlledStore(first.store);
    const { kernel, until, problems } = await boot({ agents, log, follow: attest({ signer, heads: away, everyEntries: 5_000 }) });
    for (let agent = 0; agent < 5; agent++) await until(kernel.spawn(counter, 5_000).result());
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['ATTESTATION_FAILED']));
    isAway = false;
    for (let agent = 0; agent < 3; agent++) await until(kernel.spawn(counter, 3_000).result());
    await until(kernel.stop());
    expect(heads.sizes.length).toBeGreaterThan(2);
    expect(heads.sizes.at(-1)).toBe(kernel.entryCount);
    expect(await verdictOn(first.store, heads)).toBe('COMPLETE to the end');
  });
});

describe('a head that takes its time', () => {
  test('keeps nobody waiting but the end of the kernel', async () => {
    let release: () => void = () => undefined;
    const heads = new MemoryHeadStore();
    const slow: HeadStore = {
      write: async (head) => {
        await new Promise<void>((resolve) => { release = resolve; });
        await heads.write(head);
      },
      read: () => heads.read(),
    };
    const booted = await boot({ agents, follow: attest({ signer, heads: slow, everyEntries: 1 }) });
    await run(booted, 10);
    expect(heads.sizes).toEqual([]);
    let isStopped = false;
    const stopping = booted.kernel.stop().then(() => { isStopped = true; });
    for (let heldBack = 0; heldBack < 2; heldBack++) {
      await booted.time.settle();
      expect(isStopped).toBe(false);
      release();
    }
    await booted.until(stopping);
    expect(heads.sizes).toEqual([1, booted.kernel.entryCount]);
  });
});

describe('a head that cannot be signed or kept', () => {
  test('is none where the log was changed under the kernel', async () => {
    const heads = new MemoryHeadStore();
    const first = await boot({ agents });
    await run(first, 2);
    await first.until(first.kernel.stop());
    const damaged = logOf(storedLines(first.store).map((line, index) => (index === 3 ? line.replace('"time":1', '"time":2') : line)));
    const store = new ControlledStore(first.store);
    const second = await boot({ agents, log: store, follow: attest({ signer, heads }) });
    store.read = () => damaged.read();
    await second.until(second.kernel.stop());
    expect(second.problems.map(({ code }) => code)).toEqual(['LOG_CORRUPT']);
    expect(heads.sizes).toEqual([]);
  });

  test('is reported and harms nobody; a later one is kept', async () => {
    const heads = new MemoryHeadStore();
    heads.failure = new Error('the other machine is away');
    const booted = await boot({ agents, follow: attest({ signer, heads, everyEntries: 10 }) });
    await run(booted, 12);
    expect(booted.problems[0]).toMatchObject({ code: 'ATTESTATION_FAILED' });
    expect(booted.problems[0]!.message).toContain('the other machine is away');
    heads.failure = undefined;
    await booted.until(booted.kernel.stop());
    expect(heads.sizes).toEqual([booted.kernel.entryCount]);
    expect(await verdictOn(booted.store, heads)).toBe('COMPLETE to the end');
  });

  test('is tried again at the end, even if nothing has come since', async () => {
    const heads = new MemoryHeadStore();
    heads.failure = new Error('away');
    const { kernel, time, problems } = await boot({ agents, follow: attest({ signer, heads, everyEntries: 1 }) });
    await time.settle();
    expect(problems).toHaveLength(1);
    heads.failure = undefined;
    await time.until(kernel.stop());
    expect(heads.sizes).toEqual([kernel.entryCount]);
  });

  test('leaves the kernel as it is where the signer throws', async () => {
    const broken: HeadSigner = { publicKey: signer.publicKey, sign: () => { throw new Error('no such device'); } };
    const booted = await boot({ agents, follow: attest({ signer: broken, heads: new MemoryHeadStore() }) });
    await run(booted, 2);
    await booted.until(booted.kernel.stop());
    expect(booted.problems.map(({ code }) => code)).toEqual(['ATTESTATION_FAILED']);
  });
});

describe('heads beside the log', () => {
  test('are kept for a log in a directory, and are no part of it', async () => {
    const directory = temporaryDirectory();
    const kernel = await createKernel({ log: new FileLogStore(directory), agents, follow: attest({ signer, everyEntries: 3 }) });
    await kernel.spawn(counter, 5).result();
    await kernel.stop();
    const beside = FileHeadStore.beside(directory);
    const heads = await beside.read();
    expect(Number(heads.at(-1)!.split('\n')[1])).toBe(kernel.entryCount);
    expect(await verifyAttested(new FileLogStore(directory), { publicKey, heads })).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE', pinnedAt: kernel.entryCount - 1 });
  });

  test('need a place of their own for any other log', async () => {
    await expect(boot({ agents, follow: attest({ signer }) })).rejects.toThrow('Pass a HeadStore');
    for (const everyEntries of [0, 1.5, Number.NaN]) {
      expect(() => attest({ signer, heads: new MemoryHeadStore(), everyEntries })).toThrow('whole number from 1');
    }
  });
});
