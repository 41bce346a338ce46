import type { Entry, EntryCatalogue, Projection } from '@omnipaw/kernel';
import { electionMessageOf, officeTermOf, type ElectionMessage } from '../election/index.js';
import { fieldsOf } from '../fields.js';
import { addressOf, membershipIn, type Member } from '../names.js';
import { toEnvelope } from '../protocol/index.js';
import { Letters, outgoingIn, remoteIn, type Outgoing, type SavedLetters } from '../remote/index.js';
import { SwarmRecord, type SavedRecord } from './record.js';
import type { SwarmReport } from './report.js';

/** An agent's place in a swarm. */
export interface Place {
  readonly record: SwarmRecord;
  readonly slot: string;
}

export interface SavedLedger {
  readonly records: readonly SavedRecord[];
  readonly places: readonly (readonly [agent: string, swarm: string, slot: string])[];
  readonly letters: SavedLetters;
}

/**
 * What the log says of its swarms: who is in them, who voted for whom, who leads, and what was said how often. A fold, and nothing
 * but a fold: the same after a crash, in a replay, and in a fork.
 *
 * Who is in a swarm stands in the metadata that agents were started with. Whoever is of another kernel counts by what this log
 * has of them: words that were sent to them, and words of theirs that arrived.
 */
export class SwarmLedger implements Projection {
  /** @internal Which letters from other kernels have arrived. */
  readonly letters = new Letters();
  readonly #records = new Map<string, SwarmRecord>();
  readonly #places = new Map<string, Place>();

  /** Undefined for a swarm that has no member on record. */
  of(swarm: string): SwarmReport | undefined {
    return this.#records.get(swarm)?.report();
  }

  /** In the order in which they came to be. */
  all(): readonly SwarmReport[] {
    return [...this.#records.values()].map((record) => record.report());
  }

  /** @internal The place of an agent, which may have lost its slot to another one. */
  placeOf(agent: string): Place | undefined {
    return this.#places.get(agent);
  }

  /** @internal The office that an agent holds. */
  officeOf(agent: string): { readonly swarm: string; readonly term: number } | undefined {
    const record = this.#places.get(agent)?.record;
    const term = record?.officeOf(agent);
    return record === undefined || term === undefined ? undefined : { swarm: record.swarm, term };
  }

  /** @internal The newest term in which a swarm has elected somebody, by what this log has; 0 before the first. */
  newestElected(swarm: string): number {
    return this.#records.get(swarm)?.ballots.newestElected ?? 0;
  }

  apply(entry: Entry): void {
    this.letters.apply(entry);
    if (entry.kind === 'AGENT_SPAWNED') this.#spawned(entry.agent!, entry.data);
    else if (entry.kind === 'MESSAGE_SENT') this.#taken(entry.agent, entry.data);
    else if (entry.agent !== null) this.#fold(entry.agent, entry);
  }

  save(): SavedLedger {
    return { records: [...this.#records.values()].map((record) => record.save()), places: [...this.#places].map(([agent, { record, slot }]) => [agent, record.swarm, slot]), letters: this.letters.save() };
  }

  load({ records, places, letters }: SavedLedger): void {
    this.letters.load(letters);
    for (const saved of records) this.#records.set(saved.swarm, SwarmRecord.load(saved));
    for (const [agent, swarm, slot] of places) this.#places.set(agent, { record: this.#records.get(swarm)!, slot });
  }

  #fold(agent: string, entry: Entry): void {
    if (entry.kind === 'MESSAGE_RECEIVED') {
      this.#received(entry.data);
      return;
    }
    const word = entry.kind === 'TOOL_CALLED' ? outgoingIn(entry.data) : undefined;
    if (word !== undefined) this.#sent(agent, word);
    const place = this.#places.get(agent);
    if (place === undefined) return;
    if (entry.kind === 'MEMORY_SET') this.#declared(agent, entry.data);
    else if (entry.kind === 'MEMORY_DELETED' && isOffice(place, entry.data.key)) place.record.leaveOffice(agent);
    else if (entry.kind === 'AGENT_TERMINATED') place.record.end(place.slot, agent);
    else if (entry.kind === 'REFUSED') place.record.refused(entry.data.error.code);
  }

  #spawned(agent: string, { parent, metadata }: EntryCatalogue['AGENT_SPAWNED']): void {
    const member = membershipIn(metadata);
    if (member === undefined) return;
    const { swarm, slot, slots, elsewhere } = member;
    const record = this.#records.get(swarm) ?? new SwarmRecord(swarm, parent);
    if (!record.mayEnrol(parent)) return;
    this.#records.set(swarm, record);
    record.declare(slots);
    this.#enrol(record, { slot, id: agent });
    for (const other of elsewhere) if (record.holderOf(other.slot) !== other.id) this.#enrol(record, other);
  }

  #enrol(record: SwarmRecord, { slot, id }: Member): void {
    record.enrol(slot, id);
    this.#places.set(id, { record, slot });
  }

