/** The engine of this machine, reached as one of another is: by TCP, with TLS for whom it knows, or with connections that break. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer as createPlainServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer } from 'node:tls';
import Docker from 'dockerode';
import { onTestFinished } from 'vitest';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
const SOCKET = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '');

/** Calls as `DOCKER_HOST` has them. */
export interface TlsEngine {
  readonly address: string;
  /** A directory with `ca.pem`, `cert.pem` and `key.pem`. */
  readonly certificates: string;
}

export async function tlsEngine(): Promise<TlsEngine> {
  const certificates = makeCertificates();
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(path.join(certificates, name)));
  const server = createServer({ ca, cert, key, requestCert: true }, (caller) => { passOn(caller); });
  return { address: `tcp://127.0.0.1:${await listen(server)}`, certificates };
}

/** Breaks a connection by which this is said, and does not pass it on. */
export async function brokenEngine(word: string): Promise<Docker> {
  const server = createPlainServer((caller) => {
    caller.on('data', (bytes) => { if (bytes.toString().startsWith(word)) caller.destroy(); });
    passOn(caller);
  });
  return new Docker({ protocol: 'http', host: '127.0.0.1', port: await listen(server) });
}

/** Breaks the connections by which somebody is attached to a container, when it is told to. */
export async function breakableEngine(): Promise<{ readonly docker: Docker; readonly breakUp: () => void }> {
  const attached = new Set<Socket>();
  const server = createPlainServer((caller) => {
    caller.on('data', (bytes) => { if (/^POST \S*\/attach/.test(bytes.toString())) attached.add(caller); });
    passOn(caller);
  });
  const docker = new Docker({ protocol: 'http', host: '127.0.0.1', port: await listen(server) });
  return { docker, breakUp: () => { for (const socket of attached) socket.destroy(); } };
}

/** Passes a request that begins like this on, and breaks the connection when its answer comes. */
export async function mutedEngine(request: string): Promise<Docker> {
  const server = createPlainServer((caller) => {
    let isMuted = false;
    caller.on('data', (bytes) => { isMuted ||= bytes.toString().startsWith(request); });
    passOn(caller).prependListener('data', () => { if (isMuted) caller.destroy(); });
  });
  return new Docker({ protocol: 'http', host: '127.0.0.1', port: await listen(server) });
}

function passOn(caller: Socket): Socket {
  const engine = connect(SOCKET);
  caller.on('data', (bytes) => { if (!caller.destroyed) engine.write(bytes); });
  engine.on('data', (bytes) => { if (!caller.destroyed) caller.write(bytes); });
  for (const [one, other] of [[caller, engine], [engine, caller]] as const) {
    one.on('error', () => undefined);
    one.on('end', () => { other.end(); });
    one.on('close', () => { other.destroy(); });
  }
  return engine;
}

/** The port. */
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  onTestFinished(() => { server.close(); });
  return (server.address() as AddressInfo).port;
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
