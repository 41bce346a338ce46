import { OmniError } from '../errors/index.js';
import { InvariantBreach } from '../invariants/index.js';
import type { Quota } from '../identity/index.js';
import type { JsonObject } from '../json/index.js';
import type { Proposal } from '../logging/index.js';
import type { ToolEntries } from '../tools/index.js';

/** What a guard has to say beside its verdict: an entry of its own, or several. */
type Records = GuardRecord | readonly GuardRecord[];

/** What a guard answers; nothing at all is an allow. */
export type GuardVerdict =
  /** Lets it pass and records a warning first. */
  | { readonly verdict: 'warn'; readonly record: Records }
  /** Lets a tool call wait until then (milliseconds since the epoch), and is asked about it again; the program does not notice. */
  | { readonly verdict: 'delay'; readonly record?: Records; readonly untilMs: number }
  /** Refuses it: the program sees the error and goes on. */
  | { readonly verdict: 'refuse'; readonly record?: Records; readonly error: OmniError }
  /** Refuses it and faults the agent. */
  | { readonly verdict: 'fault'; readonly record?: Records; readonly error: OmniError };

/** What a guard answers about a note of the kernel's; nothing at all lets it be taken. */
export type NoteVerdict = Exclude<GuardVerdict, { readonly verdict: 'delay' | 'refuse' }>;

/** What a guard answers about a tick; nothing at all lets it run. */
export type TickVerdict =
  | NoteVerdict
  /** Lets it run, has it measured (`TICK_MEASURED`), and ended with its agent if its program takes longer than that. */
  | { readonly verdict: 'measure'; readonly record?: Records; readonly limitMs: number };

/** An entry of the guard's own, about the agent that proposes: a kind that the kernel does not have, and JSON. */
export interface GuardRecord {
  /** UPPER_SNAKE. */
  readonly kind: string;
  /**
   * JSON; without the fields `transition`, `permission`, `call` and `result`. With a `tick` and a `deadline` (milliseconds since the
   * epoch), `reviewTick` is asked at that moment as well, if the agent has not ended by then.
   */
  readonly data: JsonObject;
}

/** A tick that is about to run, or would be. */
export interface TickAsked {
  readonly agent: string;
  /** The last tick that has begun: 0 before the first. */
  readonly tick: number;
  /** Recorded time of what makes it run, milliseconds since the epoch. */
  readonly now: number;
}

/**
 * A rule that sees what a program is about to do, before it is recorded.
 *
 * Pure: it may read the proposal and its own projections and nothing else, so that it answers in REPLAY as it did LIVE.
 */
export interface Guard {
  review(proposal: Proposal): GuardVerdict | undefined;
  /** Asked before the kernel notes what is no act: `REFUSED`, `APPROVAL_REQUESTED`, `DELAY_STARTED`, `SCRATCH_CHECKPOINTED`, `AGENT_CONTINUED`; and after `VERSION_CHOSEN`. */
  reviewNote?(proposal: Proposal): NoteVerdict | undefined;
  /** Asked before each tick, after one that was ended because it took too long, and at the deadlines of the guard's own records. */
  reviewTick?(asked: TickAsked): TickVerdict | undefined;
  /** Throws for a quota that it can't make anything of, before its agent is spawned. */
  assertQuota?(quota: Quota): void;
}

/** A guard lets a call wait; not an error, and no program sees it. */
export class DelayNeeded extends Error {
  readonly call: Pick<ToolEntries['TOOL_CALLED'], 'tool' | 'args' | 'reserved'>;
  readonly untilMs: number;
  /** The extension that wants it. */
  readonly by: string;

  constructor(call: DelayNeeded['call'], untilMs: number, by: string) {
    super(`${by} lets it wait`);
    this.call = call;
    this.untilMs = untilMs;
    this.by = by;
  }
}

/** A guard ended the agent; no program can catch it. */
export class AgentEnded extends Error {
  readonly error: OmniError;

  constructor(error: OmniError) {
    super(error.message);
    this.error = error;
  }
}

/**
 * What ends an agent, in what was thrown while its instruction was carried out; undefined for a refusal, which its
 * program sees. A log that takes nothing any more is thrown on: there is nobody
 * left to tell.
 */
export function fatalIn(thrown: unknown): OmniError | undefined {
  if (thrown instanceof AgentEnded) return thrown.error;
  if (!(thrown instanceof OmniError)) return undefined;
  if (thrown.code === 'KERNEL_HALTED' || thrown.code === 'REPLAY_DIVERGENCE') throw thrown;
  return thrown instanceof InvariantBreach ? thrown : undefined;
}
