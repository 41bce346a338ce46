import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { logStoreConformance } from '@omnipaw/testing/conformance';
import { verify } from '../../src/logging/index.js';
import { FileLogReader, FileLogStore } from '../../src/node/index.js';
import { codec, TestChain } from '../logging/test-chain.js';
import { temporaryDirectory } from './temporary-directory.js';

afterEach(() => void vi.restoreAllMocks());

describe('FileLogStore as a LogStore', () => {
  logStoreConformance({
    test,
    create: () => new FileLogStore(temporaryDirectory()),
    reopen: ({ directory }) => new FileLogStore(directory),
    reopenTorn: ({ directory }, rest) => {
      fs.appendFileSync(join(directory, segmentsIn(directory).at(-1)!), rest);
      return new FileLogStore(directory);
    },
    isExclusive: true,
    breakWrites: () => void failSync('EIO'),
  });
});

describe('FileLogStore with a segment for each batch, as a LogStore', () => {
  const segmentBytes = 1;
  logStoreConformance({
    test,
    create: () => new FileLogStore(temporaryDirectory(), { segmentBytes }),
    reopen: ({ directory }) => new FileLogStore(directory, { segmentBytes }),
    reopenTorn: ({ directory }, rest) => {
      fs.appendFileSync(join(directory, segmentsIn(directory).at(-1)!), rest);
      return new FileLogStore(directory, { segmentBytes });
    },
    isExclusive: true,
    breakWrites: () => void failSync('EIO'),
  });
});

