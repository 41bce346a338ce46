/**
 * One connection.
 *
 * 1. Entries go out in order, each once: `#nextSeq` is the next one, and only `#sendEntries` moves it.
 * 2. No more is held for a client than {@link MAX_BUFFERED_BYTES}, or a single message: what comes next waits in the ring or in the log, and is
 *    sent when there is room.
 * 3. Whoever takes nothing is asked nothing: while there is no room, nothing is read from it either.
 */
import { pastFrames } from './past.js';
import type { Journal } from './journal.js';
import { CLOSE_CODES, type Scope, type ServerMessage, type StartPayload } from '../protocol/index.js';
import { MAX_BUFFERED_BYTES, type Wire } from './wire.js';

/** So long nothing is taken of what is held, and the connection is over. */
const MAX_STALL_MS = 30_000;
/** So many messages in one beat of the feed; what a client says beyond that waits for the next. */
const MAX_MESSAGES_PER_BEAT = 50;

export class Client {
  readonly scope: Scope;
  openRequests = 0;
  /** What it has asked for last; one after the other is worked on, so that no more than one answer comes on top of what is held. */
  lastAnswer: Promise<void> = Promise.resolve();
  /** Whether START was said. */
  isStarting = false;
  /** Whether it has answered since the last ping. */
  isAlive = true;
  isClosed = false;
  readonly #wire: Wire;
  readonly #journal: Journal;
  /** The next entry to send; undefined before START. */
  #nextSeq: number | undefined;
  #isBehind = false;
  #isReading = false;
  #isPaused = false;
  readonly #roomWaiters: (() => void)[] = [];
  #messages = 0;
  #sentBytes = 0;
  #takenBytes = 0;
  #takenAt = Date.now();

  constructor(wire: Wire, scope: Scope, journal: Journal) {
    this.#wire = wire;
    this.scope = scope;
    this.#journal = journal;
  }

  get hasStarted(): boolean {
    return this.#nextSeq !== undefined;
  }

  /** What was sent and is not taken yet. */
  get bufferedBytes(): number {
    return this.#wire.bufferedAmount;
  }

  get isBehind(): boolean {
    return this.#isBehind;
  }

  get hasRoom(): boolean {
    return this.#wire.bufferedAmount < MAX_BUFFERED_BYTES;
  }

  tell(message: ServerMessage): void {
    this.send(JSON.stringify(message));
  }

  send(data: string | Buffer): void {
    if (this.isClosed) return;
    this.#sentBytes += data.length;
    this.#wire.send(data);
  }

  /** Begins to tell entries: after those that the client has, if the log has them as well. */
  async start({ logId, after, hash }: StartPayload): Promise<void> {
    this.isStarting = true;
    await this.#journal.loaded();
    const reason = after === undefined || after < 0 ? 'fresh' : await this.#reasonNotToResume({ logId, after, hash });
    if (reason === undefined) {
      this.tell({ type: 'RESUMED', payload: { after: after! } });
      this.#nextSeq = after! + 1;
    } else this.startOver(reason);
    this.pump();
  }

  /** Tells all state, and then what follows. */
  startOver(reason: 'fresh' | 'other-log' | 'contradicted'): void {
    const { busSeq, text } = this.#journal.snapshot();
    this.send(`{"type":"SNAPSHOT","payload":{"reason":"${reason}","state":${text}}}`);
    this.#nextSeq = busSeq + 1;
    this.#isBehind = false;
  }

