import type { OmniError } from '../errors/index.js';
import type { EntryKind, Proposal, ProposalOf } from '../logging/index.js';

/** What a guard answers; nothing at all is an allow. */
export type GuardVerdict =
  /** Lets it pass and records a warning first. */
  | { readonly verdict: 'warn'; readonly record: GuardRecord }
  /** Refuses it: the program sees the error and goes on. */
  | { readonly verdict: 'refuse'; readonly record?: GuardRecord; readonly error: OmniError }
  /** Refuses it and faults the agent. */
  | { readonly verdict: 'fault'; readonly record?: GuardRecord; readonly error: OmniError };

/** An entry of the guard's own, about the agent of the proposal. */
export type GuardRecord = { [Kind in EntryKind]: Omit<ProposalOf<Kind>, 'agent'> }[EntryKind];

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
