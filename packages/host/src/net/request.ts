/** One request and its answer, over a connection that is given. */
import { request, type IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { hostError } from '../errors.js';

export interface Request {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface AnswerLimits {
  /** Of the body, as sent and as unpacked. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

const UNPACKERS = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress } as const;

/** RFC 9110, 6.4.1. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 304]);

/** Sends a request and reads the answer; rejects with `FETCH_FAILED`, `RESPONSE_TOO_LARGE`, and the signal's reason. */
export async function exchange(open: () => Duplex, { url, method, headers, body }: Request, limits: AnswerLimits): Promise<Answer> {
  let socket: Duplex | undefined;
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const connection = (socket = open());
      // It may fail before the request listens.
      connection.on('error', reject);
      // Without an agent: one would make a connection of its own.
      const outgoing = request({
        createConnection: () => connection,
        method,
        path: url.pathname + url.search,
        setHost: false,
        // With the length of a body, since not every method gets one by itself, and a server would read the body as a further request.
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': body.length }), host: url.host, 'accept-encoding': 'gzip, deflate, br', connection: 'close' },
        signal: limits.signal,
      });
      outgoing.on('response', resolve).on('error', reject);
      // What a server wants to talk about instead of HTTP is not spoken here.
      outgoing.on('upgrade', (_, upgraded) => {
        upgraded.destroy();
        reject(new Error('the server changes the protocol'));
      });
      outgoing.end(body);
    });
    return { status: response.statusCode!, headers: response.headers, body: await bodyOf(response, method, limits.maxBytes) };
  } catch (cause) {
    if (limits.signal.aborted) throw limits.signal.reason;
    if ((cause as { readonly code?: string }).code === 'RESPONSE_TOO_LARGE') throw cause;
    throw hostError('FETCH_FAILED', `${method} ${url.origin} failed: ${(cause as Error).message}.`, { cause });
  } finally {
    socket?.destroy();
  }
}

async function bodyOf(response: IncomingMessage, method: string, maxBytes: number): Promise<Buffer> {
  // An answer without a body says how it would be packed all the same.
  const hasNone = method === 'HEAD' || WITHOUT_BODY.has(response.statusCode!);
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (hasNone || encoding === 'identity') return readAtMost(response, maxBytes);
  if (!Object.hasOwn(UNPACKERS, encoding)) throw new Error(`the answer is packed as ${JSON.stringify(encoding)}, which is not known`);
  const unpacker = UNPACKERS[encoding as keyof typeof UNPACKERS]();
  response.on('error', (error) => unpacker.destroy(error));
  return readAtMost(response.pipe(unpacker), maxBytes);
}

/** What is too long is read no further, so a small answer that unpacks to a large one does no harm. */
async function readAtMost(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > maxBytes) throw hostError('RESPONSE_TOO_LARGE', `The answer is larger than ${maxBytes} bytes. Ask for less of it.`, { details: { maxBytes } });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
