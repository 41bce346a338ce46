import { describe, expect, test } from 'vitest';
import { GENESIS_HASH, isContradicted, verify, type LogPin, type LogVerdict } from '../../src/logging/index.js';
import { codec, forge, logOf, TestChain } from './test-chain.js';

const COUNT = 6;

function smallLog(): { lines: string[]; heads: string[]; head: string } {
  const chain = new TestChain();
  const heads: string[] = [];
  const lines = Array.from({ length: COUNT }, () => {
    const line = chain.line();
    heads.push(chain.head);
    return line;
  });
  return { lines, heads, head: chain.head };
}

async function check(content: Parameters<typeof logOf>[0], pin?: LogPin): Promise<LogVerdict> {
  return verify(logOf(content), pin === undefined ? { codec } : { codec, pin });
}

function offsetOf(lines: readonly string[], index: number): number {
  return Buffer.byteLength(lines.slice(0, index).join(''));
}

function spliced(lines: readonly string[], at: number, removeCount: number, ...inserted: string[]): string[] {
  return [...lines.slice(0, at), ...inserted, ...lines.slice(at + removeCount)];
}

/** The verdict names the first bad entry, by number and by place. */
function expectBroken(verdict: LogVerdict, lines: readonly string[], busSeq: number): void {
  expect(verdict).toMatchObject({
    integrity: 'BROKEN',
    entries: busSeq,
    firstBad: { segment: 'memory', busSeq, byteOffset: offsetOf(lines, busSeq) },
  });
}

describe('integrity', () => {
  const { lines, head } = smallLog();

  test('an untouched log is intact', async () => {
    expect(await check(lines)).toEqual({ integrity: 'INTACT', completeness: 'UNPINNED', entries: COUNT, head });
  });

  test('an empty log is intact', async () => {
    expect(await check('')).toEqual({ integrity: 'INTACT', completeness: 'UNPINNED', entries: 0, head: GENESIS_HASH });
  });

  test('every flipped bit of every byte is found, and the entry it is in named', async () => {
    for (let busSeq = 0; busSeq < COUNT; busSeq++) {
      for (let byte = offsetOf(lines, busSeq); byte < offsetOf(lines, busSeq + 1); byte++) {
        for (let bit = 0; bit < 8; bit++) {
          const bytes = Buffer.from(lines.join(''));
          bytes[byte]! ^= 1 << bit;
          const { integrity, entries, firstBad } = await check(bytes);
          // Compared by hand, for speed.
          const isFound = integrity === 'BROKEN' && entries === busSeq && firstBad?.busSeq === busSeq;
          if (!isFound || firstBad.byteOffset !== offsetOf(lines, busSeq)) {
            expect.fail(`bit ${bit} of byte ${byte}, in entry ${busSeq}: ${integrity} at ${firstBad?.busSeq}`);
          }
        }
      }
    }
  });

  test('a removed line is found where it stood', async () => {
    for (let index = 0; index < COUNT - 1; index++) {
      const verdict = await check(spliced(lines, index, 1));
      expectBroken(verdict, lines, index);
      expect(verdict.firstBad?.reason).toBe('SEQUENCE_MISMATCH');
    }
  });

  test('a duplicated line is found at its second copy, wherever that stands', async () => {
    for (let index = 0; index < COUNT; index++) {
      for (let at = 0; at <= COUNT; at++) {
        const forged = spliced(lines, at, 0, lines[index]!);
        expectBroken(await check(forged), forged, at === index ? index + 1 : at);
      }
    }
  });

  test('an inserted line is found, or else the one that it displaced', async () => {
    for (let at = 0; at < COUNT; at++) {
      const alien = spliced(lines, at, 0, '{"busSeq":0}\n');
      expectBroken(await check(alien), alien, at);
      const fitting = forge(lines[at]!, (body) => body.replace('entry', 'ENTRY'));
      const displaced = spliced(lines, at, 0, fitting);
      expectBroken(await check(displaced), displaced, at + 1);
    }
  });

  test('swapped lines are found at the first of them', async () => {
    for (let one = 0; one < COUNT; one++) {
      for (let other = one + 1; other < COUNT; other++) {
        const swapped = spliced(spliced(lines, one, 1, lines[other]!), other, 1, lines[one]!);
        expectBroken(await check(swapped), swapped, one);
      }
    }
  });

  test('a line replaced by one with a hash of its own is found at the next', async () => {
    for (let index = 0; index < COUNT - 1; index++) {
      const replaced = spliced(lines, index, 1, forge(lines[index]!, (body) => body.replace('entry', 'ENTRY')));
      const verdict = await check(replaced);
      expectBroken(verdict, replaced, index + 1);
      expect(verdict.firstBad?.reason).toBe('PREV_MISMATCH');
    }
  });

  test('a number that is written in another way is found', async () => {
    for (const number of ['01', '1.0', '1e0', '+1', ' 1', '"1"', '-1', '']) {
      const line = forge(lines[1]!, (body) => body.replace('"busSeq":1,', `"busSeq":${number},`));
      expectBroken(await check(spliced(lines, 1, 1, line)), lines, 1);
    }
  });

  test('zeros, empty lines and rubbish among the lines are found', async () => {
    for (const rubbish of ['\n', '\0\n', '\0'.repeat(5000) + '\n', 'x'.repeat(100) + '\n', '}\n', '\r\n']) {
      expectBroken(await check(spliced(lines, 3, 0, rubbish)), lines, 3);
    }
  });

  test('a line that ends in carriage return and newline is found', async () => {
    expectBroken(await check(lines.map((line) => line.replace('\n', '\r\n'))), lines, 0);
  });
});