describe('opening', () => {
  test('a directory that is not there is made, with all that leads to it', async () => {
    const directory = join(temporaryDirectory(), 'deep', 'er');
    const store = new FileLogStore(directory);
    await expect(store.open()).resolves.toMatchObject({ nextSeq: 0 });
    expect(segmentsIn(directory)).toEqual([segment(0)]);
    await store.close();
    expect(fs.readdirSync(directory)).toEqual([segment(0)]);
  });

  describe.runIf(process.platform === 'linux')('a directory that no system makes', () => {
    test('is refused', async () => {
      await expect(new FileLogStore('/proc/omnipaw/deep/er').open()).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED', details: { systemCode: 'ENOENT' } });
    });
  });

  test('a torn last line is reported and left alone until the first append, at whatever byte it was torn', async () => {
    const { directory, chain } = await logWith({ batches: 2 });
    const file = join(directory, segment(0));
    const byteOffset = fs.statSync(file).size;
    const end = { nextSeq: 2, head: chain.head };
    const torn = codec.utf8(chain.line());
    for (let byteCount = 1; byteCount < torn.length; byteCount += 7) {
      fs.appendFileSync(file, torn.subarray(0, byteCount));
      const store = new FileLogStore(directory);
      await expect(store.open()).resolves.toEqual({ ...end, tornTail: { segment: segment(0), byteOffset, byteCount } });
      await store.close();
      expect(fs.statSync(file).size).toBe(byteOffset + byteCount);
      await expect(store.open()).resolves.toMatchObject({ tornTail: { byteOffset, byteCount } });
      const batch = new TestChain(end).batch(1);
      await store.append(batch);
      await store.close();
      expect(fs.readFileSync(file).subarray(byteOffset).equals(batch.bytes)).toBe(true);
      fs.truncateSync(file, byteOffset);
    }
  });

  test('a torn tail at the end of a full segment is cut off before the next segment is started', async () => {
    const { directory, chain } = await logWith({ batches: 2, segmentBytes: 1 });
    fs.appendFileSync(join(directory, segment(1)), '{"bus');
    const store = new FileLogStore(directory, { segmentBytes: 1 });
    await store.open();
    await store.append(chain.batch(1));
    await store.close();
    expect(await verdict(directory)).toMatchObject({ integrity: 'INTACT', entries: 3 });
    expect(segmentsIn(directory)).toHaveLength(3);
  });

  test('a torn tail that grows after opening was no tail, and is not cut off', async () => {
    const { directory, chain } = await logWith({ batches: 2 });
    const file = join(directory, segment(0));
    fs.appendFileSync(file, '{"bus');
    const store = new FileLogStore(directory);
    await store.open();
    fs.appendFileSync(file, 'Seq":');
    await expect(store.append(chain.batch(1))).rejects.toMatchObject({ code: 'LOG_FENCED' });
    await store.close();
    expect(fs.readFileSync(file, 'utf8')).toMatch(/\n\{"busSeq":$/);
  });

  test.each([Number.NaN, 0, -1, 1.5, Infinity, '64' as unknown as number])('%s is no size of a segment', (segmentBytes) => {
    expect(() => new FileLogStore(temporaryDirectory(), { segmentBytes })).toThrow(TypeError);
  });

  test('a log is the same log after a torn tail was cut off and more was appended', async () => {
    const { directory, chain } = await logWith({ batches: 3, segmentBytes: 1 });
    fs.appendFileSync(join(directory, segment(2)), '{"busSeq":3,"ti\0\0\0\0');
    const store = new FileLogStore(directory);
    await store.open();
    await store.append(chain.batch(2));
    await store.close();
    expect(await verdict(directory)).toMatchObject({ integrity: 'INTACT', entries: 5, head: chain.head });
  });

  test('what a power cut leaves of a new segment is gone on with: nothing, or a part of its first line', async () => {
    for (const rest of ['', '{"busSeq":3', '\0'.repeat(4096)]) {
      const { directory, chain } = await logWith({ batches: 3 });
      fs.writeFileSync(join(directory, segment(3)), rest);
      const store = new FileLogStore(directory);
      await expect(store.open()).resolves.toMatchObject({ nextSeq: 3, head: chain.head });
      await store.append(chain.batch(1));
      await store.close();
      expect(segmentsIn(directory)).toEqual([segment(0), segment(3)]);
      expect(await verdict(directory)).toMatchObject({ integrity: 'INTACT', entries: 4 });
    }
  });

  test('damage is refused, and its place named; nothing is changed, and the lock is given back', async () => {
    const { directory } = await logWith({ batches: 5, segmentBytes: 1 });
    const file = join(directory, segment(2));
    const damaged = fs.readFileSync(file, 'utf8').replace('entry 2', 'entry X');
    fs.writeFileSync(file, damaged);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(new FileLogStore(directory).open()).rejects.toMatchObject({
        code: 'LOG_CORRUPT',
        message: expect.stringContaining(`segment ${segment(2)} at byte 0, where entry 2 should be`),
        details: { segment: segment(2), byteOffset: 0, busSeq: 2, reason: 'HASH_MISMATCH' },
      });
    }
    expect(fs.readFileSync(file, 'utf8')).toBe(damaged);
    expect(fs.readdirSync(directory)).toEqual(segmentsIn(directory));
  });

  test('a flipped last newline is damage, since its entry was durable', async () => {
    const { directory } = await logWith({ batches: 3 });
    const file = join(directory, segment(0));
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').slice(0, -1) + '\v');
    await expect(new FileLogStore(directory).open()).rejects.toMatchObject({ code: 'LOG_CORRUPT', details: { busSeq: 2 } });
  });

  test.each([0, 1, 2, 3])('a missing segment is damage: number %i of five', async (index) => {
    const { directory } = await logWith({ batches: 5, segmentBytes: 1 });
    fs.rmSync(join(directory, segment(index)));
    const damage = { segment: segment(index + 1), byteOffset: 0, busSeq: index, reason: 'SEGMENT_MISMATCH' };
    await expect(new FileLogStore(directory).open()).rejects.toMatchObject({ code: 'LOG_CORRUPT', details: damage });
    expect((await verdict(directory)).firstBad).toEqual(damage);
  });

  test('a missing last segment is found by the pin alone', async () => {
    const { directory, chain } = await logWith({ batches: 5, segmentBytes: 1 });
    fs.rmSync(join(directory, segment(4)));
    expect(await verdict(directory, chain.head)).toMatchObject({ integrity: 'INTACT', completeness: 'INCOMPLETE', entries: 4 });
  });

  test('a torn segment is damage wherever another follows, even an empty one', async () => {
    for (const next of [null, '']) {
      const { directory } = await logWith({ batches: 3, segmentBytes: 1 });
      if (next !== null) fs.writeFileSync(join(directory, segment(3)), next);
      const torn = next === null ? 1 : 2;
      const file = join(directory, segment(torn));
      fs.truncateSync(file, fs.statSync(file).size - 1);
      const details = { segment: segment(torn), busSeq: torn, reason: 'NEWLINE_MISSING' };
      await expect(new FileLogStore(directory).open()).rejects.toMatchObject({ code: 'LOG_CORRUPT', details });
    }
  });

  test('other files are left alone, but a strange segment name is refused', async () => {
    const { directory } = await logWith({ batches: 1 });
    fs.writeFileSync(join(directory, 'notes.txt'), 'mine');
    fs.mkdirSync(join(directory, 'folder'));
    expect(await verdict(directory)).toMatchObject({ integrity: 'INTACT', entries: 1 });
    for (const name of ['1.jsonl', '.jsonl', `${segment(0)}.jsonl`, '00000000000000x0.jsonl', '-000000000000001.jsonl']) {
      fs.writeFileSync(join(directory, name), '');
      const refusal = { code: 'LOG_CORRUPT', message: expect.stringContaining(name), details: { segment: name } };
      await expect(new FileLogStore(directory).open()).rejects.toMatchObject(refusal);
      await expect(verdict(directory)).rejects.toMatchObject(refusal);
      fs.rmSync(join(directory, name));
    }
  });

  test('a directory that cannot be made is LOG_WRITE_FAILED with its cause', async () => {
    const file = join(temporaryDirectory(), 'file');
    fs.writeFileSync(file, '');
    await expect(new FileLogStore(join(file, 'log')).open()).rejects.toMatchObject({
      code: 'LOG_WRITE_FAILED',
      message: expect.stringContaining('ENOTDIR'),
      details: { systemCode: 'ENOTDIR' },
    });
  });
});

