/** One test, or several, for each row of the list in docs/content/dashboard.md: what skipping it has cost others. */
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DashboardServer } from '@omnipaw/dashboard';
import { DashboardServer as Server, KernelSource } from '@omnipaw/dashboard';
import { boot, type Watched } from '../support/kernel.js';
import { PAGE } from '../support/page.js';
import { exchange, get, upgrade } from '../support/raw.js';
import { connect, serveKernel } from '../support/serve.js';

const TOKEN = 'a-token-for-reading-1';
const WRITE = 'a-token-for-writing-1';

let watched: Watched;
let server: DashboardServer;
let url: string;

beforeEach(async () => {
  watched = await boot();
  server = await serveKernel(watched, { token: TOKEN, writeToken: WRITE });
  ({ url } = server);
  return () => watched.kernel.stop();
});

function origin(): string {
  return new URL(url).origin;
}

describe('the origin of who connects', () => {
  it('is that of the page, to the port', async () => {
    expect((await upgrade(url, TOKEN, { Origin: origin() })).status).toBe(101);
    expect((await upgrade(url, TOKEN, { Origin: origin().replace('127.0.0.1', 'localhost') })).status).toBe(101);
    const { port } = new URL(url);
    for (const strange of ['null', 'http://evil.example', `http://127.0.0.1:${Number(port) + 1}`, 'http://127.0.0.1', `https://127.0.0.1:${port}`, `http://127.0.0.1:${port}.evil.example`, `http://evil.example/?127.0.0.1:${port}`, 'file://', '']) {
      expect((await upgrade(url, TOKEN, { Origin: strange })).status, strange).toBe(403);
    }
    expect((await upgrade(url, TOKEN, { Origin: [origin(), 'http://evil.example'] })).status).toBe(403);
  });

  it('may be missing, as it is with a command line: the token is asked for all the same', async () => {
    expect((await upgrade(url, TOKEN)).status).toBe(101);
    expect((await upgrade(url, null)).status).toBe(401);
    expect((await upgrade(url, 'another-token-000')).status).toBe(401);
  });
});

describe('the token', () => {
  it('is asked for on every socket, and there has to be exactly one', async () => {
    for (const offered of ['omnipaw.v1', 'omnipaw.v1, auth.', `omnipaw.v1, auth.${TOKEN.slice(0, -1)}`, `omnipaw.v1, auth.${TOKEN}x`, `omnipaw.v1, auth.${TOKEN}, auth.${TOKEN}`, `omnipaw.v1, ${TOKEN}`]) {
      expect((await upgrade(url, null, { 'Sec-WebSocket-Protocol': offered })).status, offered).toBe(401);
    }
    expect((await upgrade(url, null, { 'Sec-WebSocket-Protocol': null })).status).toBe(401);
  });

  it('is never answered with', async () => {
    const { status, headers } = await upgrade(url, TOKEN);
    expect(status).toBe(101);
    expect(headers['sec-websocket-protocol']).toBe('omnipaw.v1');
    expect(JSON.stringify(headers)).not.toContain(TOKEN);
  });

  it('stands in no file that is served, and does nothing in a query', async () => {
    for (const path of ['/', '/index.html', '/app.js', '/state/index.js', `/?token=${TOKEN}`]) {
      const { status, body, headers } = await get(url, path);
      expect(status, path).toBe(200);
      expect(`${body}${JSON.stringify(headers)}`, path).not.toMatch(new RegExp(`${TOKEN}|${WRITE}`));
    }
    expect((await get(url, `/session?token=${TOKEN}`)).status).toBe(401);
    expect((await upgrade(url, null, {}, `/ws?token=${TOKEN}`)).status).toBe(401);
  });

  it('says what it is for', async () => {
    expect(JSON.parse((await get(url, '/session', { Authorization: `Bearer ${TOKEN}` })).body)).toEqual({ protocol: 1, scope: 'read', canDecide: false });
    expect(JSON.parse((await get(url, '/session', { Authorization: `Bearer ${WRITE}` })).body)).toEqual({ protocol: 1, scope: 'write', canDecide: true });
    expect((await get(url, '/session', { Authorization: `Basic ${TOKEN}` })).status).toBe(401);
    expect((await get(url, '/session')).status).toBe(401);
  });

  it('that is wrong too often locks the address out, with the right one as well, and says for how long', async () => {
    const connected = connect(url);
    await connected.start();
    for (let attempt = 0; attempt < 10; attempt++) expect((await upgrade(url, `guessed-token-${String(attempt).padStart(6, '0')}`)).status).toBe(401);
    const locked = await upgrade(url, TOKEN);
    expect(locked.status).toBe(429);
    expect(Number(locked.headers['retry-after'])).toBeGreaterThan(0);
    expect((await get(url, '/session', { Authorization: `Bearer ${TOKEN}` })).status).toBe(429);
    // Who is in stays in.
    expect(await connected.ask('HISTORY', { after: -1 })).toHaveProperty('lines');
  });

  it('for reading decides nothing', async () => {
    const client = connect(url);
    await client.start();
    expect(await client.ask('DECIDE', { approval: 1, approved: true, reason: '' })).toEqual({ error: 'FORBIDDEN' });
  });

  it('for writing is there only if it was given', async () => {
    const other = await boot();
    const reading = await serveKernel(other);
    const client = connect(reading.url, WRITE);
    await expect(client.message('HELLO')).rejects.toThrow('closed');
    await other.kernel.stop();
  });
});

