/** Fetches from servers of this test, on loopback, to which all names lead. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { connect as connectSocket, createServer as createSocketServer, type AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { createKernel, defineAgent, MemoryLogStore, readEntries, secret, type OmniError } from '@omnipaw/kernel';
import { fetchTool, type FetchArguments, type FetchOptions, type FetchResult } from '@omnipaw/host';
import { describe, expect, onTestFinished, test } from 'vitest';
import { call, codeOf } from '../support/call.js';

const LOOPBACK = ['127.0.0.0/8'];

interface Served {
  readonly port: number;
  readonly requests: { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];
}

async function serve(answer: RequestListener): Promise<Served> {
  const requests: Served['requests'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      requests.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: (server.address() as AddressInfo).port, requests };
}

/** A tool for which `one.example` and `two.example` are allowed, and lead to a server of this test. */
function toolFor({ port }: Served, options: Partial<FetchOptions> = {}) {
  return fetchTool('fetch', {
    allow: ['one.example', 'two.example'].map((host) => ({ host, methods: ['GET', 'HEAD', 'POST', 'PUT'], addresses: LOOPBACK, ports: [80, port] })),
    resolve: async () => ['127.0.0.1'],
    connect: (address) => connectSocket({ host: address, port }),
    ...options,
  });
}

