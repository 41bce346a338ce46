import type { Json, JsonObject } from '../json/index.js';
import type { Transition } from '../lifecycle/index.js';
import type { CapabilityToken, Quota } from './identity.js';
import type { PermissionRecord } from './permission-record.js';

/** What this module writes into the log. */
export interface IdentityEntries {
  /** An agent came to be: by an operator (`parent` null) or by delegation, in the tick and call of its parent. */
  AGENT_SPAWNED: {
    readonly type: string;
    readonly parent: string | null;
    readonly delegation?: { readonly tick: number; readonly call: number; readonly permission: PermissionRecord };
    readonly program: { readonly version: string; readonly digest: string };
    readonly input: Json;
    /** Where the program's random numbers come from. */
    readonly seed: string;
    readonly token: CapabilityToken;
    readonly quota: Quota;
    readonly metadata: JsonObject;
    /** Its delegator gets a message on the channel `exit` when it ends. */
    readonly monitor?: true;
    readonly transition: Transition;
  };
  /** The program of the agent begins anew, in a life of which its history before this entry is no part any more. */
  AGENT_CONTINUED: {
    readonly tick: number;
    readonly program: { readonly version: string; readonly digest: string };
    readonly input: Json;
    readonly seed: string;
  };
}

declare module '../logging/entry.js' {
  interface EntryCatalogue extends IdentityEntries {}
}
