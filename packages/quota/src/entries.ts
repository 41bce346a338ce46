/** What a limit says when it is met. */
interface Met {
  readonly tick: number;
  readonly resource: string;
  /** Whose limit it is: the agent of the entry, or one above it. */
  readonly who: string;
  /** What has been used before, reservations included; in the unit of the resource's name. */
  readonly used: number;
  /** What was asked for on top of it; 0 for what is only measured. */
  readonly asked: number;
}

/** What this package writes into the log. */
export interface QuotaEntries {
  /** A hard limit: what the agent asked for is refused, and the agent is FAULTED. */
  QUOTA_EXCEEDED: Met & { readonly limit: number };
  /** A soft limit: once for each. */
  QUOTA_WARNED: Met & { readonly soft: number; readonly limit: number };
  /** The agent is asked about at `deadline` (milliseconds since the epoch), since its time is limited. */
  QUOTA_DEADLINE_SET: { readonly tick: number; readonly deadline: number };
}

declare module '@omnipaw/kernel' {
  interface EntryCatalogue extends QuotaEntries {}
}
