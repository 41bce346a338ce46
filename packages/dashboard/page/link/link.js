/**
 * The connection to the server.
 *
 * 1. It is made anew whenever it is lost, after waits that grow; only a token that is wrong ends that.
 * 2. It says START with the last entry that the page has, so nothing is missed, and nothing comes twice.
 * 3. Without a word from the server for `staleAfterMs`, it counts as lost.
 */
import { waitMs } from './backoff.js';
import { Requests } from './requests.js';
import { sessionOf } from './session.js';

/** @typedef {import('../../src/protocol/messages.js').HelloPayload} HelloPayload */
/** @typedef {{ readonly status: 'connecting' | 'loading' | 'live' } | { readonly status: 'waiting', readonly retryAt: number, readonly why: string } | { readonly status: 'refused', readonly why: string }} LinkState */
/**
 * @typedef {object} Receiver
 * @property {(state: LinkState) => void} linkChanged
 * @property {(hello: HelloPayload) => object} hello what to say in START
 * @property {(type: string, payload: any) => void} message
 * @property {(lines: readonly string[]) => void} lines stored lines, in order
 */

const PREFIX = '{"type":"BUS_EVENT","payload":';
const PROTOCOL = 'omnipaw.v1';
const PATIENCE_MS = 10_000;

export class Link {
  requests = new Requests();
  /** @type {LinkState} */
  state = { status: 'refused', why: '' };
  /** When the server was last heard, milliseconds of `performance.now()`. */
  heardAt = performance.now();
  #token = '';
  #attempt = 0;
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  #staleAfterMs = PATIENCE_MS;
  /** @type {Receiver} */
  #receiver;

  /** @param {Receiver} receiver */
  constructor(receiver) {
    this.#receiver = receiver;
    setInterval(() => { this.#watch(); }, 1_000);
    addEventListener('online', () => { if (this.state.status === 'waiting') this.connectNow(); });
  }

  /** @param {string} token */
  use(token) {
    this.#token = token;
    this.#attempt = 0;
    this.connectNow();
  }

  connectNow() {
    clearTimeout(this.#retry);
    this.#drop();
    this.#become({ status: 'connecting' });
    this.heardAt = performance.now();
    this.#staleAfterMs = PATIENCE_MS;
    void this.#connect();
  }

  /** A browser is not told why a WebSocket was refused, so the token is tried first. */
  async #connect() {
    const token = this.#token;
    try {
      const { status, retryAfterMs } = await sessionOf(token);
      if (token !== this.#token || this.state.status !== 'connecting') return;
      if (status === 200) this.#open();
      else if (status === 401) this.#become({ status: 'refused', why: 'The server does not know this token.' });
      else if (status === 429) this.#wait('Too many wrong tokens were tried.', retryAfterMs);
      else this.#wait(`The server answered with ${status}.`);
    } catch {
      if (token === this.#token && this.state.status === 'connecting') this.#wait('The server does not answer.');
    }
  }

  #open() {
    const url = new URL('./ws', document.baseURI);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.hash = '';
    const socket = new WebSocket(url, [PROTOCOL, `auth.${this.#token}`]);
    this.#socket = socket;
    socket.onmessage = ({ data }) => { if (typeof data === 'string') this.#hear(data); };
    socket.onclose = ({ reason }) => {
      this.#drop();
      this.#wait(reason === '' ? 'The connection was lost.' : `The connection was closed: ${reason}.`);
    };
  }

  /** @param {string} frame */
  #hear(frame) {
    this.heardAt = performance.now();
    /** @type {string[]} */
    let lines = [];
    for (const text of frame.split('\n')) {
      if (text.startsWith(PREFIX)) {
        lines.push(text.slice(PREFIX.length, -1));
        continue;
      }
      if (lines.length > 0) this.#receiver.lines(lines);
      lines = [];
      this.#message(JSON.parse(text));
    }
    if (lines.length > 0) this.#receiver.lines(lines);
  }

  /** @param {any} message */
  #message(message) {
    const { type, payload } = message;
    if (type === 'REPLY' || type === 'ERROR') this.requests.answered(message);
    else if (type === 'HELLO') this.#greet(payload);
    else this.#receiver.message(type, payload);
    if (type === 'SNAPSHOT' || type === 'RESUMED') {
      this.#attempt = 0;
      this.#become({ status: 'live' });
    }
  }

  /** @param {HelloPayload} hello */
  #greet(hello) {
    this.#staleAfterMs = hello.limits.staleAfterMs;
    this.#become({ status: 'loading' });
    this.requests.connected((message) => this.#socket?.send(JSON.stringify(message)), hello.limits.maxOpenRequests);
    this.#socket?.send(JSON.stringify({ type: 'START', payload: this.#receiver.hello(hello) }));
  }

  #watch() {
    const isOpen = this.state.status !== 'waiting' && this.state.status !== 'refused';
    if (!isOpen || performance.now() - this.heardAt <= this.#staleAfterMs) return;
    this.#drop();
    this.#wait('The server has said nothing for too long.');
  }

  /**
   * @param {string} why
   * @param {number} [ms]
   */
  #wait(why, ms = waitMs(this.#attempt++, Math.random())) {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => { this.connectNow(); }, ms);
    this.#become({ status: 'waiting', retryAt: performance.now() + ms, why });
  }

  /** A socket that is dead may take long to say so; it is not listened to any more. */
  #drop() {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.requests.disconnected();
  }

  /** @param {LinkState} state */
  #become(state) {
    this.state = state;
    this.#receiver.linkChanged(state);
  }
}