describe('appending', () => {
  test('a full segment is followed by one that is named after its first entry; a batch is never split', async () => {
    const directory = temporaryDirectory();
    const store = new FileLogStore(directory, { segmentBytes: 1000 });
    const chain = new TestChain();
    await store.open();
    for (let count = 1; count <= 8; count++) await store.append(chain.batch(count));
    await store.close();
    for (const name of segmentsIn(directory)) {
      const [first = ''] = fs.readFileSync(join(directory, name), 'utf8').split('\n');
      expect(name).toBe(segment((JSON.parse(first) as { busSeq: number }).busSeq));
    }
    expect(segmentsIn(directory).length).toBeGreaterThan(3);
    expect(await verdict(directory, chain.head)).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE', entries: 36 });
  });

  test('each batch costs one fdatasync', async () => {
    const { store, chain } = await openedLog();
    const sync = vi.spyOn(fs, 'fdatasync');
    for (let count = 0; count < 10; count++) await store.append(chain.batch(3));
    expect(sync).toHaveBeenCalledTimes(10);
    await store.close();
  });

  test('a write that the system takes in parts is finished', async () => {
    const { store, chain } = await openedLog();
    const { writeSync } = fs;
    const write = vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, bytes: Uint8Array, offset: number, length: number) =>
      writeSync(fd, bytes, offset, Math.min(length, 100))) as typeof fs.writeSync);
    await store.append(chain.batch(3));
    expect(write.mock.calls.length).toBeGreaterThan(3);
    await store.close();
    expect(await verdict(store.directory)).toMatchObject({ integrity: 'INTACT', entries: 3 });
  });

  test('a write of which the system takes nothing is a failure', async () => {
    const { store, chain } = await openedLog();
    vi.spyOn(fs, 'writeSync').mockReturnValue(0);
    await expect(store.append(chain.batch(1))).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    await store.close();
  });

  test('a second append while one is under way is a TypeError, and harms nothing', async () => {
    const { store, chain } = await openedLog();
    const first = store.append(chain.batch(1));
    await expect(store.append(chain.batch(1))).rejects.toThrow(TypeError);
    await first;
    await store.close();
    expect(await verdict(store.directory)).toMatchObject({ integrity: 'INTACT', entries: 1 });
  });

  test('closing waits for the append that is under way', async () => {
    const { store, chain } = await openedLog();
    const appended = store.append(chain.batch(1));
    await store.close();
    await expect(appended).resolves.toBeUndefined();
    expect(await verdict(store.directory)).toMatchObject({ integrity: 'INTACT', entries: 1 });
  });

  test.each(['EIO', 'ENOSPC'])('a failed sync is never tried again: %s', async (systemCode) => {
    const { store, chain } = await openedLog();
    await store.append(chain.batch(1));
    const sync = failSync(systemCode);
    const failure: unknown = await store.append(chain.batch(1)).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'LOG_WRITE_FAILED',
      message: expect.stringContaining('All before entry 1 is durable'),
      details: { systemCode },
      cause: { code: systemCode },
    });
    await expect(store.append(chain.batch(1))).rejects.toBe(failure);
    expect(sync).toHaveBeenCalledTimes(1);
    await store.close();
  });

  test('a failed append leaves nothing behind, whether the write or the sync failed, so that a scan believes no byte of it', async () => {
    for (const segmentBytes of [1, 1_000_000]) {
      for (const breakDisk of [() => failSync('EIO'), tearWrite]) {
        const { store, chain } = await openedLog({ segmentBytes });
        await store.append(chain.batch(1));
        const { head } = chain;
        const broken = breakDisk();
        await expect(store.append(chain.batch(2))).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED', details: { systemCode: 'EIO' } });
        broken.mockRestore();
        expect(await verdict(store.directory)).toEqual({ integrity: 'INTACT', completeness: 'UNPINNED', entries: 1, head });
        await store.close();
      }
    }
  });

  test('a failed append that cannot be taken back is told as what it is', async () => {
    const { store, chain } = await openedLog();
    failSync('EIO');
    vi.spyOn(fs, 'ftruncateSync').mockImplementation(() => {
      throw new Error('EROFS: read-only file system');
    });
    await expect(store.append(chain.batch(1))).rejects.toMatchObject({ details: { systemCode: 'EIO' } });
    await store.close();
    expect(await verdict(store.directory)).toMatchObject({ integrity: 'INTACT', entries: 1 });
  });

  test('closing is harmless when the directory is gone, or a file in its place', async () => {
    for (const replace of [() => undefined, (place: string) => { fs.writeFileSync(place, ''); }]) {
      const { store } = await openedLog();
      fs.rmSync(store.directory, { recursive: true });
      replace(store.directory);
      await expect(store.close()).resolves.toBeUndefined();
    }
  });

  test('after a failure the log can be opened again, and goes on after what it holds', async () => {
    const { store, chain } = await openedLog();
    await store.append(chain.batch(1));
    const end = { nextSeq: 1, head: chain.head };
    const sync = failSync('EIO');
    await store.append(chain.batch(1)).catch(() => undefined);
    await store.close();
    sync.mockRestore();
    await expect(store.open()).resolves.toEqual(end);
    await store.append(new TestChain(end).batch(1));
    await store.close();
  });

  test('a segment that cannot be started is a failure', async () => {
    const { store, chain } = await openedLog({ segmentBytes: 1 });
    await store.append(chain.batch(1));
    vi.spyOn(fs, 'openSync').mockImplementation(() => {
      throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    });
    await expect(store.append(chain.batch(1))).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED', details: { systemCode: 'EMFILE' } });
    vi.restoreAllMocks();
    await expect(store.append(chain.batch(1))).rejects.toMatchObject({ details: { systemCode: 'EMFILE' } });
    await store.close();
  });

  test('a writer whose next segment was made by somebody else is LOG_FENCED', async () => {
    const { store, chain } = await openedLog({ segmentBytes: 1 });
    await store.append(chain.batch(1));
    fs.writeFileSync(join(store.directory, segment(1)), '');
    await expect(store.append(chain.batch(1))).rejects.toMatchObject({ code: 'LOG_FENCED' });
    await expect(store.append(chain.batch(1))).rejects.toMatchObject({ code: 'LOG_FENCED' });
    await store.close();
  });

  test('two writers at once, which only a deleted lock file allows, are found when the log is opened again', async () => {
    const { store, chain } = await openedLog();
    for (const name of fs.readdirSync(store.directory)) if (name.endsWith('.lock')) fs.rmSync(join(store.directory, name));
    const rival = new FileLogStore(store.directory);
    await rival.open();
    await store.append(chain.batch(2));
    await rival.append(new TestChain().batch(2, { text: 'another story' }));
    await Promise.all([store.close(), rival.close()]);
    await expect(rival.open()).rejects.toMatchObject({ code: 'LOG_CORRUPT', details: { busSeq: 2 } });
  });

  test.runIf(fs.existsSync('/dev/full'))('a full disk stops the log, and says so', async () => {
    const { store, chain } = await openedLog();
    const full = fs.openSync('/dev/full', 'w');
    onTestFinished(() => fs.closeSync(full));
    const { writeSync } = fs;
    vi.spyOn(fs, 'writeSync').mockImplementation(((_fd: number, bytes: Uint8Array, offset: number, length: number) =>
      writeSync(full, bytes, offset, length)) as typeof fs.writeSync);
    const failure: unknown = await store.append(chain.batch(1)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'LOG_WRITE_FAILED', message: expect.stringMatching(/ENOSPC.*Free space/) });
    await expect(store.append(chain.batch(1))).rejects.toBe(failure);
    await store.close();
  });
});

