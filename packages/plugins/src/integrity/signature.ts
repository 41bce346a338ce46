/**
 * Who vouches for a plugin: an Ed25519 signature (RFC 8032) over its manifest, which names the digest of each of its files.
 *
 * What is signed is a line that says what it is, and the manifest without its signature as canonical JSON (RFC 8785). So the file
 * may be laid out anew, and nothing that means something may be changed.
 */
import crypto from 'node:crypto';
import { toJson, type JsonObject, type OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import type { PluginManifest } from '../manifest/index.js';
import { canonicalJson } from '../schemas/index.js';
import { unsigned } from './digests.js';
import type { FileDigests } from './hash-folder.js';
import { isSignedBy, privateKeyOf, publicKeyOf, rawKeyOf } from './keys.js';

/** A key signs more than manifests of plugins; what it signs for the one is nothing for the other. */
const CONTEXT = 'omnipaw plugin manifest, version 1\n';

/**
 * The manifest with the digests of its files and a signature; what it had of them is replaced.
 *
 * Throws `KEY_INVALID` for what is no Ed25519 private key in PEM.
 */
export function signManifest(manifest: JsonObject, files: FileDigests, privateKey: string): JsonObject {
  const key = privateKeyOf(privateKey);
  const claimed = toJson({ ...unsigned(manifest), integrity: { sha256: files } }) as JsonObject;
  const ed25519 = crypto.sign(null, signedBytes(claimed), key).toString('base64');
  return toJson({ ...claimed, signature: { ed25519, publicKey: publicKeyOf(key) } }) as JsonObject;
}

/**
 * Which of the trusted keys, in PEM, has signed a manifest.
 *
 * Throws `PLUGIN_SIGNATURE_INVALID` for a signature that is none of this manifest, `PLUGIN_UNTRUSTED` for a manifest without one or with
 * that of another key, and `KEY_INVALID` for what is no key to trust.
 */
export function verifySignature({ name, source, signature }: Pick<PluginManifest, 'name' | 'source' | 'signature'>, trustedKeys: readonly string[]): string {
  const trusted = trustedKeys.map((pem) => ({ pem, raw: rawKeyOf(pem) }));
  if (signature === undefined) throw untrusted(name, 'is not signed');
  const { ed25519, publicKey } = signature;
  if (!isSignedBy(publicKey, signedBytes(unsigned(source)), ed25519)) throw signatureInvalid(name, publicKey);
  const signer = trusted.find(({ raw }) => raw === publicKey);
  if (signer === undefined) throw untrusted(name, `is signed by a key that is not trusted (${publicKey})`, publicKey);
  return signer.pem;
}

function signedBytes(manifest: JsonObject): Uint8Array {
  return Buffer.from(CONTEXT + canonicalJson(manifest));
}

function signatureInvalid(plugin: string, publicKey: string): OmniError {
  const message = `The signature of plugin "${plugin}" is not that of its manifest: one of the two was changed. Get the plugin anew; or if the changes are yours, sign it anew.`;
  return pluginError('PLUGIN_SIGNATURE_INVALID', message, { details: { plugin, publicKey } });
}

function untrusted(plugin: string, says: string, publicKey?: string): OmniError {
  const advice = publicKey === undefined ? 'Get it from somebody who signs it' : 'Trust the key, if you know whose it is';
  const message = `Plugin "${plugin}" ${says}, and only plugins of trusted keys are loaded. ${advice}; or do without the plugin.`;
  return pluginError('PLUGIN_UNTRUSTED', message, { details: { plugin, ...(publicKey === undefined ? {} : { publicKey }) } });
}
