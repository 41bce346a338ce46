/** The programs in Python on the page of attestation, run as they stand there: proof that its descriptions are enough. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attest, FileHeadStore, makeReceipt } from '@omnipaw/attest';
import { createKernel, defineAgent, FileLogReader, FileLogStore, verify } from '@omnipaw/kernel';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import { temporaryDirectory } from '../../kernel/test/node/temporary-directory.js';
import { rechained } from '../../kernel/test/logging/test-chain.js';
import { headOf, keys, linesOf, otherKeys, signer } from './signed-logs.js';

const page = readFileSync(new URL('../../../docs/content/attestation.md', import.meta.url), 'utf8');
// Each step starts a process, and a machine may be busy.
vi.setConfig({ testTimeout: 120_000 });

const PROGRAMS = ['verify_log.py', 'verify_receipt.py'] as const;
const folder = temporaryDirectory();
const FIRST = '0000000000000000.jsonl';

function sourceOf(name: string): string {
  return new RegExp(`^\`\`\`python ${name}\n([^]*?)^\`\`\`$`, 'm').exec(page)![1]!;
}

function python(program: (typeof PROGRAMS)[number], ...args: readonly string[]): { code: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync('python3', [join(folder, program), ...args], { encoding: 'utf8' });
  return { code: status, text: stdout + stderr };
}

/** A log of several segments as a kernel writes it, with its heads. */
async function writtenLog(): Promise<{ log: string; head: string }> {
  const log = join(temporaryDirectory(), 'log');
  const counter = defineAgent('counter', function* (ctx, count: number) {
    for (let step = 0; step < count; step++) yield* ctx.sleep(0);
    return 'Zoë } {"';
  });
  const kernel = await createKernel({ log: new FileLogStore(log, { segmentBytes: 2_000 }), agents: [counter], follow: attest({ signer, everyEntries: 10 }) });
  await kernel.spawn(counter, 12).result();
  await kernel.stop();
  const heads = FileHeadStore.beside(log);
  return { log, head: heads.pathOf((await heads.read()).at(-1)!) };
}

/** A log of one segment with these bytes. */
function logWith(content: string | Uint8Array, name = FIRST): string {
  const log = join(temporaryDirectory(), 'log');
  mkdirSync(log);
  writeFileSync(join(log, name), content);
  return log;
}

/** What both verifiers, ours and the page's, say of a log, in the page's words. */
async function bothOn(log: string): Promise<string> {
  const { integrity, entries, head, firstBad } = await verify(new FileLogReader(log));
  const ours = integrity === 'BROKEN' ? `BROKEN: ${firstBad!.reason} at entry ${entries}\n` : `INTACT: ${entries} entries, head ${head}\n`;
  expect(python('verify_log.py', log)).toEqual({ code: integrity === 'BROKEN' ? 1 : 0, text: ours });
  return ours;
}

describe('each program on the page', () => {
  test.each(PROGRAMS)('%s has 60 lines or fewer, and imports nothing but the standard library', (name) => {
    const source = sourceOf(name);
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
    expect(source.match(/^(?:import|from) .*$/gm)).toHaveLength(1);
    expect(source).toMatch(/^import base64, hashlib, pathlib, (?:re, sys|subprocess, sys, tempfile)$/m);
  });
});