describe('reading', () => {
  test('needs no lock and leaves no trace', async () => {
    const { store, chain } = await openedLog();
    await store.append(chain.batch(3));
    const before = fs.readdirSync(store.directory);
    expect(await verdict(store.directory)).toMatchObject({ integrity: 'INTACT', entries: 3 });
    expect(fs.readdirSync(store.directory)).toEqual(before);
    await store.close();
  });

  test('starts with the segment that holds the entry', async () => {
    const { directory } = await logWith({ batches: 5, segmentBytes: 1 });
    const namesFrom = async (fromSeq?: number): Promise<string[]> => {
      const names: string[] = [];
      for await (const chunk of new FileLogReader(directory).read(fromSeq)) names.push(chunk.segment);
      return names;
    };
    expect(await namesFrom()).toEqual(segmentsIn(directory));
    expect(await namesFrom(3)).toEqual([segment(3), segment(4)]);
    expect(await namesFrom(99)).toEqual([segment(4)]);
  });

  test('a directory without a log is LOG_NOT_FOUND', async () => {
    const directory = temporaryDirectory();
    for (const place of [directory, join(directory, 'nowhere')]) {
      await expect(verdict(place)).rejects.toMatchObject({ code: 'LOG_NOT_FOUND', message: expect.stringContaining(place) });
    }
    fs.writeFileSync(join(directory, 'file'), '');
    await expect(verdict(join(directory, 'file'))).rejects.toMatchObject({ code: 'LOG_NOT_FOUND' });
  });

  test('what the system refuses to read is LOG_READ_FAILED with its cause', async () => {
    const refusal = Object.assign(new Error('EACCES: permission denied, scandir'), { code: 'EACCES' });
    vi.spyOn(fs.promises, 'readdir').mockRejectedValueOnce(refusal);
    await expect(verdict(temporaryDirectory())).rejects.toMatchObject({ code: 'LOG_READ_FAILED', cause: refusal });
  });

  describe.runIf(process.platform === 'linux')('a segment that is no regular file is refused at once, by readers and writers', () => {
    test.each<[string, (path: string) => void]>([
      ['a pipe', (path) => void spawnSync('mkfifo', [path])],
      ['a link to an endless device', (path) => fs.symlinkSync('/dev/zero', path)],
      ['a directory', (path) => { fs.mkdirSync(path); }],
    ])('%s', async (_, make) => {
      const directory = temporaryDirectory();
      make(join(directory, segment(0)));
      const refusal = { code: 'LOG_READ_FAILED', message: expect.stringContaining('not a regular file') };
      await expect(verdict(directory)).rejects.toMatchObject(refusal);
      await expect(new FileLogStore(directory).open()).rejects.toMatchObject(refusal);
      expect(fs.readdirSync(directory)).toEqual([segment(0)]);
    });

    test('a link to a regular file is followed', async () => {
      const { directory, chain } = await logWith({ batches: 2 });
      const other = temporaryDirectory();
      fs.symlinkSync(join(directory, segment(0)), join(other, segment(0)));
      expect(await verdict(other, chain.head)).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
    });
  });
});

