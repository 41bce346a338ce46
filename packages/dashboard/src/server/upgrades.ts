/**
 * From an upgrade request to a client of the feed.
 *
 * Whoever is let in has shown a token; what goes wrong later ends that connection, and nothing else.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { Client } from '../feed/client.js';
import type { Feed } from '../feed/feed.js';
import type { Gate, Refused } from '../http/gate.js';
import { tokenAmong } from '../http/tokens.js';
import { CLOSE_CODES, SUBPROTOCOL, type HelloPayload, type Scope } from '../protocol/index.js';
import { type Answers } from '../requests/answer.js';
import { envelopeOf, startOf } from '../requests/parse.js';

export const MAX_MESSAGE_BYTES = 16 * 1024;
const START_WITHIN_MS = 10_000;

export interface UpgradesOptions {
  readonly gate: Gate;
  readonly feed: Feed;
  readonly answers: Answers;
  readonly maxClients: number;
  readonly hello: (scope: Scope) => HelloPayload;
}

export class Upgrades {
  readonly #options: UpgradesOptions;
  // Compressing costs more time than any loopback saves, and a second of delay at thousands of entries.
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false, clientTracking: false, handleProtocols: () => SUBPROTOCOL });

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  /** Takes over the socket of a request, whatever comes of it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => { socket.destroy(); });
    const admitted = this.#admit(request);
    if (typeof admitted === 'object') {
      refuseSocket(socket, admitted);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => { this.#connect(webSocket, admitted); });
  }

  #admit(request: IncomingMessage): Scope | Refused {
    const { gate, feed, maxClients } = this.#options;
    const refusal = gate.refusalOf(request);
    if (refusal !== undefined) return refusal;
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    const admitted = gate.admit(request, tokenAmong(offered));
    if (typeof admitted === 'object') return admitted;
    if (!offered.includes(SUBPROTOCOL)) return { status: 400, message: `Offer the subprotocol ${SUBPROTOCOL}.` };
    return feed.clients.size < maxClients ? admitted : { status: 503, message: 'There are as many connections as there may be.' };
  }

  #connect(webSocket: WebSocket, scope: Scope): void {
    const { feed, hello } = this.#options;
    const client = new Client(wireOf(webSocket), scope, feed.journal);
    feed.clients.add(client);
    const unstarted = setTimeout(() => { client.close(CLOSE_CODES.NO_START, 'START did not come'); }, START_WITHIN_MS);
    webSocket.on('message', (data, isBinary) => {
      this.#hear(client, { data, isBinary });
      if (client.isStarting) clearTimeout(unstarted);
    });
    webSocket.on('pong', () => { client.isAlive = true; });
    // What was wrong is told by the close that follows.
    webSocket.on('error', () => undefined);
    webSocket.on('close', () => {
      clearTimeout(unstarted);
      client.gone();
      feed.clients.delete(client);
    });
    client.tell({ type: 'HELLO', payload: hello(scope) });
  }

  #hear(client: Client, { data, isBinary }: { readonly data: RawData; readonly isBinary: boolean }): void {
    if (client.isClosed) return;
    client.hear();
    const envelope = isBinary ? undefined : envelopeOf((data as Buffer).toString());
    if (envelope?.type === 'START') {
      const start = client.isStarting ? undefined : startOf(envelope.payload);
      if (start !== undefined) void client.start(start);
      else client.close(CLOSE_CODES.BAD_MESSAGE, 'START is said once, with logId, after and hash or without');
    } else if (envelope === undefined || !client.isStarting) client.close(CLOSE_CODES.BAD_MESSAGE, envelope === undefined ? 'this is no message' : 'START comes first');
    else this.#options.answers.answer(client, envelope);
  }
}

function wireOf(webSocket: WebSocket): ConstructorParameters<typeof Client>[0] {
  return {
    get bufferedAmount() {
      return webSocket.bufferedAmount;
    },
    send: (data) => { webSocket.send(data, { binary: false }, () => undefined); },
    pause: () => { webSocket.pause(); },
    resume: () => { webSocket.resume(); },
    ping: () => { webSocket.ping(undefined, undefined, () => undefined); },
    close: (code, reason) => { webSocket.close(code, reason); },
    terminate: () => { webSocket.terminate(); },
  };
}

const REASONS: Readonly<Record<number, string>> = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 421: 'Misdirected Request', 429: 'Too Many Requests', 503: 'Service Unavailable' };

/** An answer to an upgrade, on a socket that is no connection of HTTP's any more. */
export function refuseSocket(socket: Duplex, { status, message, retryAfterSeconds }: Refused): void {
  const retry = retryAfterSeconds === undefined ? '' : `Retry-After: ${retryAfterSeconds}\r\n`;
  const body = `${message}\n`;
  const head = `HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${retry}\r\n`;
  socket.once('finish', () => { socket.destroy(); });
  socket.end(head + body);
}
