import type { ErrorRecord } from '../errors/index.js';
import type { GrantAction, PermissionRecord } from '../identity/index.js';
import type { Json } from '../json/index.js';
import type { Transition } from '../lifecycle/index.js';
import type { Outcome } from '../pending/index.js';
import type { Usage } from '../tools/index.js';
import type { Decider } from './approvals.js';
import type { Approved } from './authority.js';

/** What this module writes into the log. */
export interface SyscallEntries {
  /** An instruction was refused, and the program sees the error: denied, malformed, stale, full or too large. */
  REFUSED: {
    readonly tick: number;
    readonly call: number;
    readonly op: string;
    readonly error: ErrorRecord;
  };
  SLEEP_STARTED: { readonly tick: number; readonly call: number; readonly deadline: number; readonly transition?: Transition };
  /** A deadline of the agent passed: a sleep is over, or a wait for a message was in vain. */
  TIMER_FIRED: { readonly tick: number; readonly call: number; readonly result: Outcome; readonly transition?: Transition };
  /** A policy asks somebody; this entry's `busSeq` is the approval's id. No answer by `deadline` is a deny. */
  APPROVAL_REQUESTED: {
    readonly tick: number;
    readonly call: number;
    readonly action: GrantAction;
    readonly resource: string;
    readonly approver: 'parent' | 'operator';
    /** What was approved for the same instruction before: it may need more than one permission. */
    readonly approved?: readonly Approved[];
    /** What is to be done once it is approved. */
    readonly instruction: Json;
    readonly permission: PermissionRecord;
    readonly deadline: number;
    readonly transition?: Transition;
  };
  /** The answer; with a `result` when it is a deny, since nothing else will come of the call. */
  APPROVAL_DECIDED: {
    readonly approval: number;
    readonly approved: boolean;
    readonly decider: Decider;
    /** A note of who it was, in the decider's own words. */
    readonly by: string;
    readonly reason: string;
    readonly tick: number;
    readonly call: number;
    readonly result?: Outcome;
    readonly transition?: Transition;
  };
  /** The agent goes by this form of its program where `change` was made. */
  VERSION_CHOSEN: { readonly tick: number; readonly call: number; readonly change: string; readonly version: number };
  /** A guard lets a tool call wait; it is asked again at `deadline` (milliseconds since the epoch). */
  DELAY_STARTED: {
    readonly tick: number;
    readonly call: number;
    /** The guard's extension. */
    readonly by: string;
    readonly instruction: { readonly op: string; readonly tool: string; readonly args: Json };
    readonly reserved?: Usage;
    /** What was approved for the call before. */
    readonly approved?: readonly Approved[];
    readonly deadline: number;
    readonly transition?: Transition;
  };
  /** The call has waited long enough; what comes of it follows. */
  DELAY_ENDED: { readonly tick: number; readonly call: number };
  /** The moment has come at which a guard wanted to be asked about the agent. */
  GUARD_WOKEN: { readonly tick: number };
  /** What the program itself took in a tick that a guard limits; `stopped` if it took too long and was ended. */
  TICK_MEASURED: { readonly tick: number; readonly cpuUs: number; readonly stopped?: true };
  /** An approved instruction was carried out at once, with this result. */
  CALL_SETTLED: { readonly tick: number; readonly call: number; readonly result: Outcome; readonly transition?: Transition };
}

declare module '../logging/entry.js' {
  interface EntryCatalogue extends SyscallEntries {}
}
