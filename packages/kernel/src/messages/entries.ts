import type { PermissionRecord } from '../identity/index.js';
import type { Json } from '../json/index.js';
import type { Transition } from '../lifecycle/index.js';
import type { Outcome } from '../pending/index.js';

/** What this module writes into the log. */
export interface MessageEntries {
  /** A message is in the mailbox of `to`; the entry's agent is the sender, null for an operator. */
  MESSAGE_SENT: {
    readonly tick?: number;
    readonly to: string;
    readonly channel: string;
    readonly body: Json;
    readonly permission: PermissionRecord;
  };
  /** The agent has nothing to receive yet, and waits. */
  RECEIVE_STARTED: {
    readonly tick: number;
    readonly call: number;
    readonly filter: MessageFilter;
    /** Milliseconds since the epoch. */
    readonly deadline?: number;
    readonly transition?: Transition;
  };
  /** The message that was sent with entry `message` left the mailbox for the program. */
  MESSAGE_RECEIVED: {
    readonly tick: number;
    readonly call?: number;
    readonly message: number;
    /** The message itself; in format 1 only for a receiver that was waiting for it. */
    readonly result?: Outcome;
    readonly transition?: Transition;
  };
}

declare module '../logging/entry.js' {
  interface EntryCatalogue extends MessageEntries {}
}

/** Which messages a receiver wants; without a field, any. */
export interface MessageFilter {
  /** One, or any of several. */
  readonly channel?: string | readonly string[];
  readonly from?: string;
}