describeWith('python3', 'the verifiers in Python', () => {
  beforeAll(() => {
    for (const name of PROGRAMS) writeFileSync(join(folder, name), sourceOf(name));
  });

  describe('of a log', () => {
    test('accepts what a kernel wrote, with each of its heads', async () => {
      const { log, head } = await writtenLog();
      expect(await bothOn(log)).toMatch(/^INTACT: \d+ entries/);
      for (const name of readdirSync(join(log, 'heads'))) {
        expect(python('verify_log.py', log, join(log, 'heads', name)).text).toMatch(/\nCOMPLETE: it holds the \d+ entries of omnipaw\/[0-9a-f]{24} \(/);
      }
      expect(python('verify_log.py', log, head).code).toBe(0);
    });

    const lines = linesOf(9);
    const text = lines.join('');
    test.each([
      ['a changed word', text.replace('entry 4', 'entry X'), 'HASH_MISMATCH at entry 4'],
      ['a line that is missing', [...lines.slice(0, 3), ...lines.slice(4)].join(''), 'SEQUENCE_MISMATCH at entry 3'],
      ['a line of another log', [...lines.slice(0, 3), linesOf(9, 'other')[3]!, ...lines.slice(4)].join(''), 'PREV_MISMATCH at entry 3'],
      ['something else', `${lines.slice(0, 2).join('')}{}\n`, 'MALFORMED_LINE at entry 2'],
      ['a hash with a letter of another alphabet', text.replace(/[0-9a-f]{2}"}\n$/, 'é"}\n'), 'MALFORMED_LINE at entry 8'],
      ['a torn tail', text.slice(0, -20), 'INTACT: 8'],
      ['a tail that lacks the newline only', text.slice(0, -1), 'INTACT: 8'],
      ['a tail in the middle of a string', text.slice(0, text.lastIndexOf('entry 8') + 3), 'INTACT: 8'],
      ['zeros after the end', `${text}\0\0\0`, 'INTACT: 9'],
      ['a newline that was changed', `${text.slice(0, -1)} ${lines[0]!}`, 'HASH_MISMATCH at entry 8'],
      ['a newline that was changed, at the end', `${text.slice(0, -1)}xx`, 'NEWLINE_MISSING at entry 8'],
      ['nothing', '', 'INTACT: 0'],
    ])('says of %s what ours says', async (_what, content, said) => {
      expect(await bothOn(logWith(content))).toContain(said);
    });

    test('says of any flipped bit what ours says', async () => {
      const bytes = Buffer.from(linesOf(3).join(''));
      for (let byte = 0; byte < bytes.length; byte += 61) {
        const changed = Buffer.from(bytes);
        changed[byte]! ^= 1 << (byte % 8);
        await bothOn(logWith(changed));
      }
    });

    test('misses a segment, and does not take a renamed one', async () => {
      const log = logWith(lines.slice(0, 4).join(''));
      const second = join(log, '0000000000000004.jsonl');
      writeFileSync(second, lines.slice(4, 7).join(''));
      writeFileSync(join(log, '0000000000000007.jsonl'), lines.slice(7).join(''));
      expect(await bothOn(log)).toMatch(/^INTACT: 9 entries/);
      renameSync(second, `${second}.old`);
      expect(await bothOn(log)).toBe('BROKEN: SEGMENT_MISMATCH at entry 4\n');
      renameSync(`${second}.old`, second);
      appendFileSync(second, '{');
      expect(await bothOn(log)).toBe('BROKEN: NEWLINE_MISSING at entry 7\n');
    });

    test('finds by a head that the log was cut off, or written anew with good hashes', async () => {
      const { log, head } = await writtenLog();
      const names = readdirSync(log).filter((name) => name.endsWith('.jsonl')).sort();
      const all = names.map((name) => readFileSync(join(log, name), 'utf8')).join('').split(/(?<=\n)/);
      const refused = { code: 1, text: expect.stringMatching(/^INTACT: .*\nINCOMPLETE: it does not hold what the head covers\n$/) as string };
      expect(python('verify_log.py', logWith(all.slice(0, -1).join('')), head)).toEqual(refused);
      const forged = rechained(all.map((line) => line.replace('"input":12', '"input":13')));
      expect(forged).not.toEqual(all);
      expect(python('verify_log.py', logWith(forged.join('')), head)).toEqual(refused);
    });
  });

  describe('of a receipt', () => {
    async function receiptFile(at: number): Promise<{ file: string; text: string; line: string }> {
      const lines = linesOf(7);
      const text = await makeReceipt(new FileLogReader(logWith(lines.join(''))), { at, head: await headOf(lines) });
      const file = join(temporaryDirectory(), 'receipt');
      writeFileSync(file, text);
      return { file, text, line: lines[at]! };
    }

    test('accepts a good one for each entry, and says that it did not check the signature', async () => {
      for (let at = 0; at < 7; at++) {
        const { file, line } = await receiptFile(at);
        expect(python('verify_receipt.py', file)).toEqual({ code: 0, text: `GOOD: entry ${at} of omnipaw/log-of-the-tests, signature not checked\n${line}` });
      }
    });

    test('refuses one that was changed anywhere in what it proves', async () => {
      const { file, text } = await receiptFile(4);
      const rows = text.split('\n');
      const last = rows.findIndex((row) => row.startsWith('chain '));
      for (let row = 0; row < last; row++) {
        // The origin alone is nothing that the proof covers; the signature does.
        if (rows[row]!.startsWith('omnipaw/')) continue;
        const changed = [...rows];
        changed[row] = `${rows[row]!.slice(0, 9)}${rows[row]![9] === 'A' ? 'B' : 'A'}${rows[row]!.slice(10)}`;
        writeFileSync(file, changed.join('\n'));
        expect(python('verify_receipt.py', file).code, changed[row]).toBe(1);
      }
      writeFileSync(file, text.replace('index 4', 'index 7'));
      expect(python('verify_receipt.py', file).text).toBe('REFUSED: it is another entry\n');
    });
  });

  describeWith('openssl', 'with the signature', () => {
    test('accepts the key that signed, and no other', async () => {
      const lines = linesOf(7);
      const receipt = join(folder, 'signed.tlog-proof');
      writeFileSync(receipt, await makeReceipt(new FileLogReader(logWith(lines.join(''))), { at: 2, head: await headOf(lines) }));
      const [own, other] = [join(folder, 'own.pub'), join(folder, 'other.pub')];
      writeFileSync(own, keys.publicKey);
      writeFileSync(other, otherKeys.publicKey);
      expect(python('verify_receipt.py', receipt, own)).toEqual({ code: 0, text: `GOOD: entry 2 of omnipaw/log-of-the-tests, signed\n${lines[2]!}` });
      expect(python('verify_receipt.py', receipt, other)).toEqual({ code: 1, text: 'REFUSED: the signature is not good\n' });
      copyFileSync(receipt, `${receipt}.changed`);
      writeFileSync(`${receipt}.changed`, readFileSync(receipt, 'utf8').replaceAll('omnipaw/log-of-the-tests', 'omnipaw/another-log'));
      expect(python('verify_receipt.py', `${receipt}.changed`).code).toBe(0);
      expect(python('verify_receipt.py', `${receipt}.changed`, own)).toEqual({ code: 1, text: 'REFUSED: the signature is not good\n' });
    });
  });
});
