import { generateKeyPairSync, createPublicKey } from 'node:crypto';
import { generateKeyPair, headSigner } from '@omnipaw/attest';
import { describe, expect, test } from 'vitest';
import { headVerifier } from '../src/keys.js';

const bytes = Buffer.from('omnipaw/x\n');

describe('a key pair', () => {
  test('signs and checks, in the forms that OpenSSL has', () => {
    const { privateKey, publicKey } = generateKeyPair();
    expect(privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    const [signer, verifier] = [headSigner(privateKey), headVerifier(publicKey)];
    expect(signer.publicKey).toEqual(verifier.publicKey);
    expect(Buffer.from(signer.publicKey).toString('base64url')).toBe(createPublicKey(publicKey).export({ format: 'jwk' }).x);
    const signature = signer.sign(bytes) as Uint8Array;
    expect(verifier.verify(bytes, signature)).toBe(true);
    expect(verifier.verify(Buffer.from('omnipaw/y\n'), signature)).toBe(false);
    expect(verifier.verify(bytes, signature.subarray(1))).toBe(false);
  });

  test('is another one each time', () => {
    expect(generateKeyPair().publicKey).not.toBe(generateKeyPair().publicKey);
  });
});

describe('a key is refused', () => {
  const rsa = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const encrypted = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
  const own = generateKeyPair();

  test.each([
    ['another kind', () => headSigner(rsa.privateKey), 'found a private key of the type rsa'],
    ['another kind', () => headVerifier(rsa.publicKey), 'found a public key of the type rsa'],
    ['no key', () => headSigner('key'), 'found no private key in PEM'],
    ['no key', () => headVerifier(''), 'found no public key in PEM'],
    ['an encrypted key', () => headSigner(encrypted), 'or one that is encrypted'],
    ['the private half where the public one belongs', () => headVerifier(own.privateKey), 'found no public key'],
    ['the public half where the private one belongs', () => headSigner(own.publicKey), 'found no private key'],
  ])('that is %s', (_what, make, found) => {
    expect(make).toThrow(expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringContaining(found) as string }));
  });
});
