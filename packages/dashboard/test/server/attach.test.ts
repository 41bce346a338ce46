import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { request as secureRequest } from 'node:https';
import { mkdtempSync, readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { DashboardServer, KernelSource } from '@omnipaw/dashboard';
import { describeWith } from '../../../../testing/components.js';
import { TestClient } from '../support/client.js';
import { boot, write } from '../support/kernel.js';
import { PAGE } from '../support/page.js';
import { upgrade } from '../support/raw.js';
import { closing, serveKernel } from '../support/serve.js';

const TOKEN = 'a-token-for-reading-1';

function ask(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => { text += more; }).on('end', () => { resolve(text); });
    }).on('error', reject).end();
  });
}

function listening(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => { resolve(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`); });
  });
}

it('a dashboard in a server that is there serves its own path, and leaves everything else alone', async () => {
  const watched = await boot();
  const server = createServer((_request, response) => { response.end('the application'); });
  const upgrades: string[] = [];
  server.on('upgrade', ({ url }, socket) => {
    upgrades.push(url ?? '');
    if (!(url ?? '').startsWith('/dashboard/')) socket.destroy();
  });
  const address = await listening(server);
  const dashboard = new DashboardServer(new KernelSource(watched), { token: TOKEN, page: PAGE });
  dashboard.attach(server, '/dashboard/');
  expect(await ask(`${address}/`)).toBe('the application');
  expect(await ask(`${address}/dashboardish`)).toBe('the application');
  expect(await ask(`${address}/dashboard/`)).toContain('a page of tests');
  expect(await ask(`${address}/dashboard/state/index.js`)).toContain('applyEntry');

  const client = closing(new TestClient(`${address}/dashboard/#${TOKEN}`));
  await client.start();
  await write(watched, 5);
  await client.until(() => client.entries.some(({ kind }) => kind === 'AGENT_TERMINATED'));
  const other = new TestClient(`${address}/elsewhere/#${TOKEN}`);
  await other.ended();
  expect(upgrades).toEqual(['/dashboard/ws', '/elsewhere/ws']);

  await dashboard.close();
  expect((await client.ended()).code).toBe(1001);
  expect(await ask(`${address}/dashboard/`)).toBe('the application');
  await new Promise((resolve) => { server.close(resolve); });
  await watched.kernel.stop();
});

it('a dashboard in a server that takes no upgrades refuses those elsewhere, and is not ended by who hangs up', async () => {
  const watched = await boot();
  const server = createServer((_request, response) => { response.end('the application'); });
  const address = await listening(server);
  const dashboard = new DashboardServer(new KernelSource(watched), { token: TOKEN, page: PAGE });
  dashboard.attach(server, '/dashboard/');
  expect((await upgrade(address, TOKEN, {}, '/elsewhere')).status).toBe(404);
  const socket = net.connect(Number(new URL(address).port), '127.0.0.1');
  const [{ socket: heard }] = await Promise.all([
    once(server, 'upgrade').then(([request]) => request as IncomingMessage),
    once(socket, 'connect').then(() => socket.write('GET /elsewhere HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')),
  ]);
  expect(heard.listenerCount('error')).toBeGreaterThan(0);
  socket.resetAndDestroy();
  expect(await ask(`${address}/`)).toBe('the application');
  await dashboard.close();
  await new Promise((resolve) => { server.close(resolve); });
  await watched.kernel.stop();
});

it('a port that is taken is said to be', async () => {
  const watched = await boot();
  const first = await serveKernel(watched);
  const second = new DashboardServer(new KernelSource(watched), { port: Number(new URL(first.url).port), page: PAGE });
  await expect(second.listen()).rejects.toMatchObject({ code: 'DASHBOARD_UNAVAILABLE', message: expect.stringContaining('choose another port') });
  await second.close();
  await watched.kernel.stop();
});

describeWith('openssl', 'TLS', () => {
  it('serves the page and the protocol with a certificate', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'omnipaw-dashboard-'));
    const [keyFile, certFile] = [path.join(directory, 'key.pem'), path.join(directory, 'cert.pem')];
    spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile, '-out', certFile, '-days', '1', '-subj', '/CN=localhost']);
    const cert = readFileSync(certFile);
    const watched = await boot();
    const server = await serveKernel(watched, { tls: { cert, key: readFileSync(keyFile) } });
    expect(server.url).toMatch(/^https:/);
    const status = await new Promise((resolve, reject) => {
      secureRequest(server.url, { ca: cert, checkServerIdentity: () => undefined }, (response) => { resolve(response.resume().statusCode); }).on('error', reject).end();
    });
    expect(status).toBe(200);
    const client = closing(new TestClient(server.url, undefined, { ca: cert, checkServerIdentity: () => undefined as never, origin: new URL(server.url).origin }));
    await client.start();
    await client.message('SNAPSHOT');
    await watched.kernel.stop();
  });
});
