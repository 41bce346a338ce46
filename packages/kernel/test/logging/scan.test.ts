import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GENESIS_HASH, scanLog, type LogChunk, type LogReader, type ScanReport } from '../../src/logging/index.js';
import { MAX_LINE_BYTES } from '../../src/logging/line-splitter.js';
import { codec, TestChain } from './test-chain.js';

/** A part of a log as a test describes it. */
interface Part {
  readonly segment: string;
  readonly text: string | Uint8Array;
  readonly firstSeq?: number;
}

/** Reads parts in chunks of the given sizes, over and over. */
function readerOf(parts: readonly Part[], sizes: readonly number[] = [Infinity]): LogReader {
  return {
    async *read() {
      let turn = 0;
      for (const { segment, text, firstSeq } of parts) {
        const bytes = typeof text === 'string' ? codec.utf8(text) : text;
        let byteOffset = 0;
        do {
          const size = sizes[turn++ % sizes.length]!;
          const chunk: LogChunk = { segment, byteOffset, bytes: bytes.subarray(byteOffset, byteOffset + size) };
          yield firstSeq === undefined ? chunk : { ...chunk, firstSeq };
          byteOffset += size;
        } while (byteOffset < bytes.length);
      }
    },
  };
}

async function scan(parts: readonly Part[], sizes?: readonly number[]): Promise<ScanReport> {
  return scanLog(readerOf(parts, sizes), codec);
}

describe('scanning in chunks', () => {
  const chunkSizes = fc
    .array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 20 })
    .filter((sizes) => sizes.some((size) => size > 0));

  test('however a log is cut into chunks, the same is found', async () => {
    const chain = new TestChain();
    const segments = [chain.lines(3), chain.lines(1, { text: 'x'.repeat(1000) }), chain.lines(4)];
    const texts = segments.map((lines) => lines.join(''));
    await fc.assert(
      fc.asyncProperty(chunkSizes, fc.nat(texts.join('').length), fc.option(fc.nat(7)), async (sizes, flipAt, flipBit) => {
        const parts = flipped(texts, flipAt, flipBit).map((text, index) => ({ segment: `s${index}`, text }));
        expect(await scan(parts, sizes)).toEqual(await scan(parts));
      }),
    );
  });

  test('however the end of a log is cut, the same is found', async () => {
    const whole = codec.utf8(new TestChain().lines(3).join(''));
    await fc.assert(
      fc.asyncProperty(chunkSizes, fc.nat(whole.length), async (sizes, length) => {
        const parts = [{ segment: 's', text: whole.subarray(0, length) }];
        expect(await scan(parts, sizes)).toEqual(await scan(parts));
      }),
    );
  });

  test('the visitor stands on each entry in turn', async () => {
    const chain = new TestChain();
    const lines = chain.lines(5);
    const seen: string[] = [];
    await scanLog(readerOf([{ segment: 's', text: lines.join('') }], [7]), codec, (entry) => {
      expect(entry.nextSeq).toBe(seen.length + 1);
      expect(entry.line.at(-1)).toBe(0x7d);
      seen.push(`${codec.text(entry.line)}\n`);
    });
    expect(seen).toEqual(lines);
  });

  test('a line may span thousands of chunks', async () => {
    const text = new TestChain().line({ text: 'x'.repeat(4_000_000) });
    const { nextSeq } = await scan([{ segment: 's', text }], [1000]);
    expect(nextSeq).toBe(1);
  });
});

