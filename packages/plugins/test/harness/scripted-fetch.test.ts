/** The scripted network refuses what the real one refuses, with the same words, and gives on of an answer what the real one does. */
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { createKernel, defineAgent, MemoryLogStore, type Json, type OmniError, type Tool } from '@omnipaw/kernel';
import { fetchTool } from '@omnipaw/host';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PluginHost } from '../../src/loader/index.js';
import { scriptedFetchTool } from '../../src/harness/scripted-fetch.js';

const HEADERS = { 'content-type': 'text/plain', 'retry-after': '7', etag: '"a"', link: '<x>', location: '/there', 'x-own': 'kept out', 'set-cookie': 'a=b', 'cache-control': 'no-store', 'last-modified': 'Thu, 01 Jan 1970 00:00:00 GMT', 'content-language': 'en' };
const ALLOW: readonly PluginHost[] = [
  { host: 'one.example', methods: ['GET', 'HEAD'] },
  { host: '*.two.example', methods: ['POST'], ports: [8080] },
  { host: 'two.example', methods: ['GET'], ports: [80, 8080] },
];

const server = createServer((_, response) => { response.writeHead(200, HEADERS).end('hello'); });
beforeAll(async () => { await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)); });
afterAll(() => { server.close(); });

const real = fetchTool('real', {
  allow: ALLOW.map((host) => ({ ...host, addresses: ['127.0.0.0/8'] })),
  resolve: async () => ['127.0.0.1'],
  connect: () => connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }),
});
const scripted = scriptedFetchTool('scripted', ALLOW, () => ({ headers: HEADERS, body: 'hello' }));

/** What each of the two makes of it. */
async function both(args: object): Promise<readonly unknown[]> {
  const asker = defineAgent('asker', function* (ctx) {
    const said: Json[] = [];
    for (const { name } of [real, scripted]) {
      try {
        said.push((yield* ctx.tool({ name } as Tool<object>, args)) as Json);
      } catch (thrown) {
        const { code, message } = thrown as OmniError;
        // Schemas are two, and say it in two ways.
        said.push(code === 'TOOL_INPUT_INVALID' ? { code } : { code, message });
      }
    }
    return said;
  });
  const kernel = await createKernel({ log: new MemoryLogStore(), agents: [asker], tools: [real, scripted] as Tool[] });
  const said = await kernel.spawn(asker, null, { grants: ['call:*'] }).result();
  await kernel.stop();
  return said;
}

test.each<[string, object]>([
  ['a host of the list', { url: 'http://one.example/x?y#z' }],
  ['its name with a dot at the end', { url: 'http://one.example./' }],
  ['a host below another', { url: 'http://a.two.example:8080/', method: 'POST', body: 'x' }],
  ['a body of nothing', { url: 'http://a.two.example:8080/', method: 'POST' }],
  ['a port of two', { url: 'http://two.example/' }],
  ['headers that it may have', { url: 'http://one.example/', headers: { Accept: '*/*', 'If-None-Match': '"a"', 'User-Agent': 'me' } }],
  ['a host that is not on it', { url: 'http://three.example/' }],
  ['a host above', { url: 'http://example/' }],
  ['a host that only ends alike', { url: 'http://notwo.example:8080/', method: 'POST' }],
  ['the wrong port', { url: 'http://one.example:81/' }],
  ['https on the port of http', { url: 'https://two.example:80/', method: 'POST' }],
  ['the wrong method', { url: 'http://one.example/', method: 'PUT' }],
  ['a method that is none', { url: 'http://one.example/', method: 'get' }],
  ['a body for GET', { url: 'http://one.example/', body: 'x' }],
  ['a user', { url: 'http://me@one.example/' }],
  ['a file', { url: 'file:///etc/passwd' }],
  ['no URL', { url: '//one.example' }],
  ['nothing', { url: '' }],
  ['a header of the connection', { url: 'http://one.example/', headers: { Host: 'x' } }],
  ['a cookie', { url: 'http://one.example/', headers: { cookie: 'a=b' } }],
  ['a header with a line in it', { url: 'http://one.example/', headers: { accept: 'a\r\nb: c' } }],
  ['an unknown argument', { url: 'http://one.example/', follow: true }],
])('%s', async (_what, args) => {
  const [byReal, byScript] = await both(args);
  expect(byScript).toEqual(byReal);
});
