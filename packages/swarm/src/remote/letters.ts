import type { Entry, Projection } from '@omnipaw/kernel';
import { remoteIn } from './unwrap.js';

/** What an agent has got from one sender: the calls of the newest tick of that sender. */
interface Latest {
  readonly tick: number;
  readonly calls: Set<number>;
}

export type SavedLetters = readonly (readonly [agent: string, sender: string, tick: number, calls: readonly number[]])[];

/** A letter's id, `log/agent/tick/call`, taken apart. */
interface Origin {
  readonly sender: string;
  readonly tick: number;
  readonly call: number;
}

/**
 * Which letters from other kernels have arrived, by what is in the log: so that each is put into its mailbox once, however often it
 * is sent.
 *
 * 1. A letter's id is the key of the call that sent it, and so says which tick of its sender that was.
 * 2. When a sender is in its next tick, all letters of earlier ones are settled: what comes of them then was given up, or is
 *    a copy. So it is enough to remember the newest tick of each sender.
 * 3. What an agent has got is forgotten when it ends, as its mailbox is.
 */
export class Letters implements Projection {
  readonly #latest = new Map<string, Map<string, Latest>>();

  /** Throws a TypeError for an id that no kernel gives. */
  has(agent: string, id: string): boolean {
    const origin = originIn(id);
    if (origin === undefined) throw new TypeError(`The id of a letter is the key of the call that sent it, log/agent/tick/call; found ${JSON.stringify(id)}.`);
    const latest = this.#latest.get(agent)?.get(origin.sender);
    return latest !== undefined && (origin.tick < latest.tick || (origin.tick === latest.tick && latest.calls.has(origin.call)));
  }

  apply(entry: Entry): void {
    if (entry.kind === 'AGENT_TERMINATED') this.#latest.delete(entry.agent!);
    if (entry.kind !== 'MESSAGE_SENT') return;
    const letter = remoteIn(entry.agent, entry.data.body);
    const origin = letter === undefined ? undefined : originIn(letter.id);
    if (origin !== undefined) this.#add(entry.data.to, origin);
  }

  save(): SavedLetters {
    return [...this.#latest].flatMap(([agent, senders]) => [...senders].map(([sender, { tick, calls }]) => [agent, sender, tick, [...calls]] as const));
  }

  load(saved: SavedLetters): void {
    for (const [agent, sender, tick, calls] of saved) this.#sendersOf(agent).set(sender, { tick, calls: new Set(calls) });
  }

  #add(agent: string, { sender, tick, call }: Origin): void {
    const senders = this.#sendersOf(agent);
    const latest = senders.get(sender);
    if (latest?.tick === tick) latest.calls.add(call);
    else if (latest === undefined || latest.tick < tick) senders.set(sender, { tick, calls: new Set([call]) });
  }

  #sendersOf(agent: string): Map<string, Latest> {
    const senders = this.#latest.get(agent) ?? new Map<string, Latest>();
    this.#latest.set(agent, senders);
    return senders;
  }
}

const ID = /^(.+)\/(\d+)\/(\d+)$/;

function originIn(id: string): Origin | undefined {
  const [, sender, tick, call] = ID.exec(id) ?? [];
  return sender === undefined ? undefined : { sender, tick: Number(tick), call: Number(call) };
}
