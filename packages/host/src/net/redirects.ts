/** Where a redirection leads: pure (RFC 9110, 15.4; the Fetch standard for what becomes of method and headers). */
import { refuseFetch } from './allow-list.js';
import type { Answer, Request } from './request.js';

const REDIRECTIONS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The request that a redirection asks for; nothing when the answer is none. */
export function redirected(request: Request, { status, headers }: Answer): Request | undefined {
  const { location } = headers;
  if (!REDIRECTIONS.has(status) || location === undefined) return undefined;
  const url = parse(location, request.url);
  if (request.url.protocol === 'https:' && url.protocol === 'http:') return refuseFetch(url, 'a redirection leads to it from https, and it is http');
  const becomesGet = status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST';
  const isElsewhere = url.origin !== request.url.origin;
  if (!becomesGet && isElsewhere && request.body !== undefined) return refuseFetch(url, `a redirection from ${request.url.origin} leads to it, and the body was meant for that one`);
  const kept = isElsewhere ? withoutCredentials(request.headers) : request.headers;
  if (!becomesGet) return { ...request, url, headers: kept };
  const headersOfGet = Object.entries(kept).filter(([name]) => name !== 'content-type');
  return { url, method: 'GET', headers: Object.fromEntries(headersOfGet), body: undefined };
}

function parse(location: string, base: URL): URL {
  try {
    return new URL(location, base);
  } catch {
    return refuseFetch('What a redirection leads to', 'it is no URL');
  }
}

/** What was meant for one server is not told to another: all but what every request may say. */
function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('accept') || name === 'content-type' || name === 'user-agent'));
}
