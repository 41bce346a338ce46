/**
 * The suites that the kernel's contracts ship with. They import no test runner: they are given `test`.
 *
 *     logStoreConformance({ test, create: () => new MyStore(newPlace()), reopen: ({ place }) => new MyStore(place) });
 */
import assert from 'node:assert/strict';
import { GENESIS_HASH, LOG_FORMAT_VERSION, nodePorts, readEntries, verify, type LogBatch, type LogStore } from '@omnipaw/kernel';

export interface LogStoreConformance<Store extends LogStore> {
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  /** Makes a store over empty storage of its own; it is not open yet. */
  readonly create: () => Store | Promise<Store>;
  /** Makes another store over what the first has stored. */
  readonly reopen: (store: Store) => Store | Promise<Store>;
  /** Makes another store over what the first has stored, with these bytes after it, as a crash in the middle of a write leaves them. */
  readonly reopenTorn?: (store: Store, rest: Uint8Array) => Store | Promise<Store>;
  /** Whether the second store reaches the same storage while the first is open, and so must be refused. */
  readonly isExclusive?: boolean;
  /** Makes every write to the storage fail from now on, as a broken disk would. */
  readonly breakWrites?: (store: Store) => void | Promise<void>;
}

/** What every {@link LogStore} promises, as tests. */
export function logStoreConformance<Store extends LogStore>(options: LogStoreConformance<Store>): void {
  appending(options);
  reading(options);
  opening(options);
  if (options.reopenTorn !== undefined) tearing(options, options.reopenTorn);
  if (options.isExclusive === true) exclusion(options);
  if (options.breakWrites !== undefined) failing(options, options.breakWrites);
}

function appending<Store extends LogStore>({ test, create }: LogStoreConformance<Store>): void {
  test('what was appended is read back byte for byte, in order', async () => {
    const { store, chain } = await opened(create);
    for (const count of [1, 2, 30, 1, 500]) await store.append(chain.batch(count));
    assert.deepEqual(await contentOf(store), chain.content());
    await store.close();
  });

  test('a large batch is stored whole, with a line larger than any buffer', async () => {
    const { store, chain } = await opened(create);
    await store.append(chain.batch(1, 3_500_000));
    await store.append(chain.batch(3_000, 1_000));
    assert.deepEqual(await contentOf(store), chain.content());
    await assertIntact(store, chain);
    await store.close();
  });

  test('a batch that does not start where the log ends is a TypeError and changes nothing', async () => {
    const { store, chain } = await opened(create);
    const first = chain.batch(3);
    await store.append(first);
    await assert.rejects(store.append(first), TypeError);
    const skipped = new Chain(chain.nextSeq + 1, chain.head).batch(1);
    await assert.rejects(store.append(skipped), TypeError);
    await store.append(chain.batch(1));
    assert.deepEqual(await contentOf(store), chain.content());
    await store.close();
  });

  test('a batch that is not made of whole lines is a TypeError and changes nothing', async () => {
    const { store, chain } = await opened(create);
    const batch = chain.batch(2);
    const bad = [{ bytes: batch.bytes.subarray(0, -1) }, { bytes: new Uint8Array() }, { lastSeq: -1 }, { lastSeq: 0.5 }];
    for (const difference of bad) await assert.rejects(store.append({ ...batch, ...difference }), TypeError);
    await store.append(batch);
    assert.deepEqual(await contentOf(store), chain.content());
    await store.close();
  });

  test('the caller may use its buffer again once the append is done', async () => {
    const { store, chain } = await opened(create);
    const batch = chain.batch(2);
    const scratch = { ...batch, bytes: new Uint8Array(batch.bytes) };
    await store.append(scratch);
    scratch.bytes.fill(0);
    assert.deepEqual(await contentOf(store), chain.content());
    await store.close();
  });
}

function reading<Store extends LogStore>({ test, create }: LogStoreConformance<Store>): void {
  test('a new log reads as nothing', async () => {
    const { store } = await opened(create);
    assert.equal((await contentOf(store)).length, 0);
    await store.close();
  });

  test('reading from an entry on gives that entry and all after it', async () => {
    const { store, chain } = await opened(create);
    for (let count = 0; count < 20; count++) await store.append(chain.batch(5));
    for (const fromSeq of [0, 1, 50, 99, 100, 1000]) {
      const found: number[] = [];
      for await (const { busSeq } of readEntries(store, { fromSeq })) found.push(busSeq);
      assert.deepEqual(found, Array.from({ length: Math.max(100 - fromSeq, 0) }, (_, index) => fromSeq + index));
    }
    await store.close();
  });

  test('a reader sees whole entries up to some point while others are appended', async () => {
    const { store, chain } = await opened(create);
    await store.append(chain.batch(1_000, 3_000));
    const found: number[] = [];
    for await (const { busSeq } of readEntries(store)) {
      if (busSeq % 100 === 0) await store.append(chain.batch(1));
      found.push(busSeq);
    }
    assert.ok(found.length >= 1_000);
    assert.deepEqual(found, Array.from(found.keys()));
    await store.close();
  });

  test('a closed log can be read', async () => {
    const { store, chain } = await opened(create);
    await store.append(chain.batch(3));
    await store.close();
    await assertIntact(store, chain);
  });
}

