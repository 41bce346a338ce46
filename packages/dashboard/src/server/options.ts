import { isLoopback } from '../http/hosts.js';
import { assertToken, newToken } from '../http/tokens.js';

export interface DashboardOptions {
  /** 127.0.0.1 unless given. Any other than this machine's own needs a token for reading that was given as well. */
  readonly host?: string;
  /** 9090 unless given; 0 is any that is free. */
  readonly port?: number;
  /** For reading: one of chance unless given. */
  readonly token?: string;
  /** For reading and for deciding about approvals; nobody can decide unless it is given. */
  readonly writeToken?: string;
  /** By which names it may be opened beside its own address, each with its port unless that is the usual one: `agents.example.org`. */
  readonly allowedHosts?: readonly string[];
  /** Certificate and key, in PEM: `https:` and `wss:`. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** How many connections there may be at once: 100 unless given. */
  readonly maxClients?: number;
  /** The folder of another page. */
  readonly page?: string;
}

export interface Settings extends DashboardOptions {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly allowedHosts: readonly string[];
  readonly maxClients: number;
}

/** All that a server goes by; throws a TypeError for what makes no sense, or would leave the door open. */
export function settingsOf(options: DashboardOptions): Settings {
  const { host = '127.0.0.1', port = 9090, token, allowedHosts = [], maxClients = 100 } = options;
  assertTokens(host, options);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError(`The port is ${String(port)}; it must be a whole number from 0 to 65535.`);
  if (!Number.isSafeInteger(maxClients) || maxClients < 1) throw new TypeError(`maxClients is ${String(maxClients)}; it must be a whole number from 1.`);
  for (const name of allowedHosts) if (!/^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(name)) throw new TypeError(`${JSON.stringify(name)} is no host. Write agents.example.org, or agents.example.org:8443.`);
  return { ...options, host, port, token: token ?? newToken(), allowedHosts, maxClients };
}

function assertTokens(host: string, { token, writeToken }: DashboardOptions): void {
  if (!isLoopback(host) && token === undefined) {
    throw new TypeError(`Everybody who reaches ${host} could try the dashboard. Give it a token of its own (token), or leave it on 127.0.0.1.`);
  }
  if (token !== undefined) assertToken('token', token);
  if (writeToken !== undefined) assertToken('token for writing', writeToken);
  if (token !== undefined && token === writeToken) throw new TypeError('The token for writing must be another one than that for reading.');
}
