/**
 * The server of the dashboard: pages, and the log to whoever shows a token.
 *
 * It is an observer. Whatever happens in it (a client that hangs, a disk that fails, a page that attacks) ends in it.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LIFECYCLE_STATES, TRANSITIONS, type OmniError } from '@omnipaw/kernel';
import { dashboardError } from '../errors.js';
import { Feed } from '../feed/feed.js';
import { FOLDERS, type Folders } from '../folders.js';
import { StaticFiles } from '../http/files.js';
import { Gate } from '../http/gate.js';
import { nameOf, Site } from '../http/site.js';
import { Tokens } from '../http/tokens.js';
import { CLOSE_CODES, PROTOCOL_VERSION, type HelloPayload, type Scope } from '../protocol/index.js';
import { Answers, MAX_OPEN_REQUESTS, MAX_PAGE_ENTRIES } from '../requests/answer.js';
import type { LogSource } from '../source/source.js';
import { VERSION } from '../version.js';
import { settingsOf, type DashboardOptions, type Settings } from './options.js';
import { MAX_MESSAGE_BYTES, refuseSocket, Upgrades } from './upgrades.js';

const STALE_AFTER_MS = 5_000;
const SLOW_REQUEST_MS = 10_000;

export interface ConnectedClient {
  readonly scope: Scope;
  readonly bufferedBytes: number;
  /** Whether it takes less than there is, and so is sent what it has missed as fast as it goes. */
  readonly isBehind: boolean;
}

export class DashboardServer {
  readonly #source: LogSource;
  readonly #settings: Settings;
  readonly #feed: Feed;
  readonly #gate: Gate;
  readonly #upgrades: Upgrades;
  readonly #files: StaticFiles;
  #server: Server | undefined;
  #detach: () => void = () => undefined;
  #hasStarted = false;
  #closing: Promise<void> | undefined;

