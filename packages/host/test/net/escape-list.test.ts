/**
 * Ways to an address or a host that is not on the list. Names are resolved by a table, and connections are made by a function
 * that writes down whom it was asked for: none may be asked for at all.
 */
import { Duplex } from 'node:stream';
import { fetchTool, type AllowedHost, type FetchArguments } from '@omnipaw/host';
import { describe, expect, test } from 'vitest';
import { call, codeOf } from '../support/call.js';

const ALLOW: readonly AllowedHost[] = [
  { host: 'good.example' },
  { host: '*.wild.example', methods: ['GET', 'POST'] },
  { host: 'inner.example', addresses: ['10.1.0.0/16'] },
  { host: '8.8.8.8' },
  { host: '127.0.0.1' },
  { host: '[::1]' },
  { host: 'ported.example', ports: [8080] },
];

interface Attempt {
  readonly code: string;
  readonly connected: readonly string[];
}

/** What comes of a fetch when every name leads to these addresses. */
async function attempt(args: FetchArguments, addresses: readonly string[] = ['93.184.216.34']): Promise<Attempt> {
  const connected: string[] = [];
  const tool = fetchTool('fetch', {
    allow: ALLOW,
    resolve: async () => addresses,
    connect: (address, port) => {
      connected.push(`${address} ${port}`);
      const dead = new Duplex({ read: () => undefined, write: () => undefined });
      return dead.destroy(new Error('no packet leaves this test'));
    },
  });
  return { code: await codeOf(call(tool, args)), connected };
}

const URLS: readonly (readonly [title: string, url: string])[] = [
  ['a host that is not on the list', 'http://bad.example/'],
  ['a host whose name ends the same', 'http://notgood.example/'],
  ['a host whose name begins the same', 'http://good.example.bad.example/'],
  ['a host below one that is allowed alone', 'http://sub.good.example/'],
  ['the host of a wildcard itself', 'http://wild.example/'],
  ['a host that ends like a wildcard', 'http://badwild.example/'],
  ['a user name that looks like the host', 'http://good.example@bad.example/'],
  ['a user name and a password', 'http://user:password@good.example/'],
  ['an empty password', 'http://:@good.example@bad.example/'],
  ['a backslash before the host', 'http://bad.example\\@good.example/'],
  ['a fragment that looks like the host', 'http://bad.example#@good.example/'],
  ['a query that looks like the host', 'http://bad.example?good.example'],
  ['a port that is not allowed', 'http://good.example:22/'],
  ['the port of the other scheme', 'https://good.example:80/'],
  ['the usual port where another is allowed', 'http://ported.example/'],
  ['a file', 'file:///etc/passwd'],
  ['FTP', 'ftp://good.example/'],
  ['gopher', 'gopher://good.example:70/_x'],
  ['data', 'data:text/plain,hello'],
  ['a script', 'javascript:alert(1)'],
  ['a socket of the machine', 'unix:///var/run/docker.sock'],
  ['a web socket', 'ws://good.example/'],
  ['no URL', 'good.example'],
  ['no scheme', '//good.example/'],
  ['nothing after the scheme', 'http://'],
  ['loopback by name', 'http://localhost/'],
  ['loopback by address, though it is on the list', 'http://127.0.0.1/'],
  ['loopback as one number', 'http://2130706433/'],
  ['loopback in hexadecimal', 'http://0x7f000001/'],
  ['loopback in octal', 'http://0177.0.0.1/'],
  ['loopback with parts left out', 'http://127.1/'],
  ['loopback in full-width digits', 'http://１２７.０.０.１/'],
  ['loopback in circled digits', 'http://①②⑦.⓪.⓪.①/'],
  ['loopback in IPv6, though it is on the list', 'http://[::1]/'],
  ['loopback in IPv6, written out', 'http://[0:0:0:0:0:0:0:1]/'],
  ['loopback mapped into IPv6', 'http://[::ffff:127.0.0.1]/'],
  ['an address of a link with a zone', 'http://[fe80::1%25eth0]/'],
  ['any address', 'http://0.0.0.0/'],
  ['any address in IPv6', 'http://[::]/'],
  ['metadata of a cloud', 'http://169.254.169.254/latest/meta-data/'],
  ['metadata as one number', 'http://2852039166/'],
  ['metadata by name', 'http://metadata.google.internal/'],
];

