/** Answers requests: the files of the page, and who asks. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PROTOCOL_VERSION } from '../protocol/index.js';
import type { StaticFiles } from './files.js';
import type { Gate, Refused } from './gate.js';
import { SECURITY_HEADERS } from './headers.js';
import { bearerOf } from './tokens.js';

export interface SiteOptions {
  readonly gate: Gate;
  readonly files: StaticFiles;
  /** Whether a token for writing can decide anything here. */
  readonly isDecidable: boolean;
  /** The path of the page, which ends with a slash. */
  readonly base: string;
}

export class Site {
  readonly #options: SiteOptions;

  constructor(options: SiteOptions) {
    this.#options = options;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    // What a request brings along is not read.
    request.resume();
    const refusal = this.#options.gate.refusalOf(request) ?? refusalOfMethod(request);
    const name = nameOf(request, this.#options.base);
    if (refusal !== undefined) refuse(response, refusal);
    else if (name === undefined) refuse(response, { status: 404, message: 'There is nothing here.' });
    else if (name === 'session') this.#session(request, response);
    else this.#file(name, request, response);
  }

  #session(request: IncomingMessage, response: ServerResponse): void {
    const { gate, isDecidable } = this.#options;
    const admitted = gate.admit(request, bearerOf(request.headers.authorization));
    if (typeof admitted === 'object') {
      refuse(response, admitted);
      return;
    }
    const text = JSON.stringify({ protocol: PROTOCOL_VERSION, scope: admitted, canDecide: admitted === 'write' && isDecidable });
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  #file(name: string, request: IncomingMessage, response: ServerResponse): void {
    const file = this.#options.files.find(name);
    if (file === undefined) {
      refuse(response, { status: 404, message: 'There is nothing here.' });
      return;
    }
    const { bytes, type, etag } = file;
    const isKnown = (request.headers['if-none-match'] ?? '').split(',').some((known) => known.trim().replace(/^W\//, '') === etag);
    response.writeHead(isKnown ? 304 : 200, { 'cache-control': 'no-cache', etag, ...(isKnown ? {} : { 'content-type': type, 'content-length': bytes.length }) });
    response.end(isKnown || request.method === 'HEAD' ? undefined : bytes);
  }
}

function refusalOfMethod({ method }: IncomingMessage): Refused | undefined {
  return method === 'GET' || method === 'HEAD' ? undefined : { status: 405, message: 'There is nothing to change here.' };
}

/** What is asked for, below the page; undefined for whatever is elsewhere. */
export function nameOf({ url = '' }: Pick<IncomingMessage, 'url'>, base: string): string | undefined {
  const path = url.split('?', 1)[0]!;
  return path.startsWith(base) ? path.slice(base.length) : undefined;
}

export function refuse(response: ServerResponse, { status, message, retryAfterSeconds }: Refused): void {
  const retry = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  const allow = status === 405 ? { allow: 'GET, HEAD' } : {};
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'content-length': Buffer.byteLength(message), ...retry, ...allow });
  response.end(message);
}
