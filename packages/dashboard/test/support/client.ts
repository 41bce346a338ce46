/** A client of the protocol, as anybody could write one. */
import { createHash } from 'node:crypto';
import { WebSocket, type ClientOptions } from 'ws';
import { BUS_EVENT_PREFIX, type ClientMessage, type HelloPayload, type ServerMessage, type StartPayload, type StoredEntry } from '@omnipaw/dashboard';

export class TestClient {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  /** The lines of entries, as they came. */
  readonly lines: string[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  #wakes: (() => void)[] = [];
  #id = 0;

  constructor(url: string, token?: string, options: ClientOptions = {}) {
    const { host, protocol, pathname, hash } = new URL(url);
    const address = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${pathname}ws`;
    this.socket = new WebSocket(address, ['omnipaw.v1', `auth.${token ?? hash.slice(1)}`], { perMessageDeflate: false, ...options });
    this.socket.on('message', (data: Buffer) => {
      for (const text of data.toString().split('\n')) this.#take(text);
      this.#wake();
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
    this.socket.on('error', () => undefined);
  }

  get entries(): StoredEntry[] {
    return this.lines.map((line) => JSON.parse(line) as StoredEntry);
  }

  /** The last of them. */
  get last(): StoredEntry | undefined {
    const line = this.lines.at(-1);
    return line === undefined ? undefined : (JSON.parse(line) as StoredEntry);
  }

  /** Resolves once something holds; it is looked at again whenever something has come. */
  async until<Value>(what: () => Value | undefined | false): Promise<Value> {
    for (;;) {
      const value = what();
      if (value !== undefined && value !== false) return value;
      if (this.closed !== undefined) throw new Error(`The connection was closed: ${JSON.stringify(this.closed)}`);
      await this.change();
    }
  }

  change(): Promise<void> {
    return new Promise((resolve) => { this.#wakes.push(resolve); });
  }

  async ended(): Promise<{ readonly code: number; readonly reason: string }> {
    while (this.closed === undefined) await this.change();
    return this.closed;
  }

  say(message: ClientMessage | object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Waits for HELLO, says START, and waits for what is said to that. */
  async start(payload: StartPayload = {}): Promise<HelloPayload> {
    const hello = await this.message('HELLO');
    this.say({ type: 'START', payload });
    await this.until(() => this.messages.some(({ type }) => type === 'SNAPSHOT' || type === 'RESUMED'));
    return hello.payload;
  }

  message<Type extends ServerMessage['type']>(type: Type): Promise<Extract<ServerMessage, { type: Type }>> {
    return this.until(() => this.messages.find((message): message is Extract<ServerMessage, { type: Type }> => message.type === type));
  }

  // Whoever asks knows of what form the answer is.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async ask(type: Exclude<ClientMessage['type'], 'START'>, payload: object): Promise<any> {
    const id = ++this.#id;
    this.say({ type, id, payload });
    const answer = await this.until(() => this.messages.find((message) => (message.type === 'REPLY' || message.type === 'ERROR') && message.id === id));
    return answer.type === 'ERROR' ? { error: answer.payload.code } : answer.payload;
  }

  async close(): Promise<void> {
    this.socket.close();
    if (this.socket.readyState !== WebSocket.CLOSED) await new Promise((resolve) => { this.socket.once('close', resolve); });
  }

  #take(text: string): void {
    if (text.startsWith(BUS_EVENT_PREFIX)) this.lines.push(text.slice(BUS_EVENT_PREFIX.length, -1));
    else this.messages.push(JSON.parse(text) as ServerMessage);
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }
}

/** Where a chain of lines breaks; undefined if it does not. */
export function breakIn(lines: readonly string[]): number | undefined {
  let before: StoredEntry | undefined;
  for (const line of lines) {
    const entry = JSON.parse(line) as StoredEntry;
    const hash = createHash('sha256').update(line.slice(0, -75)).digest('hex');
    if (hash !== entry.hash || (before !== undefined && (entry.busSeq !== before.busSeq + 1 || entry.prev !== before.hash))) return entry.busSeq;
    before = entry;
  }
  return undefined;
}
