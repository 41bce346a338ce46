import { OmniError } from '../errors/index.js';
import type { GrantAction, PermissionRecord } from '../identity/index.js';
import type { PermissionModel, Policy } from '../permissions/index.js';

/** Where in an agent's life an instruction stands. */
export interface Position {
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  /** Recorded time of the tick, milliseconds since the epoch. */
  readonly now: number;
  /** What the same instruction has been allowed so far, and is not recorded yet. */
  readonly spent?: readonly PermissionRecord[];
  /** The approvals under which the instruction is carried out: each is for what it was asked for, and nothing else. */
  readonly approvals?: readonly Approved[];
}

/** What somebody approved. */
export interface Approved {
  readonly approval: number;
  readonly action: string;
  readonly resource: string;
}

/** A policy wants somebody asked first; not an error, and no program sees it. */
export class EscalationNeeded extends Error {
  readonly want: { readonly action: GrantAction; readonly resource: string };
  readonly permission: PermissionRecord;
  readonly policy: Policy | undefined;

  constructor(want: EscalationNeeded['want'], permission: PermissionRecord, policy: Policy | undefined) {
    super(`${permission.by} asks for approval`);
    this.want = want;
    this.permission = permission;
    this.policy = policy;
  }
}

/** Asks the permission model on behalf of an instruction (INV-04). */
export class Authority {
  readonly #permissions: Pick<PermissionModel, 'evaluate'>;

  constructor(permissions: Pick<PermissionModel, 'evaluate'>) {
    this.#permissions = permissions;
  }

  /** What allows it, for the entry that records the action; throws `PERMISSION_DENIED`, or EscalationNeeded. */
  authorize(at: Position, action: GrantAction, resource: string): PermissionRecord {
    const { record, policy } = this.#permissions.evaluate(at.agent, { action, resource, now: at.now, ...(at.spent === undefined ? {} : { spent: at.spent }) });
    if (record.decision === 'ALLOW') return record;
    if (record.decision === 'ESCALATE') {
      const approved = at.approvals?.find((known) => known.action === action && known.resource === resource);
      if (approved !== undefined) return { decision: 'ALLOW', by: `approval ${approved.approval}` };
      throw new EscalationNeeded({ action, resource }, record, policy);
    }
    throw new OmniError(
      'PERMISSION_DENIED',
      `Agent "${at.agent}" may not ${action} ${resource} (${reasonText(record)}). Grant it with ${action}:${resource}, or a pattern that covers it.`,
      { details: { agent: at.agent, action, resource, permission: { ...record } } },
    );
  }
}

function reasonText(record: PermissionRecord): string {
  if (record.by === 'default') return 'no grant allows it';
  return record.by === 'token' ? 'its token is revoked or expired' : `denied by ${record.by}`;
}
