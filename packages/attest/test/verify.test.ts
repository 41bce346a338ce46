import { headSigner, verifyAttested, type HeadStatus } from '@omnipaw/attest';
import { isContradicted, verify } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { signNewHead } from '../src/head.js';
import { codec, hashOf, logOf } from '../../kernel/test/logging/test-chain.js';
import { rejectionOf } from '../../kernel/test/support/index.js';
import { headOf, keys, linesOf, otherKeys, signer } from './signed-logs.js';

const { publicKey } = keys;
const lines = linesOf(9);
const head = await headOf(lines);
const earlier = await headOf(lines.slice(0, 5));
/** The same log as somebody writes it who has no key: other words, and every hash good again. */
const rewritten = linesOf(9, undefined, 'forged');

async function statusOf(log: readonly string[], heads: readonly string[]): Promise<{ completeness: string; statuses: HeadStatus[] }> {
  const verdict = await verifyAttested(logOf(log), { publicKey, heads });
  expect(isContradicted(verdict)).toBe(verdict.completeness === 'INCOMPLETE');
  return { completeness: verdict.completeness, statuses: verdict.heads.map(({ status }) => status) };
}

describe('a log with a signed head', () => {
  test('is complete up to it, without a pin', async () => {
    expect(await verifyAttested(logOf(lines), { publicKey, heads: [head] })).toEqual({
      integrity: 'INTACT',
      completeness: 'COMPLETE',
      entries: 9,
      head: hashOf(lines[8]!),
      pinnedAt: 8,
      heads: [{ status: 'CONFIRMED', origin: 'omnipaw/log-of-the-tests', entries: 9 }],
    });
    expect(await verifyAttested(logOf(lines), { publicKey, heads: [earlier] })).toMatchObject({ completeness: 'COMPLETE', pinnedAt: 4 });
    expect(await verifyAttested(logOf(lines), { publicKey, heads: [head, earlier] })).toMatchObject({ completeness: 'COMPLETE', pinnedAt: 8 });
  });

  test('shows that its end was cut off', async () => {
    const cut = lines.slice(0, 8);
    expect(await verify(logOf(cut))).toMatchObject({ integrity: 'INTACT', completeness: 'UNPINNED' });
    expect(await statusOf(cut, [head])).toEqual({ completeness: 'INCOMPLETE', statuses: ['NOT_IN_LOG'] });
    expect(await statusOf(cut, [earlier, head])).toEqual({ completeness: 'INCOMPLETE', statuses: ['CONFIRMED', 'NOT_IN_LOG'] });
  });

  test('shows that it was written anew, with every hash good', async () => {
    expect(await verify(logOf(rewritten))).toMatchObject({ integrity: 'INTACT', completeness: 'UNPINNED' });
    expect(await statusOf(rewritten, [head])).toEqual({ completeness: 'INCOMPLETE', statuses: ['NOT_IN_LOG'] });
  });

  test('is not saved by a head that the forger has signed', async () => {
    const forgers = await headOf(rewritten, headSigner(otherKeys.privateKey));
    expect(await statusOf(rewritten, [forgers])).toEqual({ completeness: 'INCOMPLETE', statuses: ['UNKNOWN_KEY'] });
    expect(await statusOf(rewritten, [forgers, head])).toEqual({ completeness: 'INCOMPLETE', statuses: ['UNKNOWN_KEY', 'NOT_IN_LOG'] });
  });

  test('is not proven by a head of another log, or by a changed one', async () => {
    expect(await statusOf(lines, [await headOf(linesOf(9, 'another-log'))])).toEqual({ completeness: 'INCOMPLETE', statuses: ['OTHER_LOG'] });
    expect(await statusOf(lines, [head.replace('\n9\n', '\n8\n')])).toEqual({ completeness: 'INCOMPLETE', statuses: ['BAD_SIGNATURE'] });
    expect(await statusOf(lines, ['nonsense', head])).toEqual({ completeness: 'INCOMPLETE', statuses: ['MALFORMED', 'CONFIRMED'] });
  });

  test('goes by the root as well as by the chain', async () => {
    const wrong = { origin: 'omnipaw/log-of-the-tests', entries: 9, root: 'a'.repeat(64), chain: hashOf(lines[8]!) };
    const signed = await signNewHead(wrong, signer, codec);
    expect(await statusOf(lines, [signed])).toEqual({ completeness: 'INCOMPLETE', statuses: ['NOT_IN_LOG'] });
  });

  test('may have heads of other keys, an older one for instance, as long as one is of this', async () => {
    const older = await headOf(lines.slice(0, 3), headSigner(otherKeys.privateKey));
    expect(await statusOf(lines, [older, head])).toEqual({ completeness: 'COMPLETE', statuses: ['UNKNOWN_KEY', 'CONFIRMED'] });
  });

  test('is incomplete where a key is given and nothing is signed', async () => {
    expect(await statusOf(lines, [])).toEqual({ completeness: 'INCOMPLETE', statuses: [] });
  });

  test('needs a pin that is given as well', async () => {
    expect(await verifyAttested(logOf(lines), { publicKey, heads: [earlier], pin: hashOf(lines[7]!) })).toMatchObject({ completeness: 'COMPLETE', pinnedAt: 7 });
    expect(await verifyAttested(logOf(lines), { publicKey, heads: [head], pin: hashOf(rewritten[7]!) })).toMatchObject({ completeness: 'INCOMPLETE' });
  });

  test('that was put back from an older copy, heads and all, is contradicted only by a newer head that was kept elsewhere', async () => {
    const olderCopy = lines.slice(0, 5);
    expect(await statusOf(olderCopy, [earlier])).toEqual({ completeness: 'COMPLETE', statuses: ['CONFIRMED'] });
    expect(await statusOf(olderCopy, [head])).toEqual({ completeness: 'INCOMPLETE', statuses: ['NOT_IN_LOG'] });
  });

  test('is judged up to its damage', async () => {
    const damaged = [...lines.slice(0, 6), lines[7]!];
    expect(await verifyAttested(logOf(damaged), { publicKey, heads: [earlier] })).toMatchObject({ integrity: 'BROKEN', completeness: 'COMPLETE', pinnedAt: 4 });
    expect(await statusOf(damaged, [head])).toEqual({ completeness: 'INCOMPLETE', statuses: ['NOT_IN_LOG'] });
  });
});

test('keys that are none are refused', async () => {
  for (const key of ['', 'ssh-ed25519 AAAA', keys.privateKey]) {
    expect(await rejectionOf(verifyAttested(logOf(lines), { publicKey: key, heads: [head] }))).toMatchObject({ code: 'KEY_INVALID' });
  }
});
