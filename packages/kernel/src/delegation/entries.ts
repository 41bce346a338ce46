import type { Transition } from '../lifecycle/index.js';
import type { Outcome } from '../pending/index.js';

/** What this module writes into the log. */
export interface DelegationEntries {
  /** The agent waits for the end of a child. */
  JOIN_STARTED: {
    readonly tick: number;
    readonly call: number;
    readonly child: string;
    readonly transition?: Transition;
  };
  /** The child ended; what came of it is what its delegator gets. In format 1, only a delegator that was waiting for it has one. */
  DELEGATION_RESULT: {
    readonly tick: number;
    readonly call: number;
    readonly child: string;
    readonly result: Outcome;
    readonly transition?: Transition;
  };
  /** The agent's token is void from here on; its own children's tokens were revoked before it. */
  TOKEN_REVOKED: { readonly reason: string };
}

declare module '../logging/entry.js' {
  interface EntryCatalogue extends DelegationEntries {}
}
