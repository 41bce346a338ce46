/** Requests of clients and their answers: exactly one for each. */
import type { Client } from '../feed/client.js';
import type { Journal } from '../feed/journal.js';
import { turn } from '../log/log-window.js';
import { codeOf } from '../source/kernel-source.js';
import type { LogSource } from '../source/source.js';
import { entryWithLinks } from './linked.js';
import { historyPage } from './history.js';
import { decisionOf, historyOf, seqOf, type Envelope } from './parse.js';
import { pastState } from './past-state.js';
import { Refusal } from './refusal.js';

export const MAX_PAGE_ENTRIES = 500;
export const MAX_OPEN_REQUESTS = 8;
/** So many requests of all clients together read the log at once; the others wait. */
const MAX_AT_WORK = 2;
/** How often an order is given again to a kernel that is in the middle of something. */
const MAX_BUSY_TURNS = 100;

export type Request = Exclude<Envelope, { readonly type: 'START' }>;

export class Answers {
  readonly #journal: Journal;
  readonly #decide: LogSource['decide'];
  readonly #queue: (() => void)[] = [];
  #atWork = 0;

  constructor(journal: Journal, decide: LogSource['decide']) {
    this.#journal = journal;
    this.#decide = decide;
  }

  answer(client: Client, request: Request): void {
    const { id } = request;
    if (client.openRequests >= MAX_OPEN_REQUESTS) {
      client.send(errorText(id, new Refusal('TOO_MANY_REQUESTS')));
      return;
    }
    client.openRequests++;
    client.lastAnswer = client.lastAnswer.then(async () => {
      await client.room();
      client.send(await this.#answerText(client, request));
      client.openRequests--;
    });
  }

  async #answerText(client: Client, request: Request): Promise<string> {
    const { id, type, payload } = request;
    try {
      const answer = type === 'DECIDE' ? await this.#decided(client, payload) : await this.#inTurn(client, () => this.#read(request));
      return `{"type":"REPLY","id":${id},"payload":${answer}}`;
    } catch (thrown) {
      return errorText(id, thrown);
    }
  }

  /** A client that has gone is not read for. */
  async #inTurn(client: Client, work: () => Promise<string>): Promise<string> {
    if (this.#atWork >= MAX_AT_WORK) await new Promise<void>((resolve) => { this.#queue.push(resolve); });
    else this.#atWork++;
    try {
      if (client.isClosed) throw new Refusal('UNAVAILABLE');
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#atWork--;
      else next();
    }
  }

  async #read({ type, payload }: Request): Promise<string> {
    const { window } = this.#journal;
    if (type === 'STATE') return `{"state":${await pastState(this.#journal, needed(seqOf(payload['at'])))}}`;
    if (type === 'ENTRY') return JSON.stringify(await entryWithLinks(window, needed(seqOf(payload['busSeq']))));
    return JSON.stringify(await historyPage(window, needed(historyOf(payload, MAX_PAGE_ENTRIES))));
  }

  async #decided(client: Client, payload: Request['payload']): Promise<string> {
    if (client.scope !== 'write' || this.#decide === undefined) throw new Refusal('FORBIDDEN');
    const decision = needed(decisionOf(payload));
    for (let turns = 0; ; turns++) {
      try {
        await this.#decide(decision);
        return JSON.stringify({ approval: decision.approval });
      } catch (thrown) {
        const code = codeOf(thrown);
        if (code === 'APPROVAL_NOT_FOUND') throw new Refusal('APPROVAL_NOT_FOUND');
        if (code !== 'KERNEL_BUSY' || turns === MAX_BUSY_TURNS) throw new Refusal('NOT_NOW', thrown instanceof Error ? thrown.message : undefined);
      }
      await turn();
    }
  }
}

function needed<Payload>(payload: Payload | undefined): Payload {
  if (payload === undefined) throw new Refusal('BAD_REQUEST');
  return payload;
}

function errorText(id: number, thrown: unknown): string {
  const refusal = thrown instanceof Refusal ? thrown : new Refusal('UNAVAILABLE', thrown instanceof Error ? thrown.message : undefined);
  return JSON.stringify({ type: 'ERROR', id, payload: { code: refusal.code, message: refusal.message } });
}
