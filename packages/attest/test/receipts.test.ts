import { makeReceipt, verifyReceipt } from '@omnipaw/attest';
import { describe, expect, test, vi } from 'vitest';
import { forge, logOf } from '../../kernel/test/logging/test-chain.js';
import { rejectionOf } from '../../kernel/test/support/index.js';
import { headOf, keys, linesOf, otherKeys } from './signed-logs.js';

// Thousands of hashes and signatures, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const lines = linesOf(11);
const head = await headOf(lines);

describe('a receipt', () => {
  test('proves each entry of a log without the log, whatever its size', async () => {
    for (const size of [1, 2, 3, 7, 8, 11]) {
      const signed = await headOf(lines.slice(0, size));
      for (let at = 0; at < size; at++) {
        const receipt = await makeReceipt(logOf(lines), { at, head: signed });
        const proven = await verifyReceipt(receipt, keys.publicKey);
        expect(proven.line).toBe(lines[at]!.slice(0, -1));
        expect(proven.entry).toEqual(JSON.parse(lines[at]!));
        expect(proven.head).toMatchObject({ origin: 'omnipaw/log-of-the-tests', entries: size });
      }
    }
  });

  test('is a transparency log proof, with the entry as its extra data and the head as it was signed', async () => {
    const [title, extra, index, ...rest] = (await makeReceipt(logOf(lines), { at: 4, head })).split('\n');
    expect([title, index]).toEqual(['c2sp.org/tlog-proof@v1', 'index 4']);
    expect(Buffer.from(extra!.replace('extra ', ''), 'base64').toString()).toBe(lines[4]!.slice(0, -1));
    expect(rest.slice(0, 4).every((hash) => Buffer.from(hash, 'base64').length === 32)).toBe(true);
    expect(rest.slice(4).join('\n')).toBe(`\n${head}`);
  });

  test('is refused after any of its bits was flipped', async () => {
    const short = linesOf(3, 'b');
    const bytes = Buffer.from(await makeReceipt(logOf(short), { at: 1, head: await headOf(short) }));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const error = await rejectionOf(verifyReceipt(changed.toString('utf8'), keys.publicKey));
      expect(error.code, `bit ${bit & 7} of byte ${bit >> 3}`).toBe('RECEIPT_INVALID');
    }
  });

  test('is refused where anything is missing from it or added to it', async () => {
    const text = await makeReceipt(logOf(lines), { at: 4, head });
    const rows = text.split('\n');
    for (let row = 0; row < rows.length - 1; row++) {
      const without = rows.filter((_, index) => index !== row).join('\n');
      expect((await rejectionOf(verifyReceipt(without, keys.publicKey))).code, `without line ${row}`).toBe('RECEIPT_INVALID');
    }
    for (const changed of ['', `${text}\n`, ` ${text}`, text.slice(0, -1), text.replaceAll('\n', '\r\n'), `\ufeff${text}`]) {
      expect((await rejectionOf(verifyReceipt(changed, keys.publicKey))).code).toBe('RECEIPT_INVALID');
    }
  });

  test('says nothing under another key', async () => {
    const receipt = await makeReceipt(logOf(lines), { at: 4, head });
    expect((await rejectionOf(verifyReceipt(receipt, otherKeys.publicKey))).message).toContain('not signed by the key that was given');
  });

  test('cannot be carried over to another entry, or another head', async () => {
    const receipt = await makeReceipt(logOf(lines), { at: 4, head });
    const forged = forge(lines[4]!, (body) => body.replace('entry 4', 'entry X')).slice(0, -1);
    const swaps = [
      receipt.replace('index 4', 'index 5'),
      receipt.replace(/extra .*/, `extra ${Buffer.from(forged).toString('base64')}`),
      receipt.replace(/extra .*/, `extra ${Buffer.from(lines[5]!.slice(0, -1)).toString('base64')}`),
      receipt.replace(/\n\n[^]*$/, `\n\n${await headOf(lines.slice(0, 10))}`),
      receipt.replace(/\n\n[^]*$/, `\n\n${await headOf(linesOf(11, 'another-log'))}`),
    ];
    for (const swapped of swaps) expect((await rejectionOf(verifyReceipt(swapped, keys.publicKey))).code).toBe('RECEIPT_INVALID');
  });

  test('of a line that is hashed and signed, and still no entry, is refused', async () => {
    const odd = forge(lines[1]!, (body) => body.replace('"agent":"tester"', '"agent":7'));
    const signed = await headOf([lines[0]!, odd]);
    const receipt = await makeReceipt(logOf([lines[0]!, odd]), { at: 1, head: signed });
    expect((await rejectionOf(verifyReceipt(receipt, keys.publicKey))).message).toContain('not one that a kernel writes');
  });
});

describe('no receipt is made', () => {
  test('for an entry that the head does not cover', async () => {
    const signed = await headOf(lines.slice(0, 4));
    expect(await rejectionOf(makeReceipt(logOf(lines), { at: 4, head: signed }))).toMatchObject({ code: 'LOG_NOT_FOUND', details: { at: 4, entries: 4 } });
    for (const at of [-1, 1.5, Number.NaN]) expect(await rejectionOf(makeReceipt(logOf(lines), { at, head }))).toBeInstanceOf(TypeError);
  });

  test('from a log that does not hold what the head covers', async () => {
    for (const other of [lines.slice(0, 10), linesOf(11, undefined, 'forged'), linesOf(11, 'another-log')]) {
      expect(await rejectionOf(makeReceipt(logOf(other), { at: 1, head }))).toMatchObject({ code: 'HEAD_CONTRADICTED' });
    }
  });

  test('from a log that is damaged before the last entry of the head; what comes later does not matter', async () => {
    const damaged = [...lines.slice(0, 6), lines[7]!];
    expect(await rejectionOf(makeReceipt(logOf(damaged), { at: 1, head }))).toMatchObject({ code: 'LOG_CORRUPT' });
    const receipt = await makeReceipt(logOf(damaged), { at: 1, head: await headOf(lines.slice(0, 5)) });
    expect((await verifyReceipt(receipt, keys.publicKey)).entry.busSeq).toBe(1);
  });

  test('under something that is no head', async () => {
    expect(await rejectionOf(makeReceipt(logOf(lines), { at: 1, head: 'omnipaw' }))).toMatchObject({ code: 'HEAD_INVALID' });
  });
});
