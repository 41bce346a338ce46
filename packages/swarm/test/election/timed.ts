/** Elections in time: messages take a while, which somebody chooses who wishes the members ill. */
import { newMember, step, type ElectionEvent, type ElectionMessage, type ElectionState } from '../../src/election/index.js';
import type { Rank, Rhythm } from '../../src/election/patience.js';

export interface TimedOptions {
  readonly size: number;
  readonly rhythm: Rhythm;
  /** How long the message with this number is under way. */
  readonly delayOf: (number: number) => number;
  /** How long each member keeps its patience. */
  readonly silenceMs: (rhythm: Rhythm, rank: Rank) => number;
  /** How long all of it goes on. */
  readonly forMs: number;
}

interface Member {
  state: ElectionState;
  timer: number;
  attempts: number;
}

interface Flight {
  readonly from: number;
  readonly to: number;
  readonly message: ElectionMessage;
  readonly sentAt: number;
  readonly arrivesAt: number;
}

/** As members in a program do: by the machine, and with the timers that their rank and their attempts give them. */
export class TimedElection {
  readonly #options: TimedOptions;
  readonly #members: readonly Member[];
  #mail: Flight[] = [];
  #sent = 0;
  /** By sender and receiver, when the last message arrives. */
  readonly #lastOn = new Map<string, number>();

  constructor(options: TimedOptions) {
    const { size, rhythm, silenceMs } = options;
    this.#options = options;
    this.#members = Array.from({ length: size }, (_, rank) => ({ state: newMember(rank, size), attempts: 0, timer: silenceMs(rhythm, { rank, size, attempts: 0, hasVoted: false }) }));
  }

  /** Who leads all of them in the end, and in which term; undefined if they do not agree. */
  run(): { readonly leader: number; readonly term: number } | undefined {
    for (let now = this.#nextAt(); now <= this.#options.forMs; now = this.#nextAt()) this.#happen(now);
    const [{ state: { leader, term } }] = this.#members as [Member];
    const isShared = leader !== undefined && this.#members.every(({ state }) => state.leader === leader && state.term === term);
    return isShared ? { leader, term } : undefined;
  }

  #nextAt(): number {
    return Math.min(...this.#members.map(({ timer }) => timer), ...this.#mail.map(({ arrivesAt }) => arrivesAt));
  }

  /** Mail is read before time is found to have run out. */
  #happen(now: number): void {
    const due = this.#mail.filter(({ arrivesAt }) => arrivesAt <= now);
    this.#mail = this.#mail.filter(({ arrivesAt }) => arrivesAt > now);
    for (const { from, to, message, sentAt } of due) this.#step(to, { type: 'message', from, message }, { now, at: sentAt });
    for (const [rank, { timer }] of this.#members.entries()) if (timer <= now) this.#step(rank, { type: 'timeout' }, { now, at: now });
  }

  #step(rank: number, event: ElectionEvent, { now, at }: { readonly now: number; readonly at: number }): void {
    const { size, rhythm, silenceMs } = this.#options;
    const member = this.#members[rank]!;
    const { state, actions } = step(member.state, event);
    member.state = state;
    if (state.leader !== undefined) member.attempts = 0;
    else if (event.type === 'timeout') member.attempts++;
    const hasVoted = state.leader === undefined && state.votedFor !== undefined;
    for (const action of actions) {
      if (action.type === 'await') member.timer = action.what === 'beat' ? now + rhythm.heartbeatMs : at + silenceMs(rhythm, { rank, size, attempts: member.attempts, hasVoted });
      else if (action.type === 'send') this.#send({ from: rank, to: action.to, message: action.message, now });
      else if (action.type === 'broadcast') for (let to = 0; to < size; to++) if (to !== rank) this.#send({ from: rank, to, message: action.message, now });
    }
  }

  #send({ now, ...flight }: Omit<Flight, 'sentAt' | 'arrivesAt'> & { readonly now: number }): void {
    const link = `${String(flight.from)}>${String(flight.to)}`;
    // None overtakes another one of the same sender.
    const arrivesAt = Math.max(this.#lastOn.get(link) ?? 0, now + this.#options.delayOf(this.#sent++));
    this.#lastOn.set(link, arrivesAt);
    this.#mail.push({ ...flight, sentAt: now, arrivesAt });
  }
}
