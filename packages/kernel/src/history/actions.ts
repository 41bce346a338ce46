/** Which entries are something that an agent did and was permitted to, pure. */
import type { GrantAction, PermissionRecord } from '../identity/index.js';
import type { Entry, Proposal } from '../logging/index.js';
import { sharedResource } from '../memory/index.js';
import type { PendingOperations } from '../pending/index.js';

/** Something that an agent was permitted to do. */
export interface Action {
  readonly action: GrantAction;
  readonly resource: string;
  readonly recorded: PermissionRecord;
}

/** The agent that an entry is the doing of: a spawn is its delegator's. */
export function actorOf(entry: Entry): string | null {
  return entry.kind === 'AGENT_SPAWNED' ? entry.data.parent : entry.agent;
}

export function tickOf({ kind, data }: Entry): number {
  return kind === 'AGENT_SPAWNED' ? (data.delegation?.tick ?? 0) : ((data as { readonly tick?: number }).tick ?? 0);
}

/** What had to be permitted for this entry, in the order in which it was asked: none for most, several for a call with secrets. */
export function actionsIn(entry: Entry): readonly Action[] {
  const { kind, data } = entry;
  switch (kind) {
    case 'TOOL_CALLED':
      return [
        { action: 'call', resource: data.tool, recorded: data.permission },
        ...Object.entries(data.secrets ?? {}).map(([name, recorded]) => ({ action: 'read', resource: `secret:${name}`, recorded }) as const),
      ];
    case 'SHARED_READ':
      return [{ action: 'read', resource: sharedResource(data.namespace, data.key), recorded: data.permission }];
    case 'SHARED_WRITTEN':
      return [{ action: 'write', resource: sharedResource(data.namespace, data.key), recorded: data.permission }];
    case 'MESSAGE_SENT':
      // The kernel asks a parent for approval in its child's name, on no permission of the child's.
      return entry.agent === null || data.permission.decision !== 'ALLOW' ? [] : [{ action: 'send', resource: data.to, recorded: data.permission }];
    case 'AGENT_SPAWNED':
      return data.delegation === undefined ? [] : [{ action: 'delegate', resource: data.type, recorded: data.delegation.permission }];
    default:
      return [];
  }
}

const PROPOSED: ReadonlySet<string> = new Set([
  'DELAY_STARTED',
  'JOIN_STARTED',
  'MEMORY_DELETED',
  'MEMORY_SET',
  'RECEIVE_STARTED',
  'SHARED_READ',
  'SHARED_WRITTEN',
  'SLEEP_STARTED',
]);

const NOTED: ReadonlySet<string> = new Set(['AGENT_CONTINUED', 'APPROVAL_REQUESTED', 'REFUSED', 'SCRATCH_CHECKPOINTED', 'VERSION_CHOSEN']);

/** What guards were asked about: of a call that had to wait, the call. */
export function proposalOf(entry: Entry): Proposal {
  const { kind, agent, data } = entry;
  if (kind !== 'DELAY_STARTED') return { kind, agent, data } as Proposal;
  const { tick, call, by, reserved, instruction: { tool, args } } = data;
  return { kind: 'TOOL_CALLED', agent, data: { tick, call, tool, args, permission: { decision: 'ALLOW', by }, ...(reserved === undefined ? {} : { reserved }) } };
}

/** Whether guards were asked about it as a note of the kernel's. */
export function isNote({ kind }: Entry): boolean {
  return NOTED.has(kind);
}

/** Whether guards were asked about an entry: it is a program's doing. `pending` is what agents waited for before it. */
export function isProposal(entry: Entry, pending: Pick<PendingOperations, 'find'>): boolean {
  const { kind, agent, data } = entry;
  if (agent === null) return false;
  if (kind === 'AGENT_SPAWNED') return data.parent !== null;
  // Of a call that had to wait, the wait was.
  if (kind === 'TOOL_CALLED') return pending.find(agent, data.tick, data.call)?.kind !== 'TIMER';
  // To one that waits for it, a message or a result is handed over.
  if (kind === 'MESSAGE_RECEIVED' || kind === 'DELEGATION_RESULT') return data.call === undefined || pending.find(agent, data.tick, data.call) === undefined;
  return kind === 'MESSAGE_SENT' || PROPOSED.has(kind);
}
