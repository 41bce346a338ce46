import { differences, type Difference, type Json } from '@omnipaw/kernel';
import type { Comparable } from './comparable.js';

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

/** The first log, or the second one. */
type SideNumber = 0 | 1;

/** How far an agent's entries in both logs have been compared. */
interface Match {
  same: number;
  /** What one log has had and the other not yet; the first `aheadTaken` of them are compared already. */
  readonly ahead: Comparable[];
  aheadTaken: number;
  aheadIn: SideNumber;
  readonly isIn: [boolean, boolean];
  difference: AgentDifference | undefined;
}

/** Compares the entries of each agent, one of each log at a time; after the first difference of an agent the rest is of no matter. */
export class Matcher {
  readonly #matches = new Map<string | null, Match>();

  take(agent: string | null, side: SideNumber, entry: Comparable): void {
    const match = this.#matchOf(agent);
    match.isIn[side] = true;
    if (match.difference !== undefined) return;
    if (match.aheadIn === side || match.ahead.length === 0) {
      match.aheadIn = side;
      match.ahead.push(entry);
      return;
    }
    const other = nextOf(match);
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
      match = { same: 0, ahead: [], aheadTaken: 0, aheadIn: 0, isIn: [false, false], difference: undefined };
      this.#matches.set(agent, match);
    }
    return match;
  }
}

/** What waits the longest. The array is cut when half of it is compared: `shift` would move all that waits, each time. */
function nextOf(match: Match): Comparable {
  const next = match.ahead[match.aheadTaken++]!;
  if (match.aheadTaken * 2 >= match.ahead.length) {
    match.ahead.splice(0, match.aheadTaken);
    match.aheadTaken = 0;
  }
  return next;
}

function differenceOf(expected: Comparable, actual: Comparable): readonly Difference[] {
  // Nearly always the same text, and then there is nothing to look for.
  if (expected.kind === actual.kind && JSON.stringify(expected.data) === JSON.stringify(actual.data)) return [];
  return differences(saying(expected), saying(actual));
}

function saying({ kind, data }: Comparable): Json {
  return { kind, data };
}

/** What is left of an agent in one log when the other has no more of it. */
function leftOver(agent: string | null, { ahead, aheadTaken, aheadIn, same }: Match): AgentDifference[] {
  const next = ahead[aheadTaken];
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
