/** Who may be asked, and how: pure. */
import { hostError } from '../errors.js';
import { isInRanges, isPublic, parseAddress } from './addresses.js';
import type { AllowedHost } from './options.js';

const READING = ['GET', 'HEAD'];
/** RFC 9110, 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** A list of hosts, checked before. */
export class AllowList {
  readonly #hosts: readonly AllowedHost[];

  constructor(hosts: readonly AllowedHost[]) {
    this.#hosts = hosts;
  }

  /** Whether nothing that is allowed has a second effect when it is done twice. */
  get isIdempotent(): boolean {
    return this.#hosts.every(({ methods = READING }) => methods.every((method) => IDEMPOTENT.has(method)));
  }

  /** The entry that allows it; throws `FETCH_REFUSED`. */
  find(url: URL, method: string): AllowedHost {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return refuseFetch(url, `its scheme ${url.protocol} is neither http: nor https:`);
    if (url.username !== '' || url.password !== '') return refuseFetch(url, 'it has a user name or a password in it; pass a header instead');
    const ofHost = this.#hosts.filter(({ host }) => isNamed(host, url.hostname));
    if (ofHost.length === 0) return refuseFetch(url, `its host is not on the list (${this.#hosts.map(({ host }) => host).join(', ') || 'which is empty'})`);
    const ofPort = ofHost.filter(({ ports }) => (ports ?? [DEFAULT_PORTS[url.protocol]]).includes(portOf(url)));
    if (ofPort.length === 0) return refuseFetch(url, `port ${portOf(url)} is not allowed for this host`);
    return ofPort.find(({ methods = READING }) => methods.includes(method)) ?? refuseFetch(url, `${method} is not allowed for this host`);
  }
}

export function portOf(url: URL): number {
  return url.port === '' ? DEFAULT_PORTS[url.protocol]! : Number(url.port);
}

/** Throws `FETCH_REFUSED` unless an address is public, or in a range that the entry names. */
export function assertAddress(url: URL, address: string, { addresses = [] }: AllowedHost): void {
  const parsed = parseAddress(address);
  if (parsed === undefined) return refuseFetch(url, `${JSON.stringify(address)}, to which its name leads, is no address`);
  if (isPublic(parsed) || isInRanges(parsed, addresses)) return;
  refuseFetch(url, `${address}, to which it leads, is not a public address (${parsed.range()})`);
}

/** Of a URL no more is shown than its host: the rest may be a secret, and a part of one is not recognised. For what is no URL some words stand. */
export function refuseFetch(url: URL | string, reason: string): never {
  const shown = typeof url === 'string' ? url : `${url.protocol}//${url.host}`;
  throw hostError('FETCH_REFUSED', `${shown} is not fetched: ${reason}.`, { details: { ...(typeof url === 'string' ? {} : { url: shown }), reason } });
}

/** Without the dot that a name may end with: it is the same name. */
function isNamed(pattern: string, hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) && name.length >= pattern.length && parseAddress(name) === undefined : name === pattern;
}