describe('the host of a request', () => {
  it('is one of this server, on HTTP and on upgrades, or it is misdirected', async () => {
    const { port } = new URL(url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
      expect((await get(url, '/', { Host: host })).status, host).toBe(200);
      expect((await upgrade(url, TOKEN, { Host: host })).status, host).toBe(101);
    }
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:${Number(port) + 1}`, `localhost.evil.example:${port}`, `0.0.0.0:${port}`, `127.0.0.1:${port}@evil.example`, '']) {
      expect((await get(url, '/', { Host: host })).status, host).toBe(421);
      expect((await get(url, '/session', { Host: host, Authorization: `Bearer ${TOKEN}` })).status, host).toBe(421);
      expect((await upgrade(url, TOKEN, { Host: host })).status, host).toBe(421);
    }
  });

  it('stands in it once', async () => {
    const { host } = new URL(url);
    expect((await get(url, '/', { Host: null })).status).toBe(400);
    expect((await get(url, '/', { Host: [host, 'evil.example'] })).status).toBe(400);
    expect((await upgrade(url, TOKEN, { Host: ['evil.example', host] })).status).toBe(400);
  });

  it('may have other names that were allowed, and these are origins, too', async () => {
    const other = await boot();
    const named = await serveKernel(other, { token: TOKEN, allowedHosts: ['agents.example.org'] });
    expect((await get(named.url, '/', { Host: 'agents.example.org' })).status).toBe(200);
    expect((await upgrade(named.url, TOKEN, { Host: 'Agents.example.org', Origin: 'https://agents.example.org' })).status).toBe(101);
    expect((await upgrade(named.url, TOKEN, { Host: 'agents.example.org', Origin: 'https://agents.example.org.evil.example' })).status).toBe(403);
    expect((await get(named.url, '/', { Host: 'agents.example.org:8080' })).status).toBe(421);
    await other.kernel.stop();
  });
});

describe('the interface', () => {
  it('is 127.0.0.1 unless told otherwise', () => {
    expect(new URL(url).hostname).toBe('127.0.0.1');
  });

  it('is no other one without a token that was chosen for it', () => {
    const source = new KernelSource(watched);
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'agents.example.org', '']) {
      expect(() => new Server(source, { host, page: PAGE }), host).toThrow(TypeError);
      expect(() => new Server(source, { host, page: PAGE, writeToken: WRITE }), host).toThrow('Give it a token');
    }
    expect(() => new Server(source, { host: '0.0.0.0', page: PAGE, token: 'short' })).toThrow('16 to 256');
    expect(() => new Server(source, { token: TOKEN, writeToken: TOKEN, page: PAGE })).toThrow('another one');
    expect(new Server(source, { host: '0.0.0.0', page: PAGE, token: TOKEN })).toBeInstanceOf(Server);
  });
});

describe('what other sites want to load', () => {
  it('is refused, whatever it is', async () => {
    for (const path of ['/', '/app.js', '/state/index.js', '/session']) {
      for (const site of ['cross-site', 'same-site']) expect((await get(url, path, { 'Sec-Fetch-Site': site, Authorization: `Bearer ${TOKEN}` })).status, `${site} ${path}`).toBe(403);
      for (const site of ['same-origin', 'none']) expect((await get(url, path, { 'Sec-Fetch-Site': site, Authorization: `Bearer ${TOKEN}` })).status, `${site} ${path}`).toBe(200);
    }
    expect((await upgrade(url, TOKEN, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
  });

  it('could not be embedded, read or sniffed either, and the page loads nothing from elsewhere', async () => {
    for (const path of ['/', '/app.js', '/nothing', '/session']) {
      const { headers } = await get(url, path);
      expect(headers, path).toMatchObject({
        'cross-origin-resource-policy': 'same-origin', 'cross-origin-opener-policy': 'same-origin', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer',
      });
      expect(headers['content-security-policy'], path).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; .*connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'/);
      expect(headers, path).not.toHaveProperty('access-control-allow-origin');
      expect(headers, path).not.toHaveProperty('set-cookie');
    }
  });
});

describe('files', () => {
  it('are those of the page and of the fold, by their names and no others', async () => {
    expect((await get(url, '/')).body).toBe(readFileSync(`${PAGE}index.html`, 'utf8'));
    expect((await get(url, '/state/index.js')).headers['content-type']).toBe('text/javascript; charset=utf-8');
    for (const path of ['/../package.json', '/..%2fpackage.json', '/%2e%2e/package.json', '/.hidden.js', '/notes.md', '/state/', '/state/../app.js', '/app.js/', '//app.js', '/app.js%00', '/state', '/constructor', '/__proto__', '\\..\\package.json', 'http://127.0.0.1/app.js']) {
      expect((await get(url, path)).status, path).toBeGreaterThanOrEqual(400);
    }
  });

  it('are not sent again to who has them', async () => {
    const { headers } = await get(url, '/app.js');
    const again = await get(url, '/app.js', { 'If-None-Match': headers['etag']! });
    expect(again).toMatchObject({ status: 304, body: '' });
    expect((await get(url, '/app.js', { 'If-None-Match': '"other"' })).status).toBe(200);
  });

  it('are read and nothing else', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) expect((await get(url, '/app.js', {}, method)).status, method).toBe(405);
    expect(await get(url, '/app.js', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });
});

describe('connections', () => {
  it('are upgrades to the protocol, at its path', async () => {
    expect((await upgrade(url, TOKEN, {}, '/elsewhere')).status).toBe(404);
    expect((await upgrade(url, TOKEN, { 'Sec-WebSocket-Protocol': `auth.${TOKEN}` })).status).toBe(400);
    expect((await upgrade(url, TOKEN, { 'Sec-WebSocket-Version': '7' })).status).toBe(400);
    expect((await upgrade(url, TOKEN, { 'Sec-WebSocket-Key': 'short' })).status).toBe(400);
    expect((await upgrade(url, TOKEN, { Upgrade: 'h2c' })).status).toBe(400);
    expect((await exchange(url, 'no http at all\r\n\r\n')).status).toBe(400);
  });

  it('are as many as there may be', async () => {
    const other = await boot();
    const small = await serveKernel(other, { token: TOKEN, maxClients: 2 });
    const clients = [connect(small.url), connect(small.url)];
    for (const client of clients) await client.start();
    expect((await upgrade(small.url, TOKEN)).status).toBe(503);
    await clients[0]!.close();
    const next = connect(small.url);
    await next.start();
    await other.kernel.stop();
  });

  it('end for who says what is no message, too much, or nothing in order', async () => {
    const says = [['no json', 1008], ['[]', 1008], ['{"type":"START"}', 1008], ['{"type":"STATE","id":1,"payload":{"at":0}}', 1008], ['{"type":"BUS_EVENT","payload":{}}', 1008], ['x'.repeat(17_000), 1009], [Buffer.from([0xff, 0xfe]), 1008]] as const;
    for (const [said, code] of says) {
      const client = connect(url);
      await client.message('HELLO');
      client.socket.send(said);
      expect((await client.ended()).code, String(said).slice(0, 50)).toBe(code);
    }
    const twice = connect(url);
    await twice.start();
    twice.say({ type: 'START', payload: {} });
    expect((await twice.ended()).code).toBe(1008);
  });
});
