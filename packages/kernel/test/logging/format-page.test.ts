/** The page that specifies the format: its example is a log, and its instructions verify one. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readEntries, verify } from '../../src/logging/index.js';
import { codec, logOf, TestChain } from './test-chain.js';

const page = readFileSync(new URL('../../../../docs/content/log-format.md', import.meta.url), 'utf8');
const example = /```jsonl\n([\s\S]*?)```/.exec(page)![1]!;

test('the example on the page is a log of three entries with the head that the page names', async () => {
  const head = /Its head is `([0-9a-f]{64})`/.exec(page)![1]!;
  const verdict = await verify(logOf(example), { codec, pin: head });
  expect(verdict).toEqual({ integrity: 'INTACT', completeness: 'COMPLETE', entries: 3, head, pinnedAt: 2 });
  const kinds: string[] = [];
  for await (const { kind } of readEntries(logOf(example), codec)) kinds.push(kind);
  expect(kinds[0]).toBe('LOG_OPENED');
  expect(page).toContain(`# ${JSON.parse(example.split('\n')[0]!).hash}  -`);
});

test('the steps on the page, followed to the letter, accept a log and name the first damage', () => {
  const lines = [...new TestChain().lines(4)];
  expect(byThePage(example)).toBe('3 entries');
  expect(byThePage(lines.join(''))).toBe('4 entries');
  expect(byThePage(lines[0]! + lines[2]!)).toBe('SEQUENCE_MISMATCH at 1');
  expect(byThePage(lines.join('').replace('entry 2', 'entry X'))).toBe('HASH_MISMATCH at 2');
  expect(byThePage(lines[0]! + new TestChain({ nextSeq: 1, head: 'f'.repeat(64) }).line())).toBe('PREV_MISMATCH at 1');
  expect(byThePage(`${lines[0]!}{}\n`)).toBe('MALFORMED_LINE at 1');
});

/** Steps 2.1 to 2.5 under "Verify it yourself", and nothing of the kernel's own code. */
function byThePage(log: string): string {
  let expected = 0;
  let previous = '0'.repeat(64);
  for (const text of log.split('\n').slice(0, -1)) {
    const line = Buffer.from(text);
    const end = line.subarray(-149).toString('latin1');
    if (line.length < 149 || !/^,"prev":".{64}","hash":".{64}"\}$/.test(end)) return `MALFORMED_LINE at ${expected}`;
    const hash = createHash('sha256').update(line.subarray(0, -75)).digest('hex');
    if (end.slice(-66, -2) !== hash) return `HASH_MISMATCH at ${expected}`;
    if (!text.startsWith(`{"busSeq":${expected},`)) return `SEQUENCE_MISMATCH at ${expected}`;
    if (end.slice(9, 73) !== previous) return `PREV_MISMATCH at ${expected}`;
    previous = hash;
    expected += 1;
  }
  return `${expected} entries`;
}
