import { OmniError } from '../errors/index.js';
import { InvariantBreach } from '../invariants/index.js';
import type { JsonObject } from '../json/index.js';
import type { Proposal } from '../logging/index.js';

/** What a guard answers; nothing at all is an allow. */
export type GuardVerdict =
  /** Lets it pass and records a warning first. */
  | { readonly verdict: 'warn'; readonly record: GuardRecord }
  /** Refuses it: the program sees the error and goes on. */
  | { readonly verdict: 'refuse'; readonly record?: GuardRecord; readonly error: OmniError }
  /** Refuses it and faults the agent. */
  | { readonly verdict: 'fault'; readonly record?: GuardRecord; readonly error: OmniError };

/** An entry of the guard's own, about the agent that proposes: a kind that the kernel does not have, and JSON. */
export interface GuardRecord {
  /** UPPER_SNAKE. */
  readonly kind: string;
  /** JSON; without the fields `transition`, `permission`, `deadline`, `call` and `result`. */
  readonly data: JsonObject;
}

/**
 * A rule that sees what a program is about to do, before it is recorded.
 *
 * Pure: it may read the proposal and its own projections and nothing else, so that it answers in REPLAY as it did LIVE.
 */
export interface Guard {
  review(proposal: Proposal): GuardVerdict | undefined;
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
