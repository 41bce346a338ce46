/** Asks guards, and holds them to what a guard may do; one that fails lets nothing pass. */
import { describeThrown, isOmniError, OmniError } from '../errors/index.js';
import { AgentEnded, DelayNeeded, type Guard, type GuardRecord, type GuardVerdict, type TickAsked, type TickVerdict } from '../syscalls/index.js';
import { toJson, type JsonObject } from '../json/index.js';
import type { Proposal } from '../logging/index.js';
import { isKernelKind } from '../replay/index.js';

export interface NamedGuard {
  readonly name: string;
  readonly guard: Guard;
}

export type MakeRecord = (proposal: { readonly kind: string; readonly agent: string | null; readonly data: JsonObject }) => void;

export interface Asked {
  readonly proposal: Proposal;
  /** Whether it is a program's doing, or the kernel's note of it. */
  readonly by: 'review' | 'reviewNote';
}

/** Throws what a guard refuses the proposal with; records what guards have to say first. */
export function reviewAll(guards: readonly NamedGuard[], { proposal, by }: Asked, record: MakeRecord): void {
  const allowed = by === 'reviewNote' ? OF_NOTES : proposal.kind === 'TOOL_CALLED' ? OF_CALLS : OF_PROPOSALS;
  for (const named of guards) {
    const answer = ask(named, { proposal, by, allowed });
    if (answer === undefined) continue;
    for (const said of answer.records) record({ ...said, agent: actorOf(proposal) });
    if (answer.verdict === 'fault') throw new AgentEnded(answer.error);
    if (answer.verdict === 'refuse') throw answer.error;
    if (answer.verdict === 'delay') throw new DelayNeeded((proposal as Proposal & { readonly kind: 'TOOL_CALLED' }).data, answer.untilMs, named.name);
  }
}

/** Throws what a guard ends the agent with before a tick; answers how long the tick may take that is to be measured. */
export function reviewTicks(guards: readonly NamedGuard[], asked: TickAsked, record: MakeRecord): number | undefined {
  let limitMs: number | undefined;
  for (const named of guards) {
    const answer = ask(named, { tick: asked, allowed: OF_TICKS });
    if (answer === undefined) continue;
    for (const said of answer.records) record({ ...said, agent: asked.agent });
    if (answer.verdict === 'fault') throw new AgentEnded(answer.error);
    if (answer.verdict === 'measure') limitMs = Math.min(answer.limitMs, limitMs ?? Infinity);
  }
  return limitMs;
}

/** A verdict that was looked at: its records are such as an extension may make. */
type Answer = { readonly records: readonly CheckedRecord[] } & (
  | { readonly verdict: 'warn' }
  | { readonly verdict: 'refuse' | 'fault'; readonly error: OmniError }
  | { readonly verdict: 'delay'; readonly untilMs: number }
  | { readonly verdict: 'measure'; readonly limitMs: number }
);

interface CheckedRecord {
  readonly kind: string;
  readonly data: JsonObject;
}

type Question = { readonly allowed: readonly string[] } & (
  | (Asked & { readonly tick?: never })
  | { readonly tick: TickAsked }
);

const OF_NOTES = ['warn', 'fault'];
const OF_TICKS = ['warn', 'measure', 'fault'];
const OF_PROPOSALS = ['warn', 'refuse', 'fault'];
const OF_CALLS = ['warn', 'delay', 'refuse', 'fault'];

function ask({ name, guard }: NamedGuard, asked: Question): Answer | undefined {
  try {
    const verdict = asked.tick === undefined ? guard[asked.by]?.(asked.proposal) : guard.reviewTick?.(asked.tick);
    return verdict === undefined ? undefined : checked(verdict, asked.allowed);
  } catch (thrown) {
    const message = `The guard "${name}" failed, and what it was asked about is refused: ${describeThrown(thrown)}`;
    return { verdict: 'fault', records: [], error: new OmniError('EXTENSION_FAILED', message, { cause: thrown }) };
  }
}

function checked(given: GuardVerdict | TickVerdict, allowed: readonly string[]): Answer {
  const { verdict } = given;
  // A promise, for instance: a guard decides at once or not at all.
  if (!allowed.includes(verdict)) throw new TypeError(`it answered with no verdict: answer undefined, ${allowed.join(' or ')}`);
  const records = [given.record ?? []].flat().map(checkedRecord);
  switch (verdict) {
    case 'delay':
      return { verdict, records, untilMs: assertTime(given.untilMs) };
    case 'measure':
      return { verdict, records, limitMs: assertTime(given.limitMs) };
    case 'warn':
      return { verdict, records };
    default:
      if (!isOmniError(given.error)) throw new TypeError(`a ${verdict} needs an OmniError`);
      return { verdict, records, error: given.error };
  }
}

function assertTime(ms: number): number {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new TypeError(`${String(ms)} is no time in whole milliseconds`);
  return ms;
}

const KIND = /^[A-Z][A-Z0-9_]{0,63}$/;

function checkedRecord({ kind, data }: GuardRecord): CheckedRecord {
  if (typeof kind !== 'string' || !KIND.test(kind) || isKernelKind(kind)) {
    throw new TypeError(`"${kind}" is no kind of entry that an extension may record`);
  }
  const record = toJson(data) as JsonObject;
  const reserved = RESERVED_FIELDS.find((field) => Object.hasOwn(record, field));
  if (reserved !== undefined) throw new TypeError(`the field "${reserved}" means something to the kernel in every entry`);
  if (Object.hasOwn(record, 'deadline')) assertDeadline(record);
  return { kind, data: record };
}

/** Without a call, and in a tick: other deadlines are the kernel's. */
function assertDeadline({ tick, deadline }: JsonObject): void {
  if (assertTime(tick as number) === 0) throw new TypeError('a deadline belongs to a tick, from 1');
  assertTime(deadline as number);
}

/** A spawn is its parent's doing: the child is not there yet. */
function actorOf(proposal: Proposal): string | null {
  return proposal.kind === 'AGENT_SPAWNED' ? proposal.data.parent : proposal.agent;
}

/** What the kernel's own projections look for, whatever the kind. */
const RESERVED_FIELDS = ['transition', 'permission', 'call', 'result'] as const;
