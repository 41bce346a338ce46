import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { toJson, type JsonObject } from '@omnipaw/kernel';
import { hashFolder, pluginDigests, PluginValidator, signManifest, verifyIntegrity, verifySignature, type PluginManifest } from '@omnipaw/plugins';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/schemas/index.js';
import { folderWith } from '../support/folder.js';
import { weather } from '../support/weather.js';

const [ada, eve] = [keyPair(), keyPair()];
const validator = new PluginValidator();
const files = Object.fromEntries(['src/get-forecast.ts', 'src/report.ts', 'src/convert.ts', 'src/all.js', 'src/reporter.ts'].map((file) => [file, `// ${file}`]));
const digests = Object.fromEntries(Object.entries(files).map(([file, content]) => [file, createHash('sha256').update(content).digest('hex')]));
const source = toJson(weather()) as JsonObject;
const signed = signManifest(source, digests, ada.privateKey);

function keyPair() {
  return generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
}

function parse(manifest: JsonObject): PluginManifest {
  return validator.parse(JSON.stringify(manifest));
}

const signatureOf = (manifest: JsonObject): Record<string, string> => manifest['signature'] as Record<string, string>;

describe('a signed manifest', () => {
  test('is a good one, and names who has signed it', () => {
    expect(verifySignature(parse(signed), [eve.publicKey, ada.publicKey])).toBe(ada.publicKey);
  });

  test('stays signed when it is laid out anew, its keys in another order', () => {
    const reversed = (value: unknown): unknown => (Array.isArray(value) ? value.map(reversed) : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).reverse().map(([key, inner]) => [key, reversed(inner)])) : value);
    const text = JSON.stringify(reversed(signed), null, 7).replaceAll('"MIT"', '"\\u004dIT"');
    expect(verifySignature(validator.parse(text), [ada.publicKey])).toBe(ada.publicKey);
  });

  test('vouches for its files', async () => {
    const folder = folderWith(files);
    expect(await verifyIntegrity(parse(signed), folder)).toEqual(await hashFolder(folder));
    await expect(verifyIntegrity(parse(signed), folderWith({ ...files, 'src/report.ts': 'evil()' }))).rejects.toMatchObject({ code: 'PLUGIN_INTEGRITY_FAILED', details: { changed: ['src/report.ts'] } });
  });

  test('can be checked without this package', () => {
    const { ed25519, publicKey } = signatureOf(signed);
    const rest = Object.fromEntries(Object.entries(signed).filter(([key]) => key !== 'signature'));
    const raw = createPublicKey(ada.publicKey).export({ format: 'jwk' }).x!;
    expect(Buffer.from(publicKey!, 'base64').toString('base64url')).toBe(raw);
    const bytes = Buffer.from(`omnipaw plugin manifest, version 1\n${canonicalJson(rest)}`);
    expect(verify(null, bytes, ada.publicKey, Buffer.from(ed25519!, 'base64'))).toBe(true);
  });

  test('can be signed anew', () => {
    expect(signManifest(signed, digests, ada.privateKey)).toEqual(signed);
    expect(verifySignature(parse(signManifest(signed, digests, eve.privateKey)), [eve.publicKey])).toBe(eve.publicKey);
  });
});

