/** What a fetch tool is made with. */

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
  /** Answers headers that each request gets beside those of its call, and that nobody records: those that carry a trace on, as `traceHeaders` of `@omnipaw/otel`. Asked while the call runs. */
  readonly callHeaders?: () => Readonly<Record<string, string>>;
  /** For everything together: names, connections, redirections, the body. 30 seconds unless given. */
  readonly timeoutMs?: number;
  /** Of the body, unpacked. 256 KiB unless given. */
  readonly maxBytes?: number;
  /** By what names are resolved; the system's way unless given. */
  readonly resolve?: Resolve;
  /** By what addresses are connected to; TCP unless given. */
  readonly connect?: Connect;
}
