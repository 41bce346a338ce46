/**
 * Where two logs differ: agent by agent, since what other agents did meanwhile is no difference of this one.
 *
 * Both logs are read side by side, and what only one of them has had so far waits for the other: as much memory as they are
 * apart.
 */
import { differences, type Difference, type Json, type JsonObject } from '../json/index.js';
import { readEntries, type LogReader, type RawEntry } from '../logging/index.js';
import type { Codec } from '../ports/index.js';
import { Queue } from '../queue/index.js';
import { Comparables, without, type Comparable } from './comparable.js';
import { Lane } from './lane.js';

export interface DiffOptions {
  readonly codec: Codec;
}

/** Where an entry stands in its log. */
export interface EntryPlace {
  readonly busSeq: number;
  readonly kind: string;
  readonly tick?: number;
}

/** The first entry of an agent that is another one in the other log. */
export interface AgentDifference {
  /** Null for what operators and the kernel did. */
  readonly agent: string | null;
  /** How many of the agent's entries before it are the same. */
  readonly same: number;
  /** The entry of the first log; left out if that has no more of this agent. */
  readonly a?: EntryPlace;
  readonly b?: EntryPlace;
  /** What the two entries say, as `{ kind, data }`: the first log's is expected, the second one's actual. */
  readonly differences: readonly Difference[];
}

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
export async function diff(a: LogReader, b: LogReader, { codec }: DiffOptions): Promise<LogDiff> {
  const matcher = new Matcher();
  const sides = [new Side(a, codec), new Side(b, codec)] as const;
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

  constructor(reader: LogReader, codec: Codec) {
    this.#entries = readEntries(reader, codec);
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

type SideNumber = 0 | 1;

/** How far an agent's entries in both logs have been compared. */
interface Match {
  same: number;
  /** What one log has had and the other not yet. */
  readonly ahead: Queue<Comparable>;
  aheadIn: SideNumber;
  readonly isIn: [boolean, boolean];
  difference: AgentDifference | undefined;
}

class Matcher {
  readonly #matches = new Map<string | null, Match>();

  take(agent: string | null, side: SideNumber, entry: Comparable): void {
    const match = this.#matchOf(agent);
    match.isIn[side] = true;
    if (match.difference !== undefined) return;
    if (match.aheadIn === side || match.ahead.size === 0) {
      match.aheadIn = side;
      match.ahead.push(entry);
      return;
    }
    const other = match.ahead.shift()!;
    const found = side === 0 ? differenceOf(entry, other) : differenceOf(other, entry);
    if (found.length === 0) match.same++;
    else match.difference = { agent, same: match.same, ...places(side === 0 ? [entry, other] : [other, entry]), differences: found };
  }

  /** In the order of the first log, and by the second where that has nothing. */
  differences(): readonly AgentDifference[] {
    const found = [...this.#matches].flatMap(([agent, match]) => match.difference ?? leftOver(agent, match));
    const placeOf = ({ a, b }: AgentDifference): number => (a ?? b)?.busSeq ?? 0;
    return found.sort((one, other) => placeOf(one) - placeOf(other));
  }

  agents(): readonly string[] {
    return [...this.#matches.keys()].filter((agent) => agent !== null);
  }

  agentsOnlyIn(side: SideNumber): readonly string[] {
    const matches = [...this.#matches].filter(([, { isIn }]) => isIn[side] && !isIn[side === 0 ? 1 : 0]);
    return matches.map(([agent]) => agent).filter((agent) => agent !== null);
  }

  #matchOf(agent: string | null): Match {
    let match = this.#matches.get(agent);
    if (match === undefined) {
      match = { same: 0, ahead: new Queue(), aheadIn: 0, isIn: [false, false], difference: undefined };
      this.#matches.set(agent, match);
    }
    return match;
  }
}

function differenceOf(expected: Comparable, actual: Comparable): readonly Difference[] {
  return differences(saying(expected), saying(actual));
}

function saying({ kind, data }: Comparable): Json {
  return { kind, data };
}

/** What is left of an agent in one log when the other has no more of it. */
function leftOver(agent: string | null, { ahead, aheadIn, same }: Match): AgentDifference[] {
  const next = ahead.shift();
  if (next === undefined) return [];
  return [{ agent, same, ...places(aheadIn === 0 ? [next, undefined] : [undefined, next]), differences: [] }];
}

function places([a, b]: readonly [Comparable | undefined, Comparable | undefined]): { readonly a?: EntryPlace; readonly b?: EntryPlace } {
  return { ...(a === undefined ? {} : { a: placeOf(a) }), ...(b === undefined ? {} : { b: placeOf(b) }) };
}

function placeOf({ busSeq, kind, data }: Comparable): EntryPlace {
  const { tick } = data;
  return { busSeq, kind, ...(typeof tick === 'number' ? { tick } : {}) };
}