describe('a manifest is not trusted', () => {
  const untrusted = (message: string) => expect.objectContaining({ code: 'PLUGIN_UNTRUSTED', failureClass: 'POLICY_VIOLATION', message: expect.stringContaining(message) as string });

  test('without a signature', () => {
    expect(() => verifySignature(parse(source), [ada.publicKey])).toThrow(untrusted('Plugin "plugin-weather" is not signed'));
  });

  test('by the key that it brings along', () => {
    expect(() => verifySignature(parse(signed), [])).toThrow(untrusted('is signed by a key that is not trusted'));
    expect(() => verifySignature(parse(signed), [eve.publicKey])).toThrow(untrusted(signatureOf(signed)['publicKey']!));
  });

  test.each<[string, (manifest: Record<string, unknown>) => void]>([
    ['whose version was changed', (manifest) => { manifest['version'] = '1.2.1'; }],
    ['to which a permission was added', (manifest) => { manifest['permissions'] = [...weather().permissions, 'shell']; }],
    ['from which something was taken', (manifest) => { delete manifest['agents']; }],
    ['whose files have other digests', (manifest) => { manifest['integrity'] = { sha256: { ...digests, 'src/report.ts': '0'.repeat(64) } }; }],
    ['with the signature of another one', (manifest) => { manifest['signature'] = signManifest({ ...source, license: 'GPL-3.0-only' }, digests, ada.privateKey)['signature']; }],
    ['with the key of somebody else', (manifest) => { manifest['signature'] = { ...signatureOf(signed), publicKey: Buffer.from(createPublicKey(eve.publicKey).export({ format: 'jwk' }).x!, 'base64url').toString('base64') }; }],
    ['with a key that is none', (manifest) => { manifest['signature'] = { ...signatureOf(signed), publicKey: `${'/'.repeat(42)}8=` }; }],
    ['with a signature in another spelling', (manifest) => { manifest['signature'] = { ...signatureOf(signed), ed25519: respelt(signatureOf(signed)['ed25519']!) }; }],
  ])('%s', (_what, change) => {
    const manifest = { ...signed };
    change(manifest);
    expect(() => verifySignature(parse(manifest), [ada.publicKey, eve.publicKey])).toThrow(expect.objectContaining({ code: 'PLUGIN_SIGNATURE_INVALID' }));
  });

  /** The same bytes, with bits in the last digit that no encoder writes. */
  function respelt(base64: string): string {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    return `${base64.slice(0, -3)}${digits[digits.indexOf(base64.at(-3)!) ^ 1]!}==`;
  }

  test.each([
    ['the private half', () => verifySignature(parse(signed), [ada.privateKey]), 'found no public key in PEM'],
    ['no key', () => verifySignature(parse(signed), ['ssh-ed25519 AAAA']), 'found no public key in PEM'],
    ['the public half to sign with', () => signManifest(source, digests, ada.publicKey), 'found no private key in PEM'],
    ['another kind of key', () => signManifest(source, digests, generateKeyPairSync('x25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey), 'found a private key of the type x25519'],
  ])('by %s', (_what, act, found) => {
    expect(act).toThrow(expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringContaining(found) as string }));
  });
});

describe('the digests of a plugin', () => {
  const before = pluginDigests(parse(signed), digests);

  test('are the same for the same plugin, however it is laid out and whoever signs it', () => {
    expect(before).toEqual({ manifest: expect.stringMatching(/^[0-9a-f]{64}$/), code: expect.stringMatching(/^[0-9a-f]{64}$/), schemas: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(pluginDigests(parse(signManifest(source, digests, eve.privateKey)), Object.fromEntries(Object.entries(digests).reverse()))).toEqual(before);
  });

  test('say what has changed', () => {
    const described = { ...signed, description: 'Other forecasts.' };
    expect(pluginDigests(parse(described), digests)).toEqual({ ...before, manifest: expect.not.stringMatching(before.manifest) as string });
    expect(pluginDigests(parse(signed), { ...digests, 'src/report.ts': '0'.repeat(64) })).toEqual({ ...before, code: expect.not.stringMatching(before.code) as string });
    const tools = weather().tools.map((tool) => ({ ...tool, output: { type: 'string' } }));
    expect(pluginDigests(parse({ ...signed, tools } as unknown as JsonObject), digests)).toMatchObject({ code: before.code, schemas: expect.not.stringMatching(before.schemas) as string });
  });
});

describe('canonical JSON', () => {
  test.each([
    // The example of RFC 8785, section 3.2.2 and 3.2.3, and its sorting test, section 3.2.3.
    ['{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'],
    ['{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'],
    ['{"b":[{"d":1,"c":2}],"a":{}}', '{"a":{},"b":[{"c":2,"d":1}]}'],
  ])('of %s is as the RFC has it', (text, expected) => {
    expect(canonicalJson(JSON.parse(text) as JsonObject)).toBe(expected);
  });
});
