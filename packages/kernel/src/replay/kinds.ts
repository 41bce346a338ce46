import type { DelegationEntries } from '../delegation/index.js';
import type { HeaderEntries } from '../header/index.js';
import type { IdentityEntries } from '../identity/index.js';
import type { LifecycleEntries } from '../lifecycle/index.js';
import type { MemoryEntries } from '../memory/index.js';
import type { MessageEntries } from '../messages/index.js';
import type { SyscallEntries } from '../syscalls/index.js';
import type { ToolEntries } from '../tools/index.js';

/** Whether the kernel itself records this kind; the others are of extensions, and what their data mean is theirs to know. */
export function isKernelKind(kind: string): boolean {
  return Object.hasOwn(KERNEL_KINDS, kind);
}

type KernelKind = keyof (HeaderEntries &
  LifecycleEntries &
  IdentityEntries &
  MemoryEntries &
  MessageEntries &
  ToolEntries &
  DelegationEntries &
  SyscallEntries);

/** The compiler sees to it that none is missing. */
const KERNEL_KINDS: Readonly<Record<KernelKind, true>> = Object.freeze({
  AGENT_ACTIVATED: true,
  AGENT_COMPLETED: true,
  AGENT_CONTINUED: true,
  AGENT_FAULTED: true,
  AGENT_MOVED: true,
  AGENT_SPAWNED: true,
  AGENT_TERMINATED: true,
  APPROVAL_DECIDED: true,
  APPROVAL_REQUESTED: true,
  CALL_SETTLED: true,
  COMMAND_GIVEN: true,
  DELAY_ENDED: true,
  DELAY_STARTED: true,
  DELEGATION_RESULT: true,
  GUARD_WOKEN: true,
  INVARIANT_BREACHED: true,
  JOIN_STARTED: true,
  KERNEL_STARTED: true,
  LOG_OPENED: true,
  LOG_TAIL_CUT: true,
  MEMORY_DELETED: true,
  MEMORY_SET: true,
  MESSAGE_RECEIVED: true,
  MESSAGE_SENT: true,
  RECEIVE_STARTED: true,
  REFUSED: true,
  SCRATCH_CHECKPOINTED: true,
  SHARED_READ: true,
  SHARED_WRITTEN: true,
  SLEEP_STARTED: true,
  STALE_RESULT: true,
  TICK_MEASURED: true,
  TIMER_FIRED: true,
  TOKEN_REVOKED: true,
  TOOL_ATTEMPTED: true,
  TOOL_CALLED: true,
  TOOL_PROGRESS: true,
  TOOL_RESULT: true,
  TOOL_RETRIED: true,
  TRANSITION_REFUSED: true,
  VERSION_CHOSEN: true,
});