describe('the end of a log', () => {
  const { lines, heads, head } = smallLog();
  const whole = Buffer.from(lines.join(''));

  test('a cut end is a torn tail or nothing to be seen, and is found with a pin, at every byte', async () => {
    for (let length = 0; length < whole.length; length++) {
      const entries = lines.findIndex((_, index) => offsetOf(lines, index + 1) > length);
      const byteOffset = offsetOf(lines, entries);
      const verdict = await check(whole.subarray(0, length), head);
      expect(verdict).toEqual({
        integrity: length === byteOffset ? 'INTACT' : 'TORN_TAIL',
        completeness: 'INCOMPLETE',
        entries,
        head: heads[entries - 1] ?? GENESIS_HASH,
        ...(length === byteOffset ? {} : { tornTail: { segment: 'memory', byteOffset, byteCount: length - byteOffset } }),
      });
      expect(isContradicted(verdict)).toBe(true);
    }
  });

  test('the zeros of a block that never reached the disk are a torn tail', async () => {
    for (const length of [whole.length, whole.length - 1, whole.length - 10, offsetOf(lines, 5) + 1]) {
      const bytes = Buffer.concat([whole.subarray(0, length), Buffer.alloc(4096)]);
      expect(await check(bytes)).toMatchObject({ integrity: 'TORN_TAIL', entries: length === whole.length ? COUNT : COUNT - 1 });
    }
  });

  test('a whole entry that is followed by anything but its newline is damage, not a torn tail', async () => {
    const next = '{"busSeq":6,"time":17';
    for (const follower of ['\v', 'J', '}', '"}', next, `\v${next}`, `\0${next}`]) {
      const verdict = await check(Buffer.concat([whole.subarray(0, -1), Buffer.from(follower)]));
      expectBroken(verdict, lines, COUNT - 1);
      expect(verdict.firstBad?.reason).toBe('NEWLINE_MISSING');
    }
  });

  test('a torn line may hold what looks like the end of an entry', async () => {
    const data = { text: '', prev: head, hash: head, inner: { prev: head, hash: head } };
    const torn = new TestChain({ nextSeq: COUNT, head }).line(data).slice(0, -100);
    expect(await check(whole.toString() + torn)).toMatchObject({ integrity: 'TORN_TAIL', entries: COUNT });
  });
});