  /** A message is in a mailbox: of an agent here, or of one elsewhere. */
  #taken(agent: string | null, data: EntryCatalogue['MESSAGE_SENT']): void {
    const letter = remoteIn(agent, data.body);
    if (letter === undefined) this.#sent(agent, data);
    else this.#sent(letter.from, { to: data.to, channel: data.channel, body: letter.body });
  }

  #sent(agent: string | null, { to, channel, body }: Outgoing): void {
    const address = addressOf(channel);
    const record = address === undefined ? undefined : this.#records.get(address.swarm);
    if (record === undefined) return;
    record.traffic.sent(address!.topic, body);
    if (agent === null || address!.topic !== 'election') return;
    const message = electionMessageIn(body);
    const place = seatIn(record, this.#places.get(agent), agent);
    if (message === undefined || place === undefined) return;
    record.reached(message.term);
    const vote = voteIn(message, { agent, to });
    if (vote !== undefined) record.ballots.cast(vote.term, { slot: place.slot, agent: vote.candidate, size: record.size });
  }

  #received({ result }: EntryCatalogue['MESSAGE_RECEIVED']): void {
    const { channel } = fieldsOf(result?.ok === true ? result.value : undefined);
    const address = typeof channel === 'string' ? addressOf(channel) : undefined;
    if (address !== undefined) this.#records.get(address.swarm)?.traffic.received(address.topic);
  }

  #declared(agent: string, { key, value }: EntryCatalogue['MEMORY_SET']): void {
    const place = this.#places.get(agent)!;
    const term = officeTermOf(value);
    if (term === undefined || !isOffice(place, key)) return;
    const { record, slot } = place;
    record.takeOffice(agent, term);
    // Who takes the office has voted for itself, even if there was nobody to be told of it.
    if (seatIn(record, place, agent) !== undefined) record.ballots.cast(term, { slot, agent, size: record.size });
  }
}

/** Whether a key of an agent's memory is the one for the office of its own swarm. */
export function isOffice({ record: { swarm } }: Place, key: string): boolean {
  const address = addressOf(key);
  return address?.swarm === swarm && address.topic === 'office';
}

/** For whom somebody votes, and in which term. */
export interface Vote {
  readonly term: number;
  readonly candidate: string;
}

/** What a message says in an election, in an envelope or without. */
export function electionMessageIn(body: unknown): ElectionMessage | undefined {
  const envelope = toEnvelope(body);
  return electionMessageOf(envelope === undefined ? body : envelope.body);
}

/** The vote that a message is: for its receiver, or for who sends it, if it asks for votes. */
export function voteIn({ kind, term }: ElectionMessage, { agent, to }: { readonly agent: string; readonly to: string }): Vote | undefined {
  if (kind === 'vote') return { term, candidate: to };
  return kind === 'ask' ? { term, candidate: agent } : undefined;
}

/** The place by which an agent has a vote in this swarm. */
export function seatIn(record: SwarmRecord, place: Place | undefined, agent: string): Place | undefined {
  return place?.record === record && record.hasVote(place.slot) && record.holderOf(place.slot) === agent ? place : undefined;
}
