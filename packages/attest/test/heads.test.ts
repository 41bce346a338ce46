import { generateKeyPair, headSigner, signHead, type HeadSigner } from '@omnipaw/attest';
import type { OmniError } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { checkSignature, keyIdOf, parseNote } from '../src/note.js';
import { parseHead } from '../src/head.js';
import { headVerifier } from '../src/keys.js';
import { codec, hashOf, logOf, TestChain } from '../../kernel/test/logging/test-chain.js';
import { rejectionOf } from '../../kernel/test/support/index.js';
import { headOf, keys, linesOf, signer } from './signed-logs.js';

describe('a signed head', () => {
  test('is a checkpoint in a signed note, with the head of the chain', async () => {
    const lines = linesOf(3);
    const { text, ...head } = await signHead(logOf(lines), signer);
    expect(head).toEqual({ origin: 'omnipaw/log-of-the-tests', entries: 3, root: expect.stringMatching(/^[0-9a-f]{64}$/) as string, chain: hashOf(lines[2]!) });
    const root = Buffer.from(head.root, 'hex').toString('base64');
    expect(text).toMatch(/\n\n\u2014 omnipaw\/log-of-the-tests [A-Za-z0-9+/]{91}=\n$/);
    expect(text.slice(0, text.indexOf('\n\n') + 1)).toBe(`omnipaw/log-of-the-tests\n3\n${root}\nchain ${hashOf(lines[2]!)}\n`);
    expect(parseHead(text)).toMatchObject(head);
  });

  test('is the same each time: a log that did not change has one', async () => {
    expect(await headOf(linesOf(5))).toBe(await headOf(linesOf(5)));
  });

  test('does not cover a torn tail', async () => {
    const lines = linesOf(4);
    expect(await headOf([...lines.slice(0, 3), lines[3]!.slice(0, -9)])).toBe(await headOf(lines.slice(0, 3)));
  });

  test('may be signed by a key that is elsewhere and takes its time', async () => {
    const remote: HeadSigner = { publicKey: signer.publicKey, sign: async (bytes) => signer.sign(bytes) };
    expect(await headOf(linesOf(5), remote)).toBe(await headOf(linesOf(5)));
  });

  test('is refused where the signer gives something else than a signature', async () => {
    const short: HeadSigner = { publicKey: signer.publicKey, sign: () => new Uint8Array(3) };
    await expect(headOf(linesOf(2), short)).rejects.toThrow('An Ed25519 signature has 64 bytes; the signer gave 3.');
  });

  test('does not have to fit one that only claims to be signed by the same key', async () => {
    const lines = linesOf(6);
    const forged = (await headOf(linesOf(5))).replace('\n5\n', '\n4\n');
    const problems: OmniError[] = [];
    const onProblem = (problem: OmniError): void => { problems.push(problem); };
    expect((await signHead(logOf(lines), signer, { earlier: [forged, await headOf(lines.slice(0, 3)), 'no head'], onProblem })).entries).toBe(6);
    expect(problems).toEqual([expect.objectContaining({ code: 'HEAD_INVALID', details: { origin: 'omnipaw/log-of-the-tests', entries: 4 } })]);
  });
});

describe('no head is signed', () => {
  test('of a damaged log', async () => {
    const lines = linesOf(4);
    expect(await rejectionOf(signHead(logOf([lines[0]!, lines[2]!]), signer))).toMatchObject({ code: 'LOG_CORRUPT' });
  });

  test.each([
    ['an empty log', []],
    ['a log without a header', new TestChain({ nextSeq: 0, head: '0'.repeat(64) }).lines(1, {})],
    ['an id with a space', linesOf(2, 'two words')],
    ['an id with a plus', linesOf(2, 'a+b')],
    ['an id of two lines', linesOf(2, 'a\n9')],
  ])('of %s', async (_what, lines) => {
    expect(await rejectionOf(signHead(logOf(lines), signer))).toMatchObject({ code: 'LOG_FORMAT_UNSUPPORTED' });
  });

  test('that contradicts one which the same key signed earlier', async () => {
    const lines = linesOf(6);
    const earlier = [await headOf(lines.slice(0, 4))];
    expect((await signHead(logOf(lines), signer, { earlier })).entries).toBe(6);
    for (const other of [lines.slice(0, 3), linesOf(6, undefined, 'forged')]) {
      expect(await rejectionOf(signHead(logOf(other), signer, { earlier }))).toMatchObject({ code: 'HEAD_CONTRADICTED', details: { entries: 4 } });
    }
    const othersHead = await headOf(linesOf(6, undefined, 'forged'), headSigner(generateKeyPair().privateKey));
    expect((await signHead(logOf(lines), signer, { earlier: [othersHead, 'nonsense'] })).entries).toBe(6);
  });
});

describe('a text that has not the form of a head', async () => {
  const good = await headOf(linesOf(3));
  test.each([
    ['nothing', ''],
    ['no signature', good.slice(0, good.indexOf('\u2014'))],
    ['a cut signature', good.slice(0, -3)],
    ['an origin of another kind', good.replaceAll('omnipaw/', 'example.com/')],
    ['a number with a zero in front', good.replace('\n3\n', '\n03\n')],
    ['no entries', good.replace('\n3\n', '\n0\n')],
    ['more entries than can be counted', good.replace('\n3\n', '\n9999999999999999\n')],
    ['a root of another length', good.replace(/\n[\w+/]{43}=\n/, '\nAAAA\n')],
    ['a root with bits left over', good.replace(/\n[\w+/]{43}=\n/, `\n${'A'.repeat(42)}B=\n`)],
    ['a chain in capitals', good.replace(/chain [0-9a-f]{64}/, `chain ${'A'.repeat(64)}`)],
    ['a line more', good.replace('\nchain', '\nmore\nchain')],
    ['other ends of lines', good.replaceAll('\n', '\r\n')],
  ])('is refused: %s', (_what, text) => {
    expect(() => parseHead(text)).toThrow(expect.objectContaining({ code: 'HEAD_INVALID' }));
  });

  test('but further signatures, of witnesses for instance, do no harm', async () => {
    const witnessed = `${good}\u2014 witness.example ${Buffer.from('0123456789').toString('base64')}\n`;
    expect(parseHead(witnessed)).toMatchObject({ entries: 3 });
    const verifier = headVerifier(keys.publicKey);
    expect(await checkSignature(parseHead(witnessed).note, 'omnipaw/log-of-the-tests', { verifier, codec })).toBe('GOOD');
  });
});

test('notes are those of other implementations: the example of the Go library is read and its signature is good', async () => {
  const [name, keyId, key] = ['PeterNeumann', 'c74f20a3', 'ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'];
  const note =
    'If you think cryptography is the answer to your problem,\nthen you don\'t know what your problem is.\n\n' +
    '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
  // An Ed25519 key in the form of X.509: twelve bytes that are always the same, and the key.
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(key, 'base64').subarray(1)]);
  const verifier = headVerifier(`-----BEGIN PUBLIC KEY-----\n${spki.toString('base64')}\n-----END PUBLIC KEY-----\n`);
  expect(keyIdOf(name, verifier.publicKey, codec)).toBe(keyId);
  expect(await checkSignature(parseNote(note)!, name, { verifier, codec })).toBe('GOOD');
  expect(await checkSignature(parseNote(note.replace('answer', 'ANSWER'))!, name, { verifier, codec })).toBe('BAD');
  expect(await checkSignature(parseNote(note)!, 'PeterWeinberger', { verifier, codec })).toBe('MISSING');
});
