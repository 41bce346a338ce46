/** The engine of this machine, reached as one of another is: by TCP and TLS, for whom it knows. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer } from 'node:tls';
import { onTestFinished } from 'vitest';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
const DEFAULT_SOCKET = 'unix:///var/run/docker.sock';

/** Calls as `DOCKER_HOST` has them. */
export interface TlsEngine {
  readonly address: string;
  /** A directory with `ca.pem`, `cert.pem` and `key.pem`. */
  readonly certificates: string;
}

export async function tlsEngine(): Promise<TlsEngine> {
  const certificates = makeCertificates();
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(path.join(certificates, name)));
  const socketPath = (process.env['DOCKER_HOST'] ?? DEFAULT_SOCKET).replace('unix://', '');
  const server = createServer({ ca, cert, key, requestCert: true }, (caller) => {
    const engine = connect(socketPath);
    for (const [one, other] of [[caller, engine], [engine, caller]] as const) one.on('error', () => undefined).on('close', () => { other.destroy(); }).pipe(other);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  onTestFinished(() => { server.close(); });
  return { address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, certificates };
}

/** By an authority of its own; the same one is shown by both sides. */
export function makeCertificates(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'omnipaw-tls-'));
  onTestFinished(() => { rmSync(directory, { recursive: true }); });
  const openssl = (...args: readonly string[]): void => { execFileSync('openssl', ['req', '-x509', ...KEY, ...args], { cwd: directory, stdio: 'ignore' }); };
  openssl('-keyout', 'ca-key.pem', '-out', 'ca.pem', '-subj', '/CN=authority');
  openssl('-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=engine', '-addext', 'subjectAltName=IP:127.0.0.1', '-CA', 'ca.pem', '-CAkey', 'ca-key.pem');
  return directory;
}