function opening<Store extends LogStore>({ test, create, reopen }: LogStoreConformance<Store>): void {
  test('a new log starts at entry 0 with the genesis hash', async () => {
    const store = await create();
    assert.deepEqual(await store.open(), { nextSeq: 0, head: GENESIS_HASH });
    await store.close();
  });

  test('a log goes on where it ended, time after time', async () => {
    const { store: first, chain } = await opened(create);
    await first.close();
    for (let store = first, round = 0; round < 4; round++) {
      store = await reopen(store);
      assert.deepEqual(await store.open(), { nextSeq: chain.nextSeq, head: chain.head });
      await store.append(chain.batch(round + 1));
      assert.deepEqual(await contentOf(store), chain.content());
      await store.close();
    }
  });

  test('the same store can be opened again after it was closed', async () => {
    const { store, chain } = await opened(create);
    await store.append(chain.batch(2));
    await store.close();
    assert.deepEqual(await store.open(), { nextSeq: 2, head: chain.head });
    await store.append(chain.batch(1));
    assert.deepEqual(await contentOf(store), chain.content());
    await store.close();
  });

  test('closing twice is harmless', async () => {
    const { store } = await opened(create);
    await Promise.all([store.close(), store.close()]);
    await store.close();
  });

  test('an append before opening or after closing is a TypeError', async () => {
    const store = await create();
    const batch = new Chain().batch(1);
    await assert.rejects(store.append(batch), TypeError);
    await store.open();
    await store.close();
    await assert.rejects(store.append(batch), TypeError);
  });
}

function tearing<Store extends LogStore>(
  { test, create }: LogStoreConformance<Store>,
  reopenTorn: (store: Store, rest: Uint8Array) => Store | Promise<Store>,
): void {
  test('opening reports a torn tail and changes nothing; the first append cuts it off', async () => {
    const { store: first, chain } = await opened(create);
    await first.append(chain.batch(2));
    await first.close();
    const rest = nodePorts.codec.utf8('{"busSeq":2,"ti');
    const store = await reopenTorn(first, rest);
    for (let attempt = 0; attempt < 2; attempt++) {
      const { nextSeq, head, tornTail } = await store.open();
      assert.deepEqual({ nextSeq, head, byteCount: tornTail?.byteCount }, { nextSeq: 2, head: chain.head, byteCount: rest.length });
      assert.deepEqual(await contentOf(store), Buffer.concat([chain.content(), rest]));
      await store.close();
    }
    await store.open();
    await store.append(chain.batch(1));
    assert.deepEqual(await contentOf(store), chain.content());
    await store.close();
    assert.deepEqual(await store.open(), { nextSeq: 3, head: chain.head });
    await store.close();
  });
}

function exclusion<Store extends LogStore>({ test, create, reopen }: LogStoreConformance<Store>): void {
  test('a second writer is refused while the first is there, and changes nothing', async () => {
    const { store, chain } = await opened(create);
    const rival = await reopen(store);
    await assert.rejects(rival.open(), { code: 'LOG_LOCKED' });
    await rival.close();
    await store.append(chain.batch(1));
    await store.close();
    assert.deepEqual(await rival.open(), { nextSeq: 1, head: chain.head });
    await rival.close();
  });

  test('opening an open store again is refused', async () => {
    const { store } = await opened(create);
    await assert.rejects(store.open(), { code: 'LOG_LOCKED' });
    await store.close();
  });
}

function failing<Store extends LogStore>(
  { test, create }: LogStoreConformance<Store>,
  breakWrites: (store: Store) => void | Promise<void>,
): void {
  test('after a failed append every append is refused with the same error', async () => {
    const { store, chain } = await opened(create);
    await store.append(chain.batch(1));
    await breakWrites(store);
    const batch = chain.batch(1);
    const failure: unknown = await store.append(batch).catch((error: unknown) => error);
    assert.equal((failure as { code?: unknown }).code, 'LOG_WRITE_FAILED');
    assert.notEqual((failure as Error).cause, undefined);
    await assert.rejects(store.append(batch), (error) => error === failure);
    await assert.rejects(store.append(chain.batch(1)), (error) => error === failure);
    await store.close();
  });
}

/** Entries for a log, each linked to the one before, and the bytes that they should have become. */
class Chain {
  readonly #bytes: Uint8Array[] = [];
  nextSeq: number;
  head: string;

  constructor(nextSeq = 0, head = GENESIS_HASH) {
    this.nextSeq = nextSeq;
    this.head = head;
  }

  batch(count: number, textLength = 20): LogBatch {
    const firstSeq = this.nextSeq;
    const lines = Array.from({ length: count }, () => this.#line('§'.repeat(textLength)));
    const bytes = nodePorts.codec.utf8(lines.join(''));
    this.#bytes.push(bytes);
    return { firstSeq, lastSeq: this.nextSeq - 1, bytes };
  }

  /** All bytes so far. */
  content(): Buffer {
    return Buffer.concat(this.#bytes);
  }

  #line(text: string): string {
    const kind = this.nextSeq === 0 ? 'LOG_OPENED' : 'SUITE_ENTRY';
    const data = JSON.stringify({ format: LOG_FORMAT_VERSION, text });
    const body = `{"busSeq":${this.nextSeq++},"time":1790000000000,"agent":null,"kind":"${kind}","data":${data},"prev":"${this.head}"`;
    this.head = nodePorts.codec.sha256(body);
    return `${body},"hash":"${this.head}"}\n`;
  }
}

async function opened<Store extends LogStore>(create: () => Store | Promise<Store>): Promise<{ store: Store; chain: Chain }> {
  const store = await create();
  await store.open();
  return { store, chain: new Chain() };
}

async function contentOf(store: LogStore): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const { bytes } of store.read()) pieces.push(bytes);
  return Buffer.concat(pieces);
}

async function assertIntact(store: LogStore, chain: Chain): Promise<void> {
  const verdict = await verify(store, { pin: chain.head });
  assert.deepEqual(verdict, {
    integrity: 'INTACT',
    completeness: 'COMPLETE',
    entries: chain.nextSeq,
    head: chain.head,
    pinnedAt: chain.nextSeq - 1,
  });
}