/** To what the name of an allowed host may lead. */
const ADDRESSES: readonly (readonly [title: string, address: string])[] = [
  ['loopback', '127.0.0.1'],
  ['loopback elsewhere', '127.8.8.8'],
  ['this network', '0.0.0.0'],
  ['this network elsewhere', '0.1.2.3'],
  ['private, class A', '10.0.0.1'],
  ['private, class B', '172.16.0.1'],
  ['private, the end of class B', '172.31.255.255'],
  ['private, class C', '192.168.1.1'],
  ['link-local', '169.254.1.1'],
  ['metadata of most clouds', '169.254.169.254'],
  ['metadata of Azure', '168.63.129.16'],
  ['shared by a carrier (CGNAT)', '100.64.0.1'],
  ['metadata of Alibaba', '100.100.100.200'],
  ['multicast', '224.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['reserved', '240.0.0.1'],
  ['benchmarks', '198.18.0.1'],
  ['documentation', '192.0.2.1'],
  ['protocol assignments', '192.0.0.8'],
  ['the relay of 6to4', '192.88.99.1'],
  ['IPv6 loopback', '::1'],
  ['IPv6 unspecified', '::'],
  ['IPv6 unique-local', 'fd00::1'],
  ['IPv6 metadata of AWS', 'fd00:ec2::254'],
  ['IPv6 link-local', 'fe80::1'],
  ['IPv6 link-local with a zone', 'fe80::1%lo'],
  ['IPv6 site-local', 'fec0::1'],
  ['IPv6 multicast', 'ff02::1'],
  ['IPv6 documentation', '2001:db8::1'],
  ['IPv6 documentation, the new one', '3fff::1'],
  ['IPv4 mapped: loopback', '::ffff:127.0.0.1'],
  ['IPv4 mapped: private, in hexadecimal', '::ffff:a00:1'],
  ['IPv4 compatible', '::127.0.0.1'],
  ['IPv4 translated', '::ffff:0:127.0.0.1'],
  ['NAT64 of a private address', '64:ff9b::a00:1'],
  ['NAT64 of a public address', '64:ff9b::808:808'],
  ['NAT64 for local use', '64:ff9b:1::1'],
  ['6to4 of loopback', '2002:7f00:1::'],
  ['Teredo', '2001:0:1::1'],
  ['ORCHID', '2001:20::1'],
  ['discard', '100::1'],
  ['segment routing', '5f00::1'],
  ['no address', 'good.example'],
  ['an address in octal', '0177.0.0.1'],
  ['an empty address', ''],
];

describe('the escape list of host.net.fetch', () => {
  test('has at least 40 ways', () => {
    expect(new Set([...URLS, ...ADDRESSES].map(([, text]) => text)).size).toBeGreaterThanOrEqual(85);
  });

  test.each(URLS)('%s is not asked', async (_, url) => {
    expect(await attempt({ url })).toEqual({ code: 'FETCH_REFUSED', connected: [] });
  });

  test.each(ADDRESSES)('%s is not connected to, for a host that is allowed', async (_, address) => {
    expect(await attempt({ url: 'https://good.example/' }, [address])).toEqual({ code: 'FETCH_REFUSED', connected: [] });
  });

  test.each(ADDRESSES)('%s is not connected to, beside a public address', async (_, address) => {
    expect(await attempt({ url: 'http://good.example/' }, ['93.184.216.34', address])).toEqual({ code: 'FETCH_REFUSED', connected: [] });
  });

  test('a name that leads nowhere is not asked', async () => {
    expect(await attempt({ url: 'http://good.example/' }, [])).toEqual({ code: 'FETCH_REFUSED', connected: [] });
  });

  test('a range that is granted to one host is granted to no other, and no more than it', async () => {
    expect(await attempt({ url: 'http://inner.example/' }, ['10.1.2.3'])).toEqual({ code: 'FETCH_FAILED', connected: ['10.1.2.3 80'] });
    expect(await attempt({ url: 'http://inner.example/' }, ['10.2.0.1'])).toEqual({ code: 'FETCH_REFUSED', connected: [] });
    expect(await attempt({ url: 'http://inner.example/' }, ['::ffff:10.2.0.1'])).toEqual({ code: 'FETCH_REFUSED', connected: [] });
    expect(await attempt({ url: 'http://good.example/' }, ['10.1.2.3'])).toEqual({ code: 'FETCH_REFUSED', connected: [] });
  });

  test('a public address is connected to: the one that was judged, at the port of the URL', async () => {
    expect(await attempt({ url: 'http://good.example/' })).toEqual({ code: 'FETCH_FAILED', connected: ['93.184.216.34 80'] });
    expect(await attempt({ url: 'http://GOOD.example./' })).toEqual({ code: 'FETCH_FAILED', connected: ['93.184.216.34 80'] });
    expect(await attempt({ url: 'http://a.b.wild.example/' }, ['2606:4700::1'])).toEqual({ code: 'FETCH_FAILED', connected: ['2606:4700::1 80'] });
    expect(await attempt({ url: 'http://ported.example:8080/' })).toEqual({ code: 'FETCH_FAILED', connected: ['93.184.216.34 8080'] });
    expect(await attempt({ url: 'http://8.8.8.8/' })).toEqual({ code: 'FETCH_FAILED', connected: ['8.8.8.8 80'] });
  });

  test.each([
    ['POST', 'http://good.example/', 'FETCH_REFUSED'],
    ['DELETE', 'http://a.wild.example/', 'FETCH_REFUSED'],
    ['TRACE', 'http://good.example/', 'TOOL_INPUT_INVALID'],
    ['CONNECT', 'http://good.example/', 'TOOL_INPUT_INVALID'],
    ['get', 'http://good.example/', 'TOOL_INPUT_INVALID'],
    ['GET / HTTP/1.1\r\nHost: bad.example\r\n\r\nGET', 'http://good.example/', 'TOOL_INPUT_INVALID'],
  ])('the method %j is not used at %s', async (method, url, code) => {
    expect(await attempt({ url, method })).toEqual({ code, connected: [] });
  });

  test.each([
    ['host', 'bad.example'],
    ['Host', 'bad.example'],
    ['connection', 'upgrade'],
    ['upgrade', 'websocket'],
    ['transfer-encoding', 'chunked'],
    ['content-length', '0'],
    ['cookie', 'session=1'],
    ['x-forwarded-for', '127.0.0.1'],
    ['x-aws-ec2-metadata-token', 'x'],
    ['metadata-flavor', 'Google'],
    ['proxy-authorization', 'x'],
    ['accept', 'a\r\nHost: bad.example'],
    ['accept', 'a\nb'],
    ['accept', 'a\0'],
    ['accept', 'ä'],
    ['accept\r\nhost', 'bad.example'],
    ['__proto__x', 'x'],
  ])('the header %j with %j is not sent', async (name, value) => {
    expect(await attempt({ url: 'http://good.example/', headers: { [name]: value } })).toEqual({ code: 'TOOL_INPUT_INVALID', connected: [] });
  });

  test.each(['Good.example', 'http://good.example', 'good.example/path', 'good.example:80', '', '*', '*.', 'a b', 'ｇood.example', '0x7f.1'])(
    'a list with %j on it is a mistake of whoever wrote it',
    (host) => {
      expect(() => fetchTool('fetch', { allow: [{ host }] })).toThrow(TypeError);
    },
  );

  test('a range that is none and a header of the connection are mistakes, too', () => {
    expect(() => fetchTool('fetch', { allow: [{ host: 'good.example', addresses: ['10.0.0.1'] }] })).toThrow(TypeError);
    expect(() => fetchTool('fetch', { headers: ['Host'] })).toThrow(TypeError);
  });
});
