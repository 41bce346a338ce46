/** The way to a server: name, address, socket. What it needs of the network can be given from outside. */
import { lookup } from 'node:dns/promises';
import { connect as connectSocket, isIP } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { hostError } from '../errors.js';
import { assertAddress, portOf, refuseFetch } from './allow-list.js';
import type { AllowedHost, Connect, Connection, Resolve } from './options.js';

export interface Network {
  readonly resolve: Resolve;
  readonly connect: Connect;
}

export const systemNetwork: Network = {
  resolve: async (hostname) => (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address),
  connect: (host, port) => connectSocket({ host, port }),
};

/**
 * The way to the host of a URL: what opens a connection to it, over TLS for https, with the certificate checked against its name.
 *
 * The name is resolved once, all its addresses are judged, and one of them is connected to: what the name leads to a moment
 * later does not matter. Rejects with `FETCH_REFUSED` and `FETCH_FAILED`.
 */
export async function wayTo(url: URL, allowed: AllowedHost, network: Network): Promise<() => Duplex> {
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(hostname) === 0 ? await resolve(url, hostname, network) : [hostname];
  for (const address of addresses) assertAddress(url, address, allowed);
  const connect = (): Duplex => streamOf(network.connect(addresses[0]!, portOf(url)));
  if (url.protocol === 'http:') return connect;
  const name = isIP(hostname) === 0 ? { servername: hostname.replace(/\.$/, '') } : {};
  // Said, since a variable of the environment (NODE_TLS_REJECT_UNAUTHORIZED) could say otherwise.
  return () => connectTls({ socket: connect(), host: hostname, ALPNProtocols: ['http/1.1'], rejectUnauthorized: true, ...name });
}

function streamOf(connection: Connection): Duplex {
  if (connection instanceof Duplex) return connection;
  throw new TypeError('What connect gives is no Duplex of node:stream.');
}

async function resolve(url: URL, hostname: string, network: Network): Promise<readonly string[]> {
  const addresses = await network.resolve(hostname).catch((cause: unknown) => {
    throw hostError('FETCH_FAILED', `The name ${hostname} could not be resolved: ${(cause as Error).message}.`, { cause });
  });
  return addresses.length === 0 ? refuseFetch(url, 'its name leads to no address') : addresses;
}
