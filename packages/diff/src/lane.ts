import type { Json, JsonObject } from '@omnipaw/kernel';
import { without, type Comparable } from './comparable.js';

/** What can arrive in any order while an agent waits for several things at once. */
const SETTLES: ReadonlySet<string> = new Set([
  'APPROVAL_DECIDED',
  'CALL_SETTLED',
  'DELAY_ENDED',
  'DELEGATION_RESULT',
  'MESSAGE_RECEIVED',
  'TIMER_FIRED',
  'TOOL_ATTEMPTED',
  'TOOL_RESULT',
  'TOOL_RETRIED',
]);
/** States in which an agent waits, or would if it were not suspended. */
const PARKED: ReadonlySet<Json | undefined> = new Set(['WAITING', 'RESUMABLE']);

/**
 * The entries of one agent, in an order that does not depend on what happened elsewhere.
 *
 * A tick writes its entries in one order, always. What arrives between two ticks is sorted by the call that it is for, and the
 * last to arrive is no longer seen to be it: the program does not learn of it either.
 */
export class Lane {
  #isParked = false;
  /** What arrived since the agent waits; undefined while it does not, or nothing has. */
  #arrived: Comparable[] | undefined;

  /** Takes the next entry, and gives those whose place is known by now. */
  take(entry: Comparable): readonly Comparable[] {
    const to = destinationOf(entry);
    if (to !== undefined) this.#isParked = PARKED.has(to);
    if (this.#arrived === undefined && !(SETTLES.has(entry.kind) && (this.#isParked || to === 'ACTIVE'))) return [entry];
    const isLast = to !== undefined && !this.#isParked;
    if (isLast && !SETTLES.has(entry.kind)) return [...this.end(), entry];
    (this.#arrived ??= []).push(entry);
    return isLast ? this.end() : [];
  }

  /** What is left when the log is over. */
  end(): readonly Comparable[] {
    const arrived = this.#arrived ?? [];
    this.#arrived = undefined;
    return arrived.map((entry) => ({ ...entry, data: withoutTransition(entry) })).sort((one, other) => numberIn(one, 'tick') - numberIn(other, 'tick') || numberIn(one, 'call') - numberIn(other, 'call'));
  }
}

function destinationOf({ data }: Comparable): Json | undefined {
  return (data['transition'] as JsonObject | undefined)?.['to'];
}

function withoutTransition({ kind, data }: Comparable): JsonObject {
  return SETTLES.has(kind) ? without(data, 'transition') : data;
}

function numberIn({ data }: Comparable, field: 'tick' | 'call'): number {
  const value = data[field];
  return typeof value === 'number' ? value : -1;
}
