/** Signed notes, as https://c2sp.org/signed-note has them, with Ed25519. */
import type { Codec } from '@omnipaw/kernel';
import { fromBase64, fromHex, toBase64, toHex } from './encodings.js';

/** Signs the heads of logs. The key may be anywhere: in this process, in another one, in a device. */
export interface HeadSigner {
  /** The Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The Ed25519 signature of these bytes, 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Checks the signatures of one key. */
export interface HeadVerifier {
  /** The Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  verify(bytes: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>;
}

/** A note taken apart; nothing is known yet of its signatures. */
export interface SignedNote {
  /** What was signed, the newline at its end included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

interface NoteSignature {
  readonly name: string;
  /** Four bytes, hexadecimal. */
  readonly keyId: string;
  readonly bytes: Uint8Array;
}

const ED25519 = '\u0001';
const KEY_ID_BYTES = 4;
const SIGNATURE_BYTES = 64;
const SIGNATURE_LINE = /^\u2014 ([^\s+\p{Cc}\p{Cs}]+) ([\w+/=]+)$/u;

/** What tells a key from others of the same name; hexadecimal. */
export function keyIdOf(name: string, publicKey: Uint8Array, codec: Codec): string {
  const prefix = codec.utf8(`${name}\n${ED25519}`);
  const bytes = new Uint8Array(prefix.length + publicKey.length);
  bytes.set(prefix);
  bytes.set(publicKey, prefix.length);
  return codec.sha256(bytes).slice(0, KEY_ID_BYTES * 2);
}

/** Text, which ends with a newline, with the signature of one key under a name. */
export async function signNote(text: string, name: string, { signer, codec }: { signer: HeadSigner; codec: Codec }): Promise<string> {
  const signature = await signer.sign(codec.utf8(text));
  if (signature.length !== SIGNATURE_BYTES) throw new TypeError(`An Ed25519 signature has ${SIGNATURE_BYTES} bytes; the signer gave ${signature.length}.`);
  return `${text}\n\u2014 ${name} ${toBase64(fromHex(keyIdOf(name, signer.publicKey, codec) + toHex(signature)))}\n`;
}

/** Takes a note apart; undefined for what is none. */
export function parseNote(note: string): SignedNote | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) return undefined;
  const signatures = note.slice(end + 2, -1).split('\n').map(parseSignature);
  if (!signatures.every((signature) => signature !== undefined)) return undefined;
  return { text: note.slice(0, end + 1), signatures };
}

function parseSignature(line: string): NoteSignature | undefined {
  const [, name, base64] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = base64 === undefined ? undefined : fromBase64(base64);
  if (name === undefined || bytes === undefined || bytes.length <= KEY_ID_BYTES) return undefined;
  return { name, keyId: toHex(bytes.subarray(0, KEY_ID_BYTES)), bytes: bytes.subarray(KEY_ID_BYTES) };
}

/**
 * Whether a note is signed by a key under a name. `BAD`: it claims to be, and is not. `MISSING`: signatures of other keys, if
 * any, say nothing.
 */
export async function checkSignature(
  { text, signatures }: SignedNote,
  name: string,
  { verifier, codec }: { verifier: HeadVerifier; codec: Codec },
): Promise<'GOOD' | 'BAD' | 'MISSING'> {
  const keyId = keyIdOf(name, verifier.publicKey, codec);
  const own = signatures.filter((signature) => signature.name === name && signature.keyId === keyId);
  if (own.length === 0) return 'MISSING';
  const signed = codec.utf8(text);
  for (const { bytes } of own) {
    if (!(await verifier.verify(signed, bytes))) return 'BAD';
  }
  return 'GOOD';
}
