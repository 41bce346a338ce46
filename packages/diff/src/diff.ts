/**
 * Where two logs differ: agent by agent, since what other agents did meanwhile is no difference of this one.
 *
 * Both logs are read side by side, and what only one of them has had so far waits for the other: as much memory as they are
 * apart.
 */
import { differences, readEntries, type Difference, type JsonObject, type LogReader, type RawEntry } from '@omnipaw/kernel';
import { Comparables, without, type Comparable } from './comparable.js';
import { Lane } from './lane.js';
import { Matcher, type AgentDifference } from './matcher.js';

export interface LogDiff {
  readonly isSame: boolean;
  /** The difference that comes first in the first log. */
  readonly first?: AgentDifference;
  /** The first difference of each agent that differs, in the order of the first log. */
  readonly agents: readonly AgentDifference[];
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
  /** The agents of both logs. */
  readonly known: readonly string[];
  /** How the headers differ: in kernels, configurations and digests. That alone is no difference in what was done. */
  readonly header: readonly Difference[];
}

/**
 * Compares what two logs say, without times, hashes, numbers of entries, and what a kernel writes for itself.
 *
 * Agents are the same if their ids are. Rejects with what reading rejects with (`LOG_CORRUPT`, `LOG_NOT_FOUND`).
 */
export async function diff(a: LogReader, b: LogReader): Promise<LogDiff> {
  const matcher = new Matcher();
  const sides = [new Side(a), new Side(b)] as const;
  try {
    for (;;) {
      const isOverA = await sides[0].step((agent, entry) => { matcher.take(agent, 0, entry); });
      const isOverB = await sides[1].step((agent, entry) => { matcher.take(agent, 1, entry); });
      if (isOverA && isOverB) break;
    }
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
  const agents = matcher.differences();
  return {
    isSame: agents.length === 0,
    ...(agents[0] === undefined ? {} : { first: agents[0] }),
    agents,
    onlyInA: matcher.agentsOnlyIn(0),
    onlyInB: matcher.agentsOnlyIn(1),
    known: matcher.agents(),
    header: differences(sides[0].header, sides[1].header),
  };
}

/** One of the two logs, on its way. */
class Side {
  readonly #entries: AsyncGenerator<RawEntry, void, undefined>;
  readonly #comparables = new Comparables();
  readonly #lanes = new Map<string | null, Lane>();
  #isOver = false;
  header: JsonObject = {};

  constructor(reader: LogReader) {
    this.#entries = readEntries(reader);
  }

  /** Reads one entry, and tells of those whose place is known by now; answers whether the log is over. */
  async step(tell: (agent: string | null, entry: Comparable) => void): Promise<boolean> {
    if (this.#isOver) return true;
    const { done, value } = await this.#entries.next();
    if (done === true) {
      this.#isOver = true;
      for (const [agent, lane] of this.#lanes) for (const entry of lane.end()) tell(agent, entry);
      return true;
    }
    // Every log has a name of its own, and a fork says where it comes from.
    if (value.busSeq === 0) this.header = without(value.data, 'logId', 'parent');
    const comparable = this.#comparables.of(value);
    if (comparable === undefined) return false;
    for (const entry of this.#laneOf(value.agent).take(comparable)) tell(value.agent, entry);
    return false;
  }

  async close(): Promise<void> {
    await this.#entries.return();
  }

  #laneOf(agent: string | null): Lane {
    let lane = this.#lanes.get(agent);
    if (lane === undefined) this.#lanes.set(agent, (lane = new Lane()));
    return lane;
  }
}
