/** The votes of one swarm, as they are on record. */

/** Who voted for whom, in one term. */
export type SavedTerm = readonly [term: number, votes: readonly (readonly [slot: string, candidate: string])[], leader: string | null];

interface Term {
  /** By slot, the agent that has its vote. */
  readonly votes: Map<string, string>;
  /** By agent, how many votes it has. */
  readonly counts: Map<string, number>;
  leader: string | undefined;
}

export interface Candidate {
  readonly slot: string;
  readonly agent: string;
  /** How many slots vote. */
  readonly size: number;
}

/**
 * 1. A slot has one vote a term: the first that is on record.
 * 2. A candidate is an agent, not a slot: who takes a slot over does not inherit votes that its predecessor was given.
 * 3. Who has more than half of all slots is elected, and so at most one in a term.
 */
export class Ballots {
  readonly #terms = new Map<number, Term>();
  #newestElected = 0;

  /** The newest term in which somebody was elected; 0 before the first. */
  get newestElected(): number {
    return this.#newestElected;
  }

  voteOf(term: number, slot: string): string | undefined {
    return this.#terms.get(term)?.votes.get(slot);
  }

  /** Whether a candidate is elected in a term, or is by its own vote, which nobody has to be told of. */
  isElected(term: number, { slot, agent, size }: Candidate): boolean {
    const found = this.#terms.get(term);
    if (found?.leader !== undefined) return found.leader === agent;
    const own = found?.votes.get(slot);
    return (own ?? agent) === agent && isMajority((found?.counts.get(agent) ?? 0) + (own === undefined ? 1 : 0), size);
  }

  /** Takes the vote of a slot for an agent, of which there are so many; a second one in the same term is none. */
  cast(term: number, { slot, agent, size }: Candidate): void {
    const found = this.#termOf(term);
    if (found.votes.has(slot)) return;
    found.votes.set(slot, agent);
    const count = (found.counts.get(agent) ?? 0) + 1;
    found.counts.set(agent, count);
    if (found.leader !== undefined || !isMajority(count, size)) return;
    found.leader = agent;
    this.#newestElected = Math.max(this.#newestElected, term);
  }

  save(): readonly SavedTerm[] {
    return [...this.#terms].map(([term, { votes, leader }]) => [term, [...votes], leader ?? null]);
  }

  load(terms: readonly SavedTerm[]): void {
    for (const [term, votes, leader] of terms) {
      const found = this.#termOf(term);
      found.leader = leader ?? undefined;
      for (const [slot, agent] of votes) {
        found.votes.set(slot, agent);
        found.counts.set(agent, (found.counts.get(agent) ?? 0) + 1);
      }
      if (leader !== null) this.#newestElected = Math.max(this.#newestElected, term);
    }
  }

  #termOf(term: number): Term {
    const found = this.#terms.get(term) ?? { votes: new Map<string, string>(), counts: new Map<string, number>(), leader: undefined };
    this.#terms.set(term, found);
    return found;
  }
}

function isMajority(count: number, size: number): boolean {
  return count * 2 > size;
}
