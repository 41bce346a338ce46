/** Ed25519 keys on Node: PEM as OpenSSL writes it, the private one as PKCS #8, the public one as SPKI. */
import crypto from 'node:crypto';
import { OmniError } from '@omnipaw/kernel';
import type { HeadSigner, HeadVerifier } from './note.js';

/** How long the raw public key is; it stands at the end of the SPKI form. */
const PUBLIC_KEY_BYTES = 32;
/** And what stands before it (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Both halves of a key, as PEM. */
export interface KeyPair {
  /** Whoever has it can sign: keep it secret, and away from the logs. */
  readonly privateKey: string;
  readonly publicKey: string;
}

export function generateKeyPair(): KeyPair {
  return crypto.generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}

/** Signs with a private key in PEM; throws `KEY_INVALID` for any other. */
export function headSigner(privateKey: string): HeadSigner {
  const key = ed25519('private', () => crypto.createPrivateKey(privateKey));
  return { publicKey: rawPublicKey(crypto.createPublicKey(key)), sign: (bytes) => crypto.sign(null, bytes, key) };
}

/** Checks with a public key in PEM; throws `KEY_INVALID` for any other. */
export function headVerifier(publicKey: string): HeadVerifier {
  // Node makes a public key of a private one, too: who gives that one away by mistake is told.
  const isPrivate = publicKey.includes('PRIVATE KEY');
  const key = ed25519('public', () => crypto.createPublicKey(isPrivate ? '' : publicKey));
  return { publicKey: rawPublicKey(key), verify: (bytes, signature) => crypto.verify(null, bytes, key, signature) };
}

/** Checks with a public key as signers have it. */
export function verifierOf(publicKey: Uint8Array): HeadVerifier {
  const verify: HeadVerifier['verify'] = (bytes, signature) => {
    const key = crypto.createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
    return crypto.verify(null, bytes, key, signature);
  };
  return { publicKey, verify };
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

function rawPublicKey(key: crypto.KeyObject): Uint8Array {
  return key.export({ type: 'spki', format: 'der' }).subarray(-PUBLIC_KEY_BYTES);
}

function keyInvalid(found: string, half: 'private' | 'public', cause?: unknown): OmniError {
  return new OmniError('KEY_INVALID', `This must be an Ed25519 ${half} key; found ${found}. Make a pair with "omnipaw keygen".`, { cause });
}
