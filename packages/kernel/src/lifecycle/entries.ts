import type { ErrorRecord } from '../errors/index.js';
import type { Json } from '../json/index.js';
import type { LifecycleState, LifecycleTrigger, Transition } from './transitions.js';

/** What this module writes into the log. */
export interface LifecycleEntries {
  /** The scheduler took the agent up. */
  AGENT_ACTIVATED: { readonly transition: Transition };
  /** The program returned. */
  AGENT_COMPLETED: { readonly tick: number; readonly result: Json; readonly transition: Transition };
  /** The program failed, or was failed by a guard; `recover` or `abandon` is what comes next. */
  AGENT_FAULTED: { readonly tick: number; readonly error: ErrorRecord; readonly transition: Transition };
  /** The end: nothing of this agent runs after it (INV-09). */
  AGENT_TERMINATED: { readonly reason: string; readonly error?: ErrorRecord; readonly transition: Transition };
  /** Somebody outside the program moved the agent: suspend, resume, recover. */
  AGENT_MOVED: { readonly reason: string; readonly transition: Transition };
  /** Somebody outside gave an order about an agent; what it leads to follows, entry by entry. */
  COMMAND_GIVEN: { readonly command: 'revoke' | 'abandon'; readonly by: 'operator' | 'deadline'; readonly reason: string };
  /** A transition that the table does not have was asked for, and refused. */
  TRANSITION_REFUSED: { readonly from: LifecycleState; readonly trigger: LifecycleTrigger; readonly reason: string };
  /** An invariant was about to be broken. In an audit log, `at` is the entry of the log that says so, too. */
  INVARIANT_BREACHED: {
    readonly tick?: number;
    readonly error: ErrorRecord;
    readonly at?: { readonly logId: string; readonly busSeq: number };
  };
}

declare module '../logging/entry.js' {
  interface EntryCatalogue extends LifecycleEntries {}
}
