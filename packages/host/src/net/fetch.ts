import { defineTool, type Tool, type ToolContext } from '@omnipaw/kernel';
import * as v from 'valibot';
import { hostError } from '../errors.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { checkOptions } from '../schemas/options.js';
import { AllowList, refuseFetch } from './allow-list.js';
import { systemNetwork, wayTo, type Network } from './connect.js';
import { fetchOptions, METHODS } from './option-schemas.js';
import type { FetchOptions } from './options.js';
import { redirected } from './redirects.js';
import { exchange, type Answer, type AnswerLimits, type Request } from './request.js';

export interface FetchArguments {
  readonly url: string;
  /** `GET` unless given. */
  readonly method?: string;
  /** Of those names only that the tool takes; give credentials by `secret('NAME')`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface FetchResult {
  readonly status: number;
  /** Where the answer came from: the URL that was asked for, as it was given; after redirections another one, of which a call with secrets gets the origin. */
  readonly url: string;
  /** Those that say what the body is; no cookies. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** `base64` for a body that is no UTF-8; but not for a call with secrets, which gets U+FFFD for what is none. */
  readonly encoding: 'utf8' | 'base64';
}

const DEFAULT_TIMEOUT_MS = 30_000;
const TIMEOUT_MARGIN_MS = 5_000;
const DEFAULT_MAX_BYTES = 256 * 1024;
const MAX_REDIRECTIONS = 5;
const MAX_BODY_CHARS = 256 * 1024;

const REQUEST_HEADERS = ['accept', 'accept-language', 'authorization', 'content-type', 'if-match', 'if-modified-since', 'if-none-match', 'range', 'user-agent'];
const ANSWER_HEADERS = ['cache-control', 'content-language', 'content-range', 'content-type', 'etag', 'last-modified', 'link', 'location', 'retry-after'];

/**
 * Fetches over HTTP from hosts on a list. An answer that says no (404, 500) is a result, not an error.
 *
 * Idempotent if every method on the list is. Cookies are taken out of answers before they are recorded. Throws `FETCH_REFUSED`,
 * `FETCH_FAILED`, `FETCH_TIMEOUT`, `RESPONSE_TOO_LARGE`.
 */
export function fetchTool(name: string, options: FetchOptions = {}): Tool<FetchArguments, FetchResult> {
  checkOptions('fetchTool', fetchOptions, options);
  const fetcher = new Fetcher(options);
  return defineTool({
    name,
    version: '1',
    description: 'Fetches a URL of a host that is on the list.',
    input: inputSchema(options.headers ?? []),
    idempotent: fetcher.isIdempotent,
    timeoutMs: fetcher.timeoutMs + TIMEOUT_MARGIN_MS,
    run: (args, context) => fetcher.fetch(args, context),
  });
}

function inputSchema(more: readonly string[]) {
  const names = new Set([...REQUEST_HEADERS, ...more.map((header) => header.toLowerCase())]);
  const header = v.pipe(v.string(), v.check((key) => names.has(key.toLowerCase()), `must be a header that a call may have (those are: ${[...names].join(', ')})`));
  const value = v.pipe(v.string(), v.regex(/^[\t\x20-\x7e]*$/, 'must have no characters but those of ASCII that can be printed'));
  return argumentsOf(
    fields({
      url: v.pipe(v.string(), v.nonEmpty(), v.maxLength(8_192)),
      method: v.exactOptional(v.picklist(METHODS)),
      headers: v.exactOptional(v.record(header, value)),
      body: v.exactOptional(v.pipe(v.string(), v.maxLength(MAX_BODY_CHARS))),
    }),
  );
}

/** The answer that is no redirection, and whose it is. */
interface Followed {
  readonly url: URL;
  readonly answer: Answer;
}

class Fetcher {
  readonly timeoutMs: number;
  readonly #list: AllowList;
  readonly #maxBytes: number;
  readonly #network: Network;
  readonly #callHeaders: FetchOptions['callHeaders'];

  constructor({ allow = [], timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES, resolve, connect, callHeaders }: FetchOptions) {
    this.timeoutMs = timeoutMs;
    this.#callHeaders = callHeaders;
    this.#list = new AllowList(allow);
    this.#maxBytes = maxBytes;
    this.#network = { resolve: resolve ?? systemNetwork.resolve, connect: connect ?? systemNetwork.connect };
  }

  get isIdempotent(): boolean {
    return this.#list.isIdempotent;
  }

  async fetch(args: FetchArguments, { signal, hasSecrets }: ToolContext): Promise<FetchResult> {
    const first = requestOf(args, this.#callHeaders?.());
    const stop = new AbortController();
    const timer = setTimeout(() => { stop.abort(hostError('FETCH_TIMEOUT', `${first.url.origin} took longer than ${this.timeoutMs} ms.`)); }, this.timeoutMs);
    const abort = (): void => { stop.abort(signal.reason); };
    signal.addEventListener('abort', abort);
    try {
      const { url, answer } = await this.#follow(first, { maxBytes: this.#maxBytes, signal: stop.signal });
      return { ...contentOf(answer, hasSecrets), url: shownUrl(args.url, url, hasSecrets) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Each step is judged as the first one was. */
  async #follow(first: Request, limits: AnswerLimits): Promise<Followed> {
    let request = first;
    for (let step = 0; step <= MAX_REDIRECTIONS; step++) {
      limits.signal.throwIfAborted();
      const answer = await this.#ask(request, limits);
      const next = redirected(request, answer);
      if (next === undefined) return { url: request.url, answer };
      request = next;
    }
    return refuseFetch(first.url, `it leads through more than ${MAX_REDIRECTIONS} redirections`);
  }

  async #ask(request: Request, limits: AnswerLimits): Promise<Answer> {
    const allowed = this.#list.find(request.url, request.method);
    const open = await untilAborted(wayTo(request.url, allowed, this.#network), limits.signal);
    return exchange(open, request, limits);
  }
}

function requestOf({ url: given, method = 'GET', headers = {}, body }: FetchArguments, more: Readonly<Record<string, string>> = {}): Request {
  const url = parse(given);
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) return refuseFetch(url, `${method} has no body`);
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { url, method, headers: { 'user-agent': 'omnipaw', ...named, ...more }, body: body === undefined ? undefined : Buffer.from(body) };
}

function parse(given: string): URL {
  try {
    return new URL(given);
  } catch {
    return refuseFetch('What was given', 'it is no URL');
  }
}

/** A resolver can't be told to stop; nobody waits for it any more. */
function untilAborted<Value>(wanted: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason as Error); });
  });
  return Promise.race([wanted, aborted]);
}

/** In the log a secret is recognised as it was given: not in the form that a URL gets, nor as a part of another one. */
function shownUrl(given: string, last: URL, hasSecrets: boolean): string {
  if (last.href === new URL(given).href) return given;
  return hasSecrets ? last.origin : last.href;
}

/** An echo of a secret is recognised in a text, and not in base64. */
function contentOf({ status, headers, body }: Answer, hasSecrets: boolean): Omit<FetchResult, 'url'> {
  const text = body.toString('utf8');
  const isText = hasSecrets || (!body.includes(0) && Buffer.from(text).equals(body));
  const kept = ANSWER_HEADERS.flatMap((name): [string, string][] => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return { status, headers: Object.fromEntries(kept), body: isText ? text : body.toString('base64'), encoding: isText ? 'utf8' : 'base64' };
}