describe('host.net.fetch', () => {
  test('gives an answer as text, with headers that say what it is', async () => {
    const served = await serve((_, response) => {
      response.writeHead(404, { 'content-type': 'text/plain', etag: '"1"', 'set-cookie': 'session=secret', server: 'x', 'x-internal': 'y' }).end('not here \u{1F43E}');
    });
    await expect(call(toolFor(served), { url: 'http://one.example/a?b=c#d' })).resolves.toEqual({
      status: 404,
      url: 'http://one.example/a?b=c#d',
      headers: { 'content-type': 'text/plain', etag: '"1"' },
      body: 'not here \u{1F43E}',
      encoding: 'utf8',
    });
    expect(served.requests).toMatchObject([{ method: 'GET', url: '/a?b=c', headers: { host: 'one.example', 'user-agent': 'omnipaw', connection: 'close' } }]);
  });

  test('sends headers that carry a trace on, as they are at that moment, which are no part of the call', async () => {
    const served = await serve((_request, response) => response.end('ok'));
    let count = 0;
    const tool = toolFor(served, { callHeaders: () => ({ traceparent: `trace-${++count}` }) });
    await call(tool, { url: 'http://one.example/' });
    await call(tool, { url: 'http://one.example/', headers: { accept: 'text/plain' } });
    expect(served.requests.map(({ headers }) => [headers['traceparent'], headers['user-agent']])).toEqual([['trace-1', 'omnipaw'], ['trace-2', 'omnipaw']]);
    await expect(call(tool, { url: 'http://one.example/', headers: { traceparent: 'mine' } })).rejects.toMatchObject({ code: 'TOOL_INPUT_INVALID' });
  });

  test('sends a body and the headers that are allowed', async () => {
    const served = await serve((_, response) => response.writeHead(201).end());
    const tool = toolFor(served, { headers: ['X-Trace'] });
    await expect(call(tool, { url: 'http://one.example/', method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', 'X-Trace': '1' } })).resolves.toMatchObject({ status: 201 });
    expect(served.requests).toMatchObject([{ method: 'POST', body: '{}', headers: { 'content-type': 'application/json', 'x-trace': '1', 'content-length': '2' } }]);
    expect(await codeOf(call(tool, { url: 'http://one.example/', body: 'x' }))).toBe('FETCH_REFUSED');
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('says how long the body of a %s is, so that no server takes it for a further request', async (method) => {
    const served = await serve((_, response) => response.end());
    const tool = toolFor(served, { allow: [{ host: 'one.example', methods: [method], addresses: LOOPBACK }] });
    const body = 'GET /admin HTTP/1.1\r\nHost: one.example\r\n\r\n';
    await call(tool, { url: 'http://one.example/', method, body });
    expect(served.requests).toMatchObject([{ method, url: '/', body, headers: { 'content-length': String(body.length) } }]);
  });

  test('gives bytes as base64', async () => {
    const served = await serve((_, response) => response.end(Buffer.from([0, 255])));
    await expect(call(toolFor(served), { url: 'http://one.example/' })).resolves.toMatchObject({ body: 'AP8=', encoding: 'base64' });
  });

  test.each([
    ['gzip', gzipSync('packed')],
    ['deflate', deflateSync('packed')],
    ['br', brotliCompressSync('packed')],
    ['GZip', gzipSync('packed')],
  ])('unpacks %s', async (encoding, body) => {
    const served = await serve((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body));
    await expect(call(toolFor(served), { url: 'http://one.example/' })).resolves.toMatchObject({ body: 'packed' });
  });

  test.each([
    ['HEAD', 200],
    ['GET', 304],
    ['GET', 204],
  ])('unpacks nothing where there is no body: %s and %i', async (method, status) => {
    const served = await serve((_, response) => response.writeHead(status, { 'content-encoding': 'gzip', etag: '"1"' }).end());
    await expect(call(toolFor(served), { url: 'http://one.example/', method })).resolves.toMatchObject({ status, headers: { etag: '"1"' }, body: '' });
  });

  test('is idempotent if all of its methods are', () => {
    expect(fetchTool('fetch', { allow: [{ host: 'a.example' }, { host: 'b.example', methods: ['PUT'] }] }).idempotent).toBe(true);
    expect(fetchTool('fetch', { allow: [{ host: 'a.example' }, { host: 'b.example', methods: ['POST'] }] }).idempotent).toBe(false);
  });

  test('asks nobody unless it is told whom', async () => {
    expect(await codeOf(call(fetchTool('fetch'), { url: 'http://one.example/' }))).toBe('FETCH_REFUSED');
  });
});

describe('what a server does to get more', () => {
  test.each([
    ['an answer that is too long', {}, Buffer.alloc(2_000)],
    ['a small answer that unpacks to a large one', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(50_000_000))],
    ['the same in Brotli', { 'content-encoding': 'br' }, brotliCompressSync(Buffer.alloc(5_000_000))],
  ])('%s is read no further', async (_, headers, body) => {
    const served = await serve((_request, response) => response.writeHead(200, headers).end(body));
    expect(await codeOf(call(toolFor(served, { maxBytes: 1_000 }), { url: 'http://one.example/' }))).toBe('RESPONSE_TOO_LARGE');
  });

  test.each([
    ['a packing inside another', { 'content-encoding': 'gzip, gzip' }, gzipSync(gzipSync('x'))],
    ['a packing that nobody knows', { 'content-encoding': 'zstd' }, Buffer.from('x')],
    ['a packing that is none', { 'content-encoding': 'gzip' }, Buffer.from('not packed')],
    ['a packing that breaks off', { 'content-encoding': 'gzip' }, gzipSync('x'.repeat(1_000)).subarray(0, 20)],
    ['headers without an end', { 'x-long': 'x'.repeat(100_000) }, Buffer.from('x')],
  ])('%s fails', async (_, headers, body) => {
    const served = await serve((_request, response) => response.writeHead(200, headers).end(body));
    expect(await codeOf(call(toolFor(served), { url: 'http://one.example/' }))).toBe('FETCH_FAILED');
  });

  test('an endless answer ends by the limit', async () => {
    const served = await serve((_, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(1_000)));
      };
      response.on('drain', more);
      more();
    });
    expect(await codeOf(call(toolFor(served), { url: 'http://one.example/' }))).toBe('RESPONSE_TOO_LARGE');
  });

  test.each([
    ['never answers', () => undefined],
    ['never ends', (socket: { write(text: string): unknown }) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx')],
    ['sends headers one by one', (socket: { write(text: string): unknown }) => socket.write('HTTP/1.1 200 OK\r\nX-A: 1\r\n')],
  ])('a server that %s is left when the time is up', async (_, act) => {
    const server = createSocketServer((socket) => {
      socket.on('error', () => undefined);
      act(socket);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await codeOf(call(toolFor({ port, requests: [] }, { timeoutMs: 100 }), { url: 'http://one.example/' }))).toBe('FETCH_TIMEOUT');
  });

  test('a resolver that never answers is left, too, and what it brings later is not used', async () => {
    const served = await serve((_, response) => response.end());
    let answer: ((addresses: readonly string[]) => void) | undefined;
    const tool = toolFor(served, { timeoutMs: 50, resolve: () => new Promise((resolve) => (answer = resolve)) });
    expect(await codeOf(call(tool, { url: 'http://one.example/' }))).toBe('FETCH_TIMEOUT');
    answer?.(['127.0.0.1']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(served.requests).toEqual([]);
  });

  test.each([
    ['speaks no HTTP', 'SSH-2.0-OpenSSH\r\n'],
    ['closes without a word', ''],
    ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['gives two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ])('a server that %s has failed', async (_, says) => {
    const server = createSocketServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(says));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await codeOf(call(toolFor({ port: (server.address() as AddressInfo).port, requests: [] }), { url: 'http://one.example/' }))).toBe('FETCH_FAILED');
  });

  test('a server of which nobody knows is no server for https', async () => {
    const served = await serve((_, response) => response.end());
    const tool = toolFor(served, { allow: [{ host: 'one.example', addresses: LOOPBACK }] });
    expect(await codeOf(call(tool, { url: 'https://one.example/' }))).toBe('FETCH_FAILED');
  });
});

describe('redirections', () => {
  function leadingTo(location: string, status = 302): Promise<Served> {
    return serve((request, response) => {
      if (request.url === '/start') response.writeHead(status, { location }).end('x');
      else response.end(`${request.method!} ${request.headers.host!}${request.url!}`);
    });
  }

  test('are followed to hosts on the list', async () => {
    const served = await leadingTo('http://two.example/next');
    await expect(call(toolFor(served), { url: 'http://one.example/start' })).resolves.toMatchObject({ url: 'http://two.example/next', body: 'GET two.example/next' });
  });

  test.each([
    ['off the list', 'http://three.example/'],
    ['to an address', 'http://169.254.169.254/latest/'],
    ['to loopback', 'http://127.0.0.1/'],
    ['to a port that is not allowed', 'http://two.example:22/'],
    ['to a file', 'file:///etc/passwd'],
    ['to a name with a password', 'http://a:b@two.example/'],
    ['to another scheme without a host', 'javascript:alert(1)'],
    ['without a scheme, off the list', '//three.example/'],
    ['to no URL', 'http://'],
  ])('are not followed %s', async (_, location) => {
    const served = await leadingTo(location);
    expect(await codeOf(call(toolFor(served), { url: 'http://one.example/start' }))).toBe('FETCH_REFUSED');
    expect(served.requests).toHaveLength(1);
  });

  test('are not followed to a host whose name leads to a private address by now', async () => {
    const served = await leadingTo('http://one.example/again');
    const answers = [['127.0.0.1'], ['10.0.0.1'], ['127.0.0.1']];
    const tool = toolFor(served, { resolve: async () => answers.shift()! });
    expect(await codeOf(call(tool, { url: 'http://one.example/start' }))).toBe('FETCH_REFUSED');
    expect(served.requests).toHaveLength(1);
  });

  test('a name that leads elsewhere after it was judged makes no difference: it is resolved once', async () => {
    const served = await serve((_, response) => response.end('the first address'));
    const connected: string[] = [];
    let times = 0;
    const tool = toolFor(served, {
      resolve: async () => (times++ === 0 ? ['127.0.0.1'] : ['10.0.0.1']),
      connect: (address) => {
        connected.push(address);
        return connectSocket({ host: address, port: served.port });
      },
    });
    await expect(call(tool, { url: 'http://one.example/' })).resolves.toMatchObject({ body: 'the first address' });
    expect([connected, times]).toEqual([['127.0.0.1'], 1]);
  });

  test('are followed five times at the most', async () => {
    const served = await serve((request, response) => response.writeHead(302, { location: `${request.url!}x` }).end());
    expect(await codeOf(call(toolFor(served), { url: 'http://one.example/' }))).toBe('FETCH_REFUSED');
    expect(served.requests).toHaveLength(6);
  });

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [303, 'HEAD', 'HEAD', ''],
    [302, 'PUT', 'PUT', 'x'],
    [307, 'POST', 'POST', 'x'],
    [308, 'POST', 'POST', 'x'],
  ])('with %i make of %s a %s', async (status, method, then, body) => {
    const served = await leadingTo('/next', status);
    await call(toolFor(served), { url: 'http://one.example/start', method, ...(method === 'HEAD' ? {} : { body: 'x', headers: { 'content-type': 'text/plain' } }) });
    expect(served.requests[1]).toMatchObject({ method: then, url: '/next', body });
    expect(served.requests[1]!.headers['content-type']).toBe(body === '' ? undefined : 'text/plain');
  });

  test.each([
    ['http://one.example/next', 'Bearer hunter2'],
    ['http://two.example/next', undefined],
  ])('tell credentials to the same host only: %s', async (location, expected) => {
    const served = await leadingTo(location);
    await call(toolFor(served), { url: 'http://one.example/start', headers: { authorization: 'Bearer hunter2' } });
    expect(served.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer hunter2', expected]);
  });

  test.each([
    [307, 'POST'],
    [308, 'POST'],
    [302, 'PUT'],
  ])('with %i tell no other host the body of a %s', async (status, method) => {
    const served = await leadingTo('http://two.example/next', status);
    expect(await codeOf(call(toolFor(served), { url: 'http://one.example/start', method, body: 'meant for one' }))).toBe('FETCH_REFUSED');
    expect(served.requests).toHaveLength(1);
  });

  test('from https to http are not followed', async () => {
    const { redirected } = await import('../../src/net/redirects.js');
    const request = { url: new URL('https://one.example/'), method: 'GET', headers: {}, body: undefined };
    const answer = { status: 302, headers: { location: 'http://one.example/' }, body: Buffer.alloc(0) };
    expect(() => redirected(request, answer)).toThrow(expect.objectContaining({ code: 'FETCH_REFUSED' }));
  });
});

describe('a secret', () => {
  /** What comes of a call whose arguments have `secret('it')` in them; nothing of the secret is in its log. */
  async function callWith(served: Served, it: string, args: FetchArguments, traces: readonly string[]): Promise<FetchResult | OmniError> {
    const tool = toolFor(served);
    const agent = defineAgent('agent', function* (ctx) {
      return yield* ctx.tool(tool, args);
    });
    const log = new MemoryLogStore();
    const kernel = await createKernel({ log, agents: [agent], tools: [tool], secrets: () => it });
    const result = await kernel.spawn(agent, null, { grants: ['call:fetch', 'read:secret:it'] }).result().catch((error: unknown) => error as OmniError);
    await kernel.stop();
    for await (const entry of readEntries(log)) for (const trace of traces) expect(JSON.stringify(entry)).not.toContain(trace);
    return result;
  }

  test('is sent, and neither it nor an echo of it is in the log', async () => {
    const served = await serve((request, response) => response.writeHead(200, { etag: request.headers.authorization }).end(`you said ${request.headers.authorization!}`));
    const result = await callWith(served, 'Bearer hunter2', { url: 'http://one.example/', headers: { authorization: secret('it') } }, ['hunter2']);
    expect(result).toMatchObject({ body: 'you said [secret it]' });
    expect(served.requests[0]?.headers.authorization).toBe('Bearer hunter2');
  });

  test.each(['http://one.example/hook/hunter2', 'http://ONE.example/hook/../hunter2', 'http://one.example?key=hunter2 "x"'])('that is a URL is not in the log, in whatever form: %s', async (url) => {
    const served = await serve((_, response) => response.end('done'));
    await expect(callWith(served, url, { url: secret('it') }, ['hunter2'])).resolves.toMatchObject({ url: '[secret it]', body: 'done' });
    expect(served.requests[0]!.url).toContain('hunter2');
  });

  test('that is a URL is not in the log when a redirection has a part of it', async () => {
    const served = await serve((request, response) => {
      if (request.url === '/hook/hunter2') response.writeHead(302, { location: '/hook/hunter2/' }).end();
      else response.end('done');
    });
    await expect(callWith(served, 'http://one.example/hook/hunter2', { url: secret('it') }, ['hunter2'])).resolves.toMatchObject({ url: 'http://one.example', body: 'done' });
  });

  test.each(['hunter2'.repeat(50), `http://${'hunter2'.repeat(50)}@one.example/`])('that is no URL to fetch is not in the log, not even a part of it: %s', async (url) => {
    const served = await serve((_, response) => response.end());
    await expect(callWith(served, url, { url: secret('it') }, ['hunter2'])).resolves.toMatchObject({ code: 'FETCH_REFUSED' });
  });

  test('that comes back among bytes is not in the log as base64', async () => {
    const served = await serve((request, response) => response.end(Buffer.concat([Buffer.from([255, 0]), Buffer.from(request.headers.authorization!)])));
    const result = await callWith(served, 'hunter2', { url: 'http://one.example/', headers: { authorization: secret('it') } }, ['hunter2', Buffer.from('hunter2').toString('base64').slice(0, 8)]);
    expect(result).toMatchObject({ body: '\uFFFD\0[secret it]', encoding: 'utf8' });
  });
});
