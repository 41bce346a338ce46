import type { ChannelTraffic } from './traffic.js';

/** A seat, who has it, and who had it before. */
export interface SeatReport {
  readonly slot: string;
  readonly agent: string;
  readonly before: readonly string[];
  readonly hasEnded: boolean;
}

/** One term of an election, as it is on record. */
export interface TermReport {
  readonly term: number;
  /** By slot, the agent that has its vote. */
  readonly votes: Readonly<Record<string, string>>;
  /** Who has more than half of the votes; null if nobody. */
  readonly leader: string | null;
}

/** What the log says of a swarm. */
export interface SwarmReport {
  readonly swarm: string;
  /** The agent that has the swarm's name, if it is in it; it has no vote. */
  readonly coordinator: string | null;
  /** The slots that vote; none while nobody has said which. */
  readonly voters: readonly string[];
  /** Who has a slot, in the order in which the slots came to be. */
  readonly members: readonly SeatReport[];
  readonly terms: readonly TermReport[];
  /** Who holds the office of a leader, and of which term: more than one while an old one has not noticed. */
  readonly offices: readonly { readonly agent: string; readonly term: number }[];
  /** By topic: `election`, `say/news`. */
  readonly channels: Readonly<Record<string, ChannelTraffic>>;
  /** How often members were refused something, by code. */
  readonly refusals: Readonly<Record<string, number>>;
}
