/**
 * Who is let in, before anything else is looked at. Each rule stands for what skipping it has cost others (docs/content/dashboard.md).
 *
 * 1. The host is one of this server's names; else somebody led a browser here.
 * 2. The origin, where there is one, is that of the page; `null` is nobody's. Without one, as from a command line, the token decides all the same.
 * 3. What browsers say of who wants to load something is believed.
 * 4. A wrong token is counted, and an address with too many of them is not listened to.
 */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Scope } from '../protocol/index.js';
import { FailedAttempts } from './attempts.js';
import { hostsOf, originsOf, type Arrival } from './hosts.js';
import type { Tokens } from './tokens.js';

export interface Refused {
  readonly status: number;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

export interface GateOptions {
  readonly tokens: Tokens;
  readonly allowedHosts: readonly string[];
}

export class Gate {
  readonly #options: GateOptions;
  readonly #attempts = new FailedAttempts();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Undefined for a request that may go on. */
  refusalOf(request: IncomingMessage): Refused | undefined {
    const arrival = arrivalOf(request);
    const { allowedHosts } = this.#options;
    if (countOf(request, 'host') !== 1) return { status: 400, message: 'A request has one host.' };
    if (!hostsOf(arrival, allowedHosts).has(request.headers.host!.toLowerCase())) {
      return { status: 421, message: `This server is not ${JSON.stringify(request.headers.host)}. Open it by the address that it has printed, or allow this one (allowedHosts).` };
    }
    const { origin } = request.headers;
    if (countOf(request, 'origin') > 1 || (origin !== undefined && !originsOf(arrival, allowedHosts).has(origin.toLowerCase()))) {
      return { status: 403, message: 'Another site asks for this.' };
    }
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return { status: 403, message: 'Another site asks for this. Open the dashboard by itself.' };
    return undefined;
  }

  /** What a token is for, or why it is not looked at. */
  admit(request: IncomingMessage, token: string | undefined): Scope | Refused {
    const address = request.socket.remoteAddress ?? '';
    const lockedMs = this.#attempts.lockedMs(address);
    if (lockedMs > 0) return { status: 429, message: 'Too many wrong tokens came from here.', retryAfterSeconds: Math.ceil(lockedMs / 1_000) };
    const scope = this.#options.tokens.scopeOf(token ?? '');
    if (scope !== undefined) {
      this.#attempts.succeeded(address);
      return scope;
    }
    this.#attempts.failed(address);
    return { status: 401, message: 'The token is missing or wrong.' };
  }
}

function arrivalOf({ socket }: IncomingMessage): Arrival {
  return { localAddress: socket.localAddress ?? '', localPort: socket.localPort ?? 0, isEncrypted: (socket as Partial<TLSSocket>).encrypted === true };
}

/** How often a header stands in a request: Node takes the first of some, and others another one. */
function countOf({ rawHeaders }: IncomingMessage, name: string): number {
  return rawHeaders.filter((header, index) => index % 2 === 0 && header.toLowerCase() === name).length;
}
