import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { TOKEN_PREFIX, type Scope } from '../protocol/index.js';

/** What a token may be: it stands among subprotocols and in addresses. Long enough that nobody guesses it. */
const TOKEN = /^[\w-]{16,256}$/;

export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Throws a TypeError for what can be no token. */
export function assertToken(what: string, token: string): void {
  if (!TOKEN.test(token)) throw new TypeError(`The ${what} must have 16 to 256 letters, digits, "-" or "_", none of them guessable: node -e "console.log(crypto.randomBytes(32).toString('base64url'))"`);
}

/** The tokens that open this server; only what they hash to is kept and compared. */
export class Tokens {
  readonly #digests: readonly (readonly [scope: Scope, digest: Buffer])[];

  constructor({ read, write }: { readonly read: string; readonly write?: string | undefined }) {
    this.#digests = [['read', digestOf(read)], ...(write === undefined ? [] : [['write', digestOf(write)] as const])];
  }

  /** What a token is for; undefined for a wrong one. It takes as long whatever it is. */
  scopeOf(token: string): Scope | undefined {
    const digest = digestOf(token);
    let found: Scope | undefined;
    for (const [scope, known] of this.#digests) if (timingSafeEqual(digest, known)) found = scope;
    return found;
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** The token among the subprotocols that a client offers; undefined unless there is exactly one, beside the protocol itself. */
export function tokenAmong(offered: readonly string[]): string | undefined {
  const tokens = offered.filter((name) => name.startsWith(TOKEN_PREFIX));
  return tokens.length === 1 ? tokens[0]!.slice(TOKEN_PREFIX.length) : undefined;
}

/** The token of an `Authorization`. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer ([\w-]+)$/i.exec(authorization ?? '')?.[1];
}