  /** Throws a TypeError for options that make no sense. Nothing is opened yet. `folders` is for who runs it from elsewhere. */
  constructor(source: LogSource, options: DashboardOptions = {}, folders: Folders = FOLDERS) {
    const settings = settingsOf(options);
    const { token, writeToken, allowedHosts, maxClients, page = folders.page } = settings;
    this.#source = source;
    this.#settings = settings;
    this.#feed = new Feed(source);
    this.#gate = new Gate({ tokens: new Tokens({ read: token, write: writeToken }), allowedHosts });
    this.#files = new StaticFiles({ '': page, 'state/': folders.state });
    const answers = new Answers(this.#feed.journal, source.decide);
    this.#upgrades = new Upgrades({ gate: this.#gate, feed: this.#feed, answers, maxClients, hello: (scope) => this.#hello(scope) });
  }

  /** Where the page is to be opened, with the token for reading. Throws a TypeError while it does not listen. */
  get url(): string {
    return this.urlWith(this.#settings.token);
  }

  /** The same with another token, that for writing for instance. */
  urlWith(token: string): string {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (address === null || address === undefined) throw new TypeError('The dashboard does not listen. Call listen() first.');
    const { host, tls } = this.#settings;
    // All interfaces are no place to go to.
    const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
    return `${tls === undefined ? 'http' : 'https'}://${name.includes(':') ? `[${name}]` : name}:${address.port}/#${token}`;
  }

  /** Who is connected, and what is held for each because it was not taken yet. */
  get clients(): readonly ConnectedClient[] {
    return [...this.#feed.clients].map(({ scope, bufferedBytes, isBehind }) => ({ scope, bufferedBytes, isBehind }));
  }

  /** Opens the port; rejects with `DASHBOARD_UNAVAILABLE` if that is not to be had. */
  async listen(): Promise<void> {
    const { host, port, tls } = this.#settings;
    const server = tls === undefined ? createServer() : createSecureServer({ ...tls, minVersion: 'TLSv1.2' });
    server.headersTimeout = server.requestTimeout = SLOW_REQUEST_MS;
    // Each connection may wait for requests as well; those that are no clients yet are held to this.
    server.maxConnections = 10 * this.#settings.maxClients;
    server.on('clientError', (_error, socket) => { hangUp(socket); });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        const remedy = cause.code === 'EADDRINUSE' ? 'Something else listens there: close it, or choose another port (0 is any that is free).' : cause.message;
        reject(dashboardError('DASHBOARD_UNAVAILABLE', `The dashboard can not listen on ${host}:${port}. ${remedy}`, cause));
      });
      server.listen({ host, port, exclusive: true }, resolve);
    });
    server.removeAllListeners('error').on('error', () => undefined);
    this.#server = server;
    this.attach(server);
  }

  /** Serves below a path of a server that is there already, whose other paths stay what they are. */
  attach(server: Server, base = '/'): void {
    if (!/^\/(?:.*\/)?$/.test(base)) throw new TypeError(`The path is ${JSON.stringify(base)}; it must begin and end with a slash.`);
    const site = new Site({ gate: this.#gate, files: this.#files, isDecidable: this.#source.decide !== undefined, base });
    const others = server.listeners('request') as ((...args: unknown[]) => void)[];
    server.removeAllListeners('request');
    const onRequest = (...[request, response]: Parameters<Site['answer']>): void => {
      if (others.length === 0 || nameOf(request, base) !== undefined) site.answer(request, response);
      else for (const other of others) other.call(server, request, response);
    };
    const onUpgrade = (...[request, socket, head]: [IncomingMessage, Duplex, Buffer]): void => { this.#upgrade(request, socket, { head, base, isAlone: server.listenerCount('upgrade') === 1 }); };
    server.on('request', onRequest).on('upgrade', onUpgrade);
    this.#detach = () => {
      server.off('request', onRequest).off('upgrade', onUpgrade);
      for (const other of others) server.on('request', other);
    };
    if (!this.#hasStarted) this.#feed.start();
    this.#hasStarted = true;
  }

  /** Tells all pages of a problem: `createKernel({ onProblem: (problem) => dashboard.report(problem) })`. */
  report({ code, message }: Pick<OmniError, 'code' | 'message'>): void {
    this.#feed.report({ code, message });
  }

  /** Closes all connections, and the port that it has opened. What it was attached to stays open. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#detach();
    for (const client of this.#feed.clients) client.close(CLOSE_CODES.GOING, 'the dashboard is closed');
    if (this.#hasStarted) await this.#feed.stop();
    const server = this.#server;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => { resolve(); });
      server.closeIdleConnections();
      // Who does not take its leave is not waited for.
      setTimeout(() => { for (const client of this.#feed.clients) client.end(CLOSE_CODES.GOING, ''); server.closeAllConnections(); }, 500);
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, { head, base, isAlone }: { readonly head: Buffer; readonly base: string; readonly isAlone: boolean }): void {
    // Node has taken its own listener away: an error of whoever is passed over would end the process.
    socket.on('error', () => undefined);
    const name = nameOf(request, base);
    if (name === 'ws') this.#upgrades.upgrade(request, socket, head);
    // Whoever else listens to upgrades knows its own paths.
    else if (isAlone || name !== undefined) refuseSocket(socket, { status: 404, message: 'There is nothing here.' });
  }

  #hello(scope: Scope): HelloPayload {
    const { kind, directory, decide } = this.#source;
    const { journal } = this.#feed;
    return {
      protocol: PROTOCOL_VERSION,
      server: VERSION,
      scope,
      canDecide: scope === 'write' && decide !== undefined,
      logId: journal.state.log?.logId ?? null,
      source: { kind, directory },
      lifecycle: { states: LIFECYCLE_STATES, transitions: TRANSITIONS },
      limits: { maxMessageBytes: MAX_MESSAGE_BYTES, maxPageEntries: MAX_PAGE_ENTRIES, maxOpenRequests: MAX_OPEN_REQUESTS, staleAfterMs: STALE_AFTER_MS },
      head: journal.head,
      problems: journal.problems,
    };
  }
}

/** Something came that is no HTTP. */
function hangUp(socket: Duplex & Partial<Pick<Socket, 'writable'>>): void {
  // Whoever does not close its own half would keep the connection.
  if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', () => { socket.destroy(); });
  else socket.destroy();
}
