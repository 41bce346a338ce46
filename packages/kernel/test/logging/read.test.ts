import { describe, expect, test } from 'vitest';
import { LOG_FORMAT_VERSION, readEntries, type LogChunk, type RawEntry } from '../../src/logging/index.js';
import { MAX_JSON_DEPTH } from '../../src/json/index.js';
import { codec, forge, logOf, TestChain } from './test-chain.js';

async function entriesOf(content: Parameters<typeof logOf>[0], fromSeq?: number): Promise<RawEntry[]> {
  const found: RawEntry[] = [];
  for await (const entry of readEntries(logOf(content), codec, fromSeq === undefined ? {} : { fromSeq })) found.push(entry);
  return found;
}

describe('readEntries', () => {
  test('gives back what was written', async () => {
    const lines = new TestChain().lines(4);
    expect(await entriesOf(lines)).toEqual(lines.map((line) => JSON.parse(line)));
  });

  test('an empty log has no entries', async () => {
    expect(await entriesOf('')).toEqual([]);
  });

  test('a key called __proto__ is a plain key', async () => {
    const chain = new TestChain();
    const [entry] = await entriesOf(chain.line(JSON.parse('{"__proto__":{"polluted":true}}') as object));
    expect(Object.hasOwn(entry!.data, '__proto__')).toBe(true);
    expect(entry!.data).not.toHaveProperty('polluted');
  });

  test('stops before a torn tail without a word', async () => {
    const lines = new TestChain().lines(3);
    expect(await entriesOf(lines.join('').slice(0, -5))).toHaveLength(2);
  });

  test('starts at the entry that is asked for', async () => {
    const lines = new TestChain().lines(5);
    expect((await entriesOf(lines, 3)).map(({ busSeq }) => busSeq)).toEqual([3, 4]);
    expect(await entriesOf(lines, 5)).toEqual([]);
  });

  test('lets go of the log as soon as nobody reads on', async () => {
    const bytes = codec.utf8(new TestChain().lines(1_000).join(''));
    let isReading = false;
    const reader = {
      async *read(): AsyncGenerator<LogChunk> {
        isReading = true;
        try {
          yield await Promise.resolve({ segment: 'one', byteOffset: 0, bytes });
        } finally {
          isReading = false;
        }
      },
    };
    for (const wanted of [1, 99, 100, 101, 999]) {
      for await (const { busSeq } of readEntries(reader, codec)) if (busSeq === wanted) break;
      expect(isReading).toBe(false);
    }
  });

  test('a read from the middle checks what it reads, and believes the place where it starts', async () => {
    const chain = new TestChain();
    const [early, late] = [chain.lines(3), chain.lines(3)];
    const readLate = async (lines: readonly string[]): Promise<number[]> => {
      const reader = {
        async *read(): AsyncGenerator<LogChunk> {
          yield { segment: 'late', firstSeq: early.length, byteOffset: 0, bytes: codec.utf8(lines.join('')) };
        },
      };
      const found: number[] = [];
      for await (const { busSeq } of readEntries(reader, codec, { fromSeq: 4 })) found.push(busSeq);
      return found;
    };
    expect(await readLate(late)).toEqual([4, 5]);
    await expect(readLate([late[0]!, late[2]!])).rejects.toMatchObject({ code: 'LOG_CORRUPT', details: { busSeq: 4 } });
    await expect(readLate(late.slice(1))).rejects.toMatchObject({ code: 'LOG_CORRUPT', details: { busSeq: 3 } });
  });

  test('damage is LOG_CORRUPT, after the good entries before it', async () => {
    const lines = new TestChain().lines(4);
    const damaged = lines.join('').replace('entry 2', 'entry X');
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const { busSeq } of readEntries(logOf(damaged), codec)) seen.push(busSeq);
    };
    await expect(reading()).rejects.toMatchObject({
      code: 'LOG_CORRUPT',
      message: expect.stringMatching(/segment memory at byte \d+, where entry 2 should be: the hash does not fit/),
      details: { segment: 'memory', busSeq: 2, reason: 'HASH_MISMATCH' },
    });
    expect(seen).toEqual([0, 1]);
  });

  test.each([
    ['data that is no object', (body: string) => body.replace(/"data":\{.*\},"prev"/, '"data":[],"prev"')],
    ['no JSON at all', (body: string) => body.replace('"data":', '"data":x')],
    ['a key too many', (body: string) => body.replace('"data":', '"more":1,"data":')],
    ['a key too few', (body: string) => body.replace(/"time":\d+,/, '')],
    ['keys in another order', (body: string) => body.replace(/("time":\d+),("agent":"tester")/, '$2,$1')],
    ['a time that is no whole number', (body: string) => body.replace(/"time":\d+/, '"time":1.5')],
    ['an agent that is a number', (body: string) => body.replace('"agent":"tester"', '"agent":7')],
    ['a number that is given twice', (body: string) => body.replace('"data":', '"busSeq":7,"data":')],
    ['nesting that would overflow a stack', (body: string) => body.replace('"data":{', `"data":{"deep":${'['.repeat(50_000)}${']'.repeat(50_000)},`)],
    ['a hash of its own inside', (body: string) => body.replace('"data":', '"hash":"x","data":')],
  ])('a line that fits the chain but is no entry is LOG_CORRUPT: %s', async (_, change) => {
    const [first] = new TestChain().lines(1);
    const forged = forge(first!, change);
    expect(forged).not.toBe(first);
    await expect(entriesOf(forged)).rejects.toMatchObject({
      code: 'LOG_CORRUPT',
      details: { segment: 'memory', byteOffset: 0, busSeq: 0, reason: 'MALFORMED_LINE' },
    });
  });

  test('a value as deep as any is read, wherever the kernel puts it', async () => {
    const deep = JSON.parse('['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH)) as unknown;
    expect(await entriesOf(new TestChain().line({ outcome: { value: [deep] } }))).toHaveLength(1);
  });

  test('bytes that are not UTF-8 are LOG_CORRUPT', async () => {
    const line = Buffer.from(new TestChain().line({ text: 'x?x' }));
    line[line.indexOf('?')] = 0xff;
    const body = line.subarray(0, -76);
    const forged = Buffer.concat([body, Buffer.from(`,"hash":"${codec.sha256(body)}"}\n`)]);
    await expect(entriesOf(forged)).rejects.toMatchObject({ code: 'LOG_CORRUPT', details: { reason: 'MALFORMED_LINE' } });
  });

  test('a log of another format is refused, and its format named', async () => {
    for (const format of [LOG_FORMAT_VERSION + 1, '1', null]) {
      const refusal = { code: 'LOG_FORMAT_UNSUPPORTED', message: expect.stringContaining(JSON.stringify(format)) };
      await expect(entriesOf(new TestChain().line({ format }))).rejects.toMatchObject(refusal);
    }
  });

  test('a log that does not begin with its header is refused', async () => {
    const headless = forge(new TestChain().line(), (body) => body.replace('LOG_OPENED', 'SOMETHING'));
    await expect(entriesOf(headless)).rejects.toMatchObject({ code: 'LOG_FORMAT_UNSUPPORTED' });
  });
});