describe('a line that does not end', () => {
  /** Zeros for ever; counts the bytes that were asked for. */
  function endless(start: string, chunkBytes: number): LogReader & { byteCount: number } {
    const reader = {
      byteCount: 0,
      async *read(): AsyncGenerator<LogChunk> {
        const bytes = new Uint8Array(chunkBytes);
        bytes.set(codec.utf8(start));
        for (; ; bytes.subarray(0, start.length).fill(0)) {
          yield { segment: 's', byteOffset: reader.byteCount, bytes: bytes.slice() };
          reader.byteCount += bytes.length;
        }
      },
    };
    return reader;
  }

  test('is damage once it is longer than any entry, and is read no further', async () => {
    const chain = new TestChain();
    const start = chain.lines(2).join('');
    const reader = endless(start, 1024 * 1024);
    expect(await scanLog(reader, codec)).toEqual({
      nextSeq: 2,
      head: chain.head,
      damage: { segment: 's', byteOffset: codec.utf8(start).length, busSeq: 2, reason: 'MALFORMED_LINE' },
    });
    expect(reader.byteCount).toBeLessThanOrEqual(MAX_LINE_BYTES + 1024 * 1024);
  });

  test('may be as long as the longest line, and no longer, in however many chunks it comes', async () => {
    const rest = Buffer.alloc(MAX_LINE_BYTES + 1, 'x');
    for (const sizes of [[Infinity], [10_000_000]]) {
      const tail = rest.subarray(1);
      expect(await scan([{ segment: 's', text: tail }], sizes)).toMatchObject({ nextSeq: 0, tornTail: { byteCount: MAX_LINE_BYTES } });
      expect(await scan([{ segment: 's', text: rest }], sizes)).toMatchObject({ damage: { byteOffset: 0, reason: 'MALFORMED_LINE' } });
    }
    const ended = Buffer.concat([rest, Buffer.from('\n')]);
    expect(await scan([{ segment: 's', text: ended }])).toMatchObject({ damage: { byteOffset: 0, reason: 'MALFORMED_LINE' } });
  });
});

describe('segments', () => {
  const chain = new TestChain();
  const [first, second, third] = [chain.lines(3).join(''), chain.lines(2).join(''), chain.lines(2).join('')];
  const log = [
    { segment: 'a', firstSeq: 0, text: first },
    { segment: 'b', firstSeq: 3, text: second },
    { segment: 'c', firstSeq: 5, text: third },
  ];
  const empty = { segment: 'd', firstSeq: 7, text: '' };

  test('segments that follow on each other are one log, an empty one at its end included', async () => {
    expect(await scan(log)).toEqual({ nextSeq: 7, head: chain.head });
    expect(await scan([...log, empty])).toEqual({ nextSeq: 7, head: chain.head });
    expect(await scan([{ ...empty, firstSeq: 0 }])).toEqual({ nextSeq: 0, head: GENESIS_HASH });
  });

  test.each([
    ['the first', [log[1]!, log[2]!], { segment: 'b', busSeq: 0 }],
    ['a middle one', [log[0]!, log[2]!], { segment: 'c', busSeq: 3 }],
    ['the last before an empty one', [log[0]!, log[1]!, empty], { segment: 'd', busSeq: 5 }],
  ])('a missing segment is found: %s', async (_, parts, place) => {
    const { damage } = await scan(parts);
    expect(damage).toEqual({ ...place, byteOffset: 0, reason: 'SEGMENT_MISMATCH' });
  });

  test('a segment under the name of another is found', async () => {
    const { damage } = await scan([log[0]!, { ...log[1]!, firstSeq: 4 }, log[2]!]);
    expect(damage).toEqual({ segment: 'b', byteOffset: 0, busSeq: 3, reason: 'SEGMENT_MISMATCH' });
  });

  test('a segment that ends in the middle of a line is damage wherever another follows, even an empty one', async () => {
    const torn = { ...log[2]!, text: third.slice(0, -10) };
    const byteOffset = codec.utf8(third.slice(0, third.indexOf('\n') + 1)).length;
    const damage = { segment: 'c', byteOffset, busSeq: 6, reason: 'NEWLINE_MISSING' };
    expect(await scan([log[0]!, log[1]!, torn])).toMatchObject({ nextSeq: 6, tornTail: { segment: 'c', byteOffset } });
    expect((await scan([log[0]!, log[1]!, torn, empty])).damage).toEqual(damage);
    expect((await scan([log[0]!, log[1]!, torn, { ...empty, firstSeq: 6 }])).damage).toEqual(damage);
  });

  test('offsets count from the start of the segment', async () => {
    const damaged = second.replace('entry 4', 'entry X');
    const { damage } = await scan([log[0]!, { ...log[1]!, text: damaged }, log[2]!], [10]);
    const byteOffset = codec.utf8(second.slice(0, second.indexOf('\n') + 1)).length;
    expect(damage).toEqual({ segment: 'b', byteOffset, busSeq: 4, reason: 'HASH_MISMATCH' });
  });
});

/** The texts as bytes, with one bit changed if `bit` says which. */
function flipped(texts: readonly string[], at: number, bit: number | null): Uint8Array[] {
  let start = 0;
  return texts.map((text) => {
    const bytes = Buffer.from(text);
    const index = at - start;
    start += bytes.length;
    if (bit !== null && index >= 0 && index < bytes.length) bytes[index]! ^= 1 << bit;
    return bytes;
  });
}
