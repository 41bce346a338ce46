/**
 * From the source to all clients.
 *
 * 1. The source tells the journal; on each beat, what has come together is framed once, and goes to everybody who has room.
 * 2. Nothing here waits for a client, and nothing that a client does reaches another one.
 */
import { LogWindow } from '../log/log-window.js';
import type { HeadPayload, ProblemPayload } from '../protocol/index.js';
import type { LogSource, SourceSink } from '../source/source.js';
import type { Client } from './client.js';
import { Journal } from './journal.js';

const BEAT_MS = 50;
const HEAD_MS = 1_000;
const PING_MS = 30_000;

export class Feed {
  readonly journal: Journal;
  readonly clients = new Set<Client>();
  readonly #source: LogSource;
  #timers: NodeJS.Timeout[] = [];
  #following: Promise<void> | undefined;

  constructor(source: LogSource) {
    this.#source = source;
    const report = (thrown: unknown): void => { this.report({ code: 'DASHBOARD_FAILED', message: `The state could not be folded: ${String(thrown)}` }); };
    this.journal = new Journal(new LogWindow(source.reader), report);
  }

  start(): void {
    this.#timers = [this.#every(BEAT_MS, () => { this.#beat(); }), this.#every(HEAD_MS, () => { this.#tellHead(); }), this.#every(PING_MS, () => { for (const client of this.clients) client.ping(); })];
    this.#following = this.#source.follow(this.#sink());
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#source.close();
    await this.#following;
  }

  /** What is not framed yet goes out now. */
  flush(): void {
    this.journal.flush();
    for (const client of this.clients) client.pump();
  }

  /** Tells all clients, and those that come later. */
  report(problem: Omit<ProblemPayload, 'at'>): void {
    const payload = { ...problem, at: Date.now() };
    this.journal.addProblem(payload);
    for (const client of this.clients) if (client.hasRoom) client.tell({ type: 'PROBLEM', payload });
  }

  #sink(): SourceSink {
    const { journal } = this;
    return {
      entries: (stored) => { journal.take(stored); },
      restart: () => {
        journal.restart();
        for (const client of this.clients) if (client.hasStarted) client.startOver('contradicted');
      },
      status: (log) => { this.#status(log); },
      problem: (problem) => { this.report(problem); },
      places: journal.window.places,
    };
  }

  #status(log: HeadPayload['log']): void {
    if (this.journal.status === log) return;
    this.journal.status = log;
    this.flush();
    this.#tellHead();
  }

  #beat(): void {
    for (const client of this.clients) client.beat();
    this.flush();
  }

  #tellHead(): void {
    const text = JSON.stringify({ type: 'HEAD', payload: this.journal.head });
    for (const client of this.clients) if (client.hasRoom) client.send(text);
  }

  #every(ms: number, callback: () => void): NodeJS.Timeout {
    return setInterval(callback, ms).unref();
  }
}
