import { Ballots, type SavedTerm } from './ballots.js';
import type { SeatReport, SwarmReport } from './report.js';
import { Traffic, type SavedTraffic } from './traffic.js';

interface Seat {
  /** All that have had it, the present one last. */
  readonly agents: string[];
  hasEnded: boolean;
}

/** A swarm as a checkpoint keeps it. */
export interface SavedRecord {
  readonly swarm: string;
  readonly founder: string | null;
  readonly hasCoordinator: boolean;
  readonly voters: readonly string[];
  readonly newestTerm: number;
  readonly seats: readonly (readonly [slot: string, agents: readonly string[], hasEnded: boolean])[];
  readonly terms: readonly SavedTerm[];
  readonly offices: readonly (readonly [agent: string, term: number])[];
  readonly traffic: SavedTraffic;
  readonly refusals: readonly (readonly [code: string, count: number])[];
}

/** What is on record of one swarm. */
export class SwarmRecord {
  readonly swarm: string;
  readonly ballots = new Ballots();
  readonly traffic = new Traffic();
  readonly #founder: string | null;
  readonly #seats = new Map<string, Seat>();
  /** By agent, the term of the office that it holds. */
  readonly #offices = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  #voters: ReadonlySet<string> = new Set();
  #newestTerm = 0;
  #hasCoordinator = false;

  /** Of a swarm whose first member was started by this agent, or by an operator. */
  constructor(swarm: string, founder: string | null) {
    this.swarm = swarm;
    this.#founder = founder;
  }

  /** How many slots vote, whether their agents are there yet or not; 0 while nobody has said which. */
  get size(): number {
    return this.#voters.size;
  }

  /** Takes the slots that vote from who says so first: with a growing number of them, whoever came early could be elected by a few. */
  declare(slots: readonly string[]): void {
    if (this.#voters.size === 0) this.#voters = new Set(slots);
  }

  /** The newest term that a slot with a vote has spoken of; 0 before the first. */
  get newestTerm(): number {
    return this.#newestTerm;
  }

  reached(term: number): void {
    if (term > this.#newestTerm) this.#newestTerm = term;
  }

  hasVote(slot: string): boolean {
    return this.#voters.has(slot);
  }

  /**
   * Whether an agent may take others into the swarm: who has started the first member may, who coordinates it, and operators. A
   * member could else give itself as many votes as it has children.
   */
  mayEnrol(starter: string | null): boolean {
    return starter === null || starter === this.#founder || starter === this.swarm;
  }

  /** Gives an agent a slot, whoever has it now. */
  enrol(slot: string, agent: string): void {
    if (agent === this.swarm) {
      this.#hasCoordinator = true;
      return;
    }
    const seat = this.#seats.get(slot) ?? { agents: [], hasEnded: false };
    this.#seats.set(slot, seat);
    seat.agents.push(agent);
    seat.hasEnded = false;
  }

  /** Who has a slot now. */
  holderOf(slot: string): string | undefined {
    return this.#seats.get(slot)?.agents.at(-1);
  }

  officeOf(agent: string): number | undefined {
    return this.#offices.get(agent);
  }

  takeOffice(agent: string, term: number): void {
    this.#offices.set(agent, term);
  }

  leaveOffice(agent: string): void {
    this.#offices.delete(agent);
  }

  end(slot: string, agent: string): void {
    this.leaveOffice(agent);
    const seat = this.#seats.get(slot);
    if (seat?.agents.at(-1) === agent) seat.hasEnded = true;
  }

  refused(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  report(): SwarmReport {
    const seats = [...this.#seats].map(([slot, { agents, hasEnded }]): SeatReport => ({ slot, agent: agents.at(-1)!, before: agents.slice(0, -1), hasEnded }));
    return {
      swarm: this.swarm,
      coordinator: this.#hasCoordinator ? this.swarm : null,
      voters: [...this.#voters],
      members: seats,
      terms: this.ballots.save().map(([term, votes, leader]) => ({ term, votes: Object.fromEntries(votes), leader })).sort((one, other) => one.term - other.term),
      offices: [...this.#offices].map(([agent, term]) => ({ agent, term })),
      channels: this.traffic.report(),
      refusals: Object.fromEntries(this.#refusals),
    };
  }

  save(): SavedRecord {
    return {
      swarm: this.swarm,
      founder: this.#founder,
      hasCoordinator: this.#hasCoordinator,
      voters: [...this.#voters],
      newestTerm: this.#newestTerm,
      seats: [...this.#seats].map(([slot, { agents, hasEnded }]) => [slot, [...agents], hasEnded]),
      terms: this.ballots.save(),
      offices: [...this.#offices],
      traffic: this.traffic.save(),
      refusals: [...this.#refusals],
    };
  }

  static load({ swarm, founder, hasCoordinator, voters, newestTerm, seats, terms, offices, traffic, refusals }: SavedRecord): SwarmRecord {
    const record = new SwarmRecord(swarm, founder);
    record.#hasCoordinator = hasCoordinator;
    record.declare(voters);
    record.reached(newestTerm);
    for (const [slot, agents, hasEnded] of seats) record.#seats.set(slot, { agents: [...agents], hasEnded });
    record.ballots.load(terms);
    for (const [agent, term] of offices) record.#offices.set(agent, term);
    record.traffic.load(traffic);
    for (const [code, count] of refusals) record.#refusals.set(code, count);
    return record;
  }
}
