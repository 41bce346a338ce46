import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { vi } from 'vitest';

/** A certificate for some names, made in a folder for this test run, which nobody vouches for. */
export function makeCertificate(folder: string, names: readonly string[]): { readonly key: string; readonly cert: string } {
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const { status, stderr } = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-keyout', key, '-out', cert],
    ...['-subj', `/CN=${names[0]!}`, '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`],
  ], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

/** Lets this process take a certificate for one to trust, and no other: names and everything else are checked as ever. Restored with the mocks. */
export function trust(cert: string): void {
  const { createSecureContext } = tls;
  vi.spyOn(tls, 'createSecureContext').mockImplementation((options) => createSecureContext({ ...options, ca: cert }));
}
