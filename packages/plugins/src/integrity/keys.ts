/** Ed25519 keys, in the same forms as those by which logs are signed: PEM, the private one as PKCS #8, the public one as SPKI. */
import crypto from 'node:crypto';
import type { OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';

const PUBLIC_KEY_BYTES = 32;
/** What stands before the raw key in the SPKI form (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Throws `KEY_INVALID` for what is no Ed25519 private key in PEM. */
export function privateKeyOf(pem: string): crypto.KeyObject {
  return ed25519('private', () => crypto.createPrivateKey(pem));
}

/** The raw public key, in base64, of a private one. */
export function publicKeyOf(privateKey: crypto.KeyObject): string {
  return rawPublicKey(crypto.createPublicKey(privateKey));
}

/** The raw key, in base64 and as manifests name it, of a public key in PEM; throws `KEY_INVALID` for any other. */
export function rawKeyOf(pem: string): string {
  // Node makes a public key of a private one, too: who gives that one away by mistake is told.
  const isPrivate = pem.includes('PRIVATE KEY');
  return rawPublicKey(ed25519('public', () => crypto.createPublicKey(isPrivate ? '' : pem)));
}

/** Whether a signature in base64 is that of a raw key in base64; false for what is no signature or no key. */
export function isSignedBy(publicKey: string, bytes: Uint8Array, signature: string): boolean {
  const raw = Buffer.from(publicKey, 'base64');
  // Bytes have one text, and any other is none.
  if (raw.length !== PUBLIC_KEY_BYTES || raw.toString('base64') !== publicKey) return false;
  const signed = Buffer.from(signature, 'base64');
  if (signed.toString('base64') !== signature) return false;
  try {
    const key = crypto.createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
    return crypto.verify(null, bytes, key, signed);
  } catch {
    // No point of the curve.
    return false;
  }
}

function ed25519(half: 'private' | 'public', read: () => crypto.KeyObject): crypto.KeyObject {
  let key: crypto.KeyObject;
  try {
    key = read();
  } catch (cause) {
    throw keyInvalid(`no ${half} key in PEM, or one that is encrypted`, half, cause);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw keyInvalid(`a ${half} key of the type ${String(key.asymmetricKeyType)}`, half);
}

function rawPublicKey(key: crypto.KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).subarray(-PUBLIC_KEY_BYTES).toString('base64');
}

function keyInvalid(found: string, half: 'private' | 'public', cause?: unknown): OmniError {
  return pluginError('KEY_INVALID', `This must be an Ed25519 ${half} key; found ${found}. Make a pair with "omnipaw keygen".`, { cause });
}