describe('a tail that was made to cost time', () => {
  const { lines, head } = smallLog();

  test('costs one hash, however many ends of entries it holds', async () => {
    const end = `"prev":"${head}","hash":"${head}"}`;
    let hashCount = 0;
    const counting = { ...codec, sha256: (data: string | Uint8Array) => (hashCount++, codec.sha256(data)) };
    for (const start of ['', '{"busSeq":6,', '{"busSeq":6,"data":"', `{"busSeq":6,${end},`]) {
      hashCount = 0;
      const verdict = await verify(logOf(lines.join('') + start + `{${end},`.repeat(20_000)), { codec: counting });
      expect(verdict).toMatchObject({ integrity: 'TORN_TAIL', entries: COUNT });
      expect(hashCount).toBeLessThanOrEqual(COUNT + 1);
    }
  });

  test('the end of an entry is found behind braces and quotes in strings', async () => {
    const data = { text: '}"}\\"{', nested: { '}': ['{', {}] } };
    const next = new TestChain({ nextSeq: COUNT, head }).line(data).slice(0, -1);
    expect(await check(lines.join('') + next)).toMatchObject({ integrity: 'TORN_TAIL', entries: COUNT });
    expectBroken(await check(`${lines.join('')}${next}!`), [...lines, next], COUNT);
  });
});

describe('completeness', () => {
  const { lines, heads, head } = smallLog();

  test('a log whose head is pinned is complete', async () => {
    for (const pin of [head, { busSeq: COUNT - 1, hash: head }]) {
      expect(await check(lines, pin)).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE', pinnedAt: COUNT - 1 });
    }
  });

  test('a log that has grown since it was pinned is complete up to there', async () => {
    for (const [busSeq, hash] of heads.entries()) {
      expect(await check(lines, hash)).toMatchObject({ completeness: 'COMPLETE', pinnedAt: busSeq });
      expect(await check(lines, { busSeq, hash })).toMatchObject({ completeness: 'COMPLETE', pinnedAt: busSeq });
    }
  });

  test('a pin at another place than it names is not found', async () => {
    expect(await check(lines, { busSeq: 2, hash: heads[3]! })).toMatchObject({ integrity: 'INTACT', completeness: 'INCOMPLETE' });
  });

  test('a log that was written anew is intact, and incomplete by its pin', async () => {
    const forged = new TestChain().lines(COUNT, { text: 'another story' });
    const verdict = await check(forged, head);
    expect(verdict).toMatchObject({ integrity: 'INTACT', completeness: 'INCOMPLETE' });
    expect(verdict).not.toHaveProperty('pinnedAt');
  });

  test('a log that broke after its pin is complete and broken: the verdicts are separate', async () => {
    expect(await check(spliced(lines, 4, 1), heads[2])).toMatchObject({
      integrity: 'BROKEN',
      completeness: 'COMPLETE',
      pinnedAt: 2,
      entries: 4,
    });
  });

  test('the head of an empty log is a pin that every log fulfils', async () => {
    for (const content of ['', lines]) {
      const verdict = await check(content, GENESIS_HASH);
      expect(verdict.completeness).toBe('COMPLETE');
      expect(verdict).not.toHaveProperty('pinnedAt');
    }
  });

  test('what is no hash is no pin', async () => {
    for (const pin of ['', 'abc', head.toUpperCase(), `${head}0`, { busSeq: 0, hash: 'x' }]) {
      await expect(check(lines, pin)).rejects.toThrow(TypeError);
    }
  });
});

describe('contradiction', () => {
  const base = { entries: 0, head: GENESIS_HASH };

  test('a break or a missing pin speaks against a log; a torn tail and the absence of a pin do not', () => {
    const table = [
      ['INTACT', 'UNPINNED', false, true],
      ['INTACT', 'COMPLETE', false, false],
      ['INTACT', 'INCOMPLETE', true, true],
      ['TORN_TAIL', 'UNPINNED', false, true],
      ['TORN_TAIL', 'COMPLETE', false, false],
      ['TORN_TAIL', 'INCOMPLETE', true, true],
      ['BROKEN', 'UNPINNED', true, true],
      ['BROKEN', 'COMPLETE', true, true],
      ['BROKEN', 'INCOMPLETE', true, true],
    ] as const;
    for (const [integrity, completeness, byDefault, whenRequired] of table) {
      const verdict = { ...base, integrity, completeness };
      expect(isContradicted(verdict)).toBe(byDefault);
      expect(isContradicted(verdict, { requirePin: true })).toBe(whenRequired);
    }
  });
});
