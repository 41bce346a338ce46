/**
 * A network by a script, in place of `fetchTool` of `@omnipaw/host`: it judges what is asked as that one does, and answers as its author says.
 *
 * What that tool would refuse, or leave out of an answer, a test must not get through: a test compares the two.
 */
import { defineTool, describeThrown, OmniError, type Tool } from '@omnipaw/kernel';
import type { FetchedAnswer } from '../kit/index.js';
import type { PluginHost } from '../loader/index.js';
import { standardSchema } from '../schemas/index.js';

/** What there is to know of a URL: a `URL`, whose type not everybody has. */
export interface RequestUrl extends Readonly<Record<'href' | 'protocol' | 'host' | 'hostname' | 'port' | 'pathname' | 'search', string>> {
  readonly searchParams: { get(name: string): string | null; getAll(name: string): string[]; has(name: string): boolean };
}

/** What a plugin fetches; its manifest allows it. */
export interface ScriptedRequest {
  readonly url: RequestUrl;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What it is answered: 200 unless given; a body that is no text is sent as JSON. Redirections are not followed: this is what is there at their end. */
export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What it throws is a network that fails: `FETCH_FAILED`, or the code of an `OmniError` (`FETCH_TIMEOUT`). */
export type ScriptedFetch = (request: ScriptedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>;

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
const REQUEST_HEADERS = ['accept', 'accept-language', 'authorization', 'content-type', 'if-match', 'if-modified-since', 'if-none-match', 'range', 'user-agent'];
const ANSWER_HEADERS: ReadonlySet<string> = new Set(['cache-control', 'content-language', 'content-range', 'content-type', 'etag', 'last-modified', 'link', 'location', 'retry-after']);
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };
const MAX_BODY_CHARS = 256 * 1024;

const INPUT = standardSchema({
  type: 'object',
  properties: {
    url: { type: 'string', minLength: 1, maxLength: 8_192 },
    method: { enum: METHODS },
    headers: {
      type: 'object',
      propertyNames: { pattern: `^(?i:${REQUEST_HEADERS.join('|')})$` },
      additionalProperties: { type: 'string', pattern: '^[\\t\\x20-\\x7e]*$' },
    },
    body: { type: 'string', maxLength: MAX_BODY_CHARS },
  },
  required: ['url'],
  additionalProperties: false,
});

interface FetchArguments {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `allow` undefined is any host: what an operator would have on a list of his own. */
export function scriptedFetchTool(name: string, allow: readonly PluginHost[] | undefined, answer: ScriptedFetch | undefined): Tool {
  return defineTool({
    ...{ name, description: 'Fetches by a script.', idempotent: true, input: INPUT },
    run: async (args): Promise<FetchedAnswer> => {
      const { url: given, method = 'GET', headers = {}, body } = args as FetchArguments;
      const url = judged(given, { method, body }, allow);
      const named = Object.fromEntries(Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value]));
      if (answer === undefined) throw failed(method, url, 'the test answers nothing that is fetched: give openPlugin a "fetch"');
      const request: ScriptedRequest = { url, method, headers: named, ...(body === undefined ? {} : { body }) };
      return answered(given, await Promise.resolve(request).then(answer).catch((thrown: unknown) => { throw thrown instanceof OmniError ? thrown : failed(method, url, describeThrown(thrown)); }));
    },
  });
}

function judged(given: string, { method, body }: { readonly method: string; readonly body: string | undefined }, allow: readonly PluginHost[] | undefined): URL {
  const url = parsed(given);
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) throw refused(url, `${method} has no body`);
  if (!Object.hasOwn(DEFAULT_PORTS, url.protocol)) throw refused(url, `its scheme ${url.protocol} is neither http: nor https:`);
  if (url.username !== '' || url.password !== '') throw refused(url, 'it has a user name or a password in it; pass a header instead');
  if (allow === undefined) return url;
  const ofHost = allow.filter(({ host }) => isNamed(host, url.hostname));
  if (ofHost.length === 0) throw refused(url, `its host is not on the list (${allow.map(({ host }) => host).join(', ')})`);
  const usual = DEFAULT_PORTS[url.protocol]!;
  const port = url.port === '' ? usual : Number(url.port);
  const ofPort = ofHost.filter(({ ports = [usual] }) => ports.includes(port));
  if (ofPort.length === 0) throw refused(url, `port ${port} is not allowed for this host`);
  if (!ofPort.some(({ methods }) => (methods as readonly string[]).includes(method))) throw refused(url, `${method} is not allowed for this host`);
  return url;
}

function isNamed(pattern: string, hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) && name.length >= pattern.length : name === pattern;
}

function answered(url: string, { status = 200, headers = {}, body = '' }: ScriptedAnswer): FetchedAnswer {
  const isText = typeof body === 'string';
  const all = { ...(isText ? {} : { 'content-type': 'application/json' }), ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])) };
  const kept = Object.fromEntries(Object.entries(all).filter(([name]) => ANSWER_HEADERS.has(name)));
  return { status, url, headers: kept, body: isText ? body : JSON.stringify(body), encoding: 'utf8' };
}

function parsed(given: string): URL {
  try {
    return new URL(given);
  } catch {
    throw new OmniError('FETCH_REFUSED', 'What was given is not fetched: it is no URL.');
  }
}

function refused(url: URL, reason: string): OmniError {
  return new OmniError('FETCH_REFUSED', `${url.protocol}//${url.host} is not fetched: ${reason}.`);
}

function failed(method: string, url: URL, reason: string): OmniError {
  return new OmniError('FETCH_FAILED', `${method} ${url.origin} failed: ${reason}.`);
}