  /** Sends what there is, as far as there is room. */
  pump(): void {
    if (this.#nextSeq === undefined || this.#isReading || this.isClosed) return;
    const { state, ring } = this.#journal;
    while (this.#nextSeq <= state.busSeq) {
      const frame = ring.from(this.#nextSeq);
      // It may not be framed yet.
      if (frame === undefined && this.#journal.flush()) continue;
      if (frame === undefined) {
        void this.#readOn();
        return;
      }
      if (!this.#sendEntries(frame)) return;
    }
    if (this.#isBehind) this.tell({ type: 'CAUGHT_UP', payload: { busSeq: this.#nextSeq - 1 } });
    this.#isBehind = false;
  }

  /** Takes note of a message; after too many, or while there is no room, no other one is read for a while. */
  hear(): void {
    this.#messages++;
    if (this.#messages >= MAX_MESSAGES_PER_BEAT || !this.hasRoom) this.#pause();
  }

  /** Resolves once there is room, or nobody to send to. */
  async room(): Promise<void> {
    if (!this.hasRoom && !this.isClosed) await new Promise<void>((resolve) => { this.#roomWaiters.push(resolve); });
  }

  /** To be called on each beat of the feed. */
  beat(): void {
    this.#messages = 0;
    if (this.hasRoom) this.#letGoOn();
    if (this.#isPaused && this.hasRoom) {
      this.#isPaused = false;
      this.#wire.resume();
    }
    this.#watchStall();
  }

  ping(): void {
    if (!this.isAlive) {
      this.end(CLOSE_CODES.STALLED, 'no answer to a ping');
      return;
    }
    this.isAlive = false;
    this.#wire.ping();
  }

  close(code: number, reason: string): void {
    this.gone();
    this.#wire.close(code, reason);
  }

  /** There is nobody any more to send to. */
  gone(): void {
    this.isClosed = true;
    this.#letGoOn();
  }

  /** Closes it, whether the other side listens or not. */
  end(code: number, reason: string): void {
    this.close(code, reason);
    this.#wire.terminate();
  }

  #sendEntries({ firstSeq, lastSeq, bytes }: { readonly firstSeq: number; readonly lastSeq: number; readonly bytes: Buffer }): boolean {
    const held = this.#wire.bufferedAmount;
    if (held > 0 && held + bytes.length > MAX_BUFFERED_BYTES) {
      this.#fallBehind(firstSeq);
      return false;
    }
    this.send(bytes);
    this.#nextSeq = lastSeq + 1;
    return true;
  }

  #fallBehind(nextSeq: number): void {
    if (!this.#isBehind) this.tell({ type: 'BEHIND', payload: { busSeq: nextSeq - 1, head: this.#journal.state.busSeq } });
    this.#isBehind = true;
  }

  /** From the log, what the ring has not any more. */
  async #readOn(): Promise<void> {
    this.#isReading = true;
    const { window, ring, state } = this.#journal;
    const before = this.#nextSeq;
    try {
      for await (const frame of pastFrames(window, this.#nextSeq!)) {
        // Everything may be another log's by now, and then the client was told to start over.
        if (this.isClosed || state !== this.#journal.state || frame.firstSeq !== this.#nextSeq) break;
        if (!this.#sendEntries(frame) || ring.from(this.#nextSeq) !== undefined) break;
      }
    } catch {
      // Who connects anew begins with a snapshot, or learns that the log can't be read.
      this.close(CLOSE_CODES.GOING, 'the log could not be read');
    }
    this.#isReading = false;
    if (this.#isBehind || this.isClosed) return;
    // Nothing came although there is something: the log is not what it was.
    if (this.#nextSeq === before) this.close(CLOSE_CODES.GOING, 'the log could not be read');
    else this.pump();
  }

  async #reasonNotToResume({ logId, after, hash }: { readonly [Name in keyof StartPayload]: StartPayload[Name] | undefined }): Promise<'other-log' | 'contradicted' | undefined> {
    const { state, window } = this.#journal;
    if (logId !== state.log?.logId) return 'other-log';
    if (after! > state.busSeq) return 'contradicted';
    const found = after === state.busSeq ? state.hash : (await window.at(after!).catch(() => undefined))?.entry.hash;
    return found === hash && state === this.#journal.state ? undefined : 'contradicted';
  }

  #letGoOn(): void {
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#wire.pause();
  }

  #watchStall(): void {
    const held = this.#wire.bufferedAmount;
    const taken = this.#sentBytes - held;
    if (held === 0 || taken !== this.#takenBytes) {
      this.#takenBytes = taken;
      this.#takenAt = Date.now();
    } else if (Date.now() - this.#takenAt > MAX_STALL_MS) this.end(CLOSE_CODES.STALLED, 'nothing was taken for too long');
  }
}