function segment(firstSeq: number): string {
  return `${String(firstSeq).padStart(16, '0')}.jsonl`;
}

function segmentsIn(directory: string): string[] {
  return fs.readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
}

async function openedLog(options: { segmentBytes?: number } = {}): Promise<{ store: FileLogStore; chain: TestChain }> {
  const store = new FileLogStore(temporaryDirectory(), options);
  await store.open();
  return { store, chain: new TestChain() };
}

/** A closed log of so many batches of one entry. */
async function logWith({ batches, ...options }: { batches: number; segmentBytes?: number }): Promise<{ directory: string; chain: TestChain }> {
  const { store, chain } = await openedLog(options);
  for (let count = 0; count < batches; count++) await store.append(chain.batch(1));
  await store.close();
  return { directory: store.directory, chain };
}

function verdict(directory: string, pin?: string): ReturnType<typeof verify> {
  return verify(new FileLogReader(directory), pin === undefined ? { codec } : { codec, pin });
}

/** Lets every write stop in the middle of a line. */
function tearWrite() {
  const { writeSync } = fs;
  return vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, bytes: Uint8Array, offset: number) => {
    if (offset > 0) throw Object.assign(new Error('EIO: the disk has given up, write'), { code: 'EIO' });
    return writeSync(fd, bytes, offset, 100);
  }) as typeof fs.writeSync);
}

/** Lets every sync fail as a disk does that has given up. */
function failSync(code: string) {
  return vi.spyOn(fs, 'fdatasync').mockImplementation((_fd, callback) => {
    setImmediate(callback, Object.assign(new Error(`${code}: the disk has given up, fdatasync`), { code }));
  });
}
