/** What a fetch tool is made with. */
import * as v from 'valibot';
import { fields } from '../schemas/fields.js';
import { callback, optionsOf, timeoutMs } from '../schemas/options.js';
import { within } from '../schemas/values.js';
import { isRange } from './addresses.js';
import { problemOfHost } from './host-names.js';

export const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** A host that may be asked. */
export interface AllowedHost {
  /** A name (`api.example.com`), all names below one (`*.example.com`), or an address. */
  readonly host: string;
  /** `GET` and `HEAD` unless given. */
  readonly methods?: readonly string[];
  /** The usual one of the scheme unless given. */
  readonly ports?: readonly number[];
  /** Ranges of addresses that are not public and may be connected to for this host all the same: `127.0.0.0/8`. */
  readonly addresses?: readonly string[];
}

/** Gives all addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** A connection, as `connect` of `node:net` makes one: any `Duplex` of `node:stream` will do. */
export interface Connection {
  destroy(error?: Error): unknown;
}

/** Opens a connection to an address: to this very one, which was judged. */
export type Connect = (address: string, port: number) => Connection;

export interface FetchOptions {
  /** Who may be asked; nobody unless given. */
  readonly allow?: readonly AllowedHost[];
  /** Names of headers that a call may have beside those that say what it sends and wants, and `authorization`. */
  readonly headers?: readonly string[];
  /** For everything together: names, connections, redirections, the body. 30 seconds unless given. */
  readonly timeoutMs?: number;
  /** Of the body, unpacked. 256 KiB unless given. */
  readonly maxBytes?: number;
  /** By what names are resolved; the system's way unless given. */
  readonly resolve?: Resolve;
  /** By what addresses are connected to; TCP unless given. */
  readonly connect?: Connect;
}

/** What belongs to the connection, or would say that the request is for another server. */
const NEVER = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect', 'keep-alive', 'accept-encoding', 'proxy-authorization', 'proxy-connection']);

const MAX_PORT = 65_535;

const host = v.pipe(v.string(), v.check((name) => problemOfHost(name) === undefined, ({ input }) => problemOfHost(input) ?? ''));
const range = v.pipe(v.string(), v.check(isRange, 'must be a range of addresses, like 10.0.0.0/8'));
const header = v.pipe(
  v.string(),
  v.regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header'),
  v.check((name) => !NEVER.has(name.toLowerCase()), 'must be no header that belongs to the connection'),
);

const allowed = fields({
  host,
  methods: v.optional(v.array(v.picklist(METHODS))),
  ports: v.optional(v.array(within(1, MAX_PORT))),
  addresses: v.optional(v.array(range)),
} satisfies Record<keyof AllowedHost, v.GenericSchema>);

export const fetchOptions = optionsOf<keyof FetchOptions>({
  allow: v.array(allowed),
  headers: v.array(header),
  timeoutMs,
  maxBytes: within(0),
  resolve: callback,
  connect: callback,
});
