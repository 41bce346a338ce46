/**
 * What reaches a kernel from outside, told from what follows from it: an input begins a step of the machine, and everything
 * up to the next one is worked out again.
 *
 * Whatever an input's entry holds that the kernel itself had decided (a transition, the error of a denial) is decided anew, and so
 * compared.
 */
import type { Commands } from '../commands/index.js';
import type { OmniError } from '../errors/index.js';
import type { AgentEndings } from '../failure/index.js';
import { isSameJson } from '../json/index.js';
import type { Emit, Entry, RawEntry } from '../logging/index.js';
import type { PendingKind, PendingOperations } from '../pending/index.js';
import type { Scheduler } from '../execution/index.js';
import type { Approvals, Delays, Messenger, Spawner } from '../syscalls/index.js';

export interface InputsOptions {
  readonly commands: Commands;
  readonly spawner: Spawner;
  readonly messenger: Messenger;
  readonly approvals: Approvals;
  readonly delays: Delays;
  readonly scheduler: Pick<Scheduler, 'wake'>;
  readonly pending: PendingOperations;
  readonly emit: Emit;
  /** Ends the replay at the entry that comes next, since nothing leads to it. */
  readonly diverge: (because: string) => OmniError;
}

type Perform = (entry: Entry, options: InputsOptions) => void;

/** Recorded as it is: the kernel decides nothing about it. */
const asRecorded: Perform = ({ kind, agent, data }, { emit }) => {
  emit({ kind, agent, data });
};

/** By kind; only those that are here can be inputs, and {@link isInput} says which of them are. */
const INPUTS: Readonly<Record<string, Perform>> = {
  LOG_OPENED: asRecorded,
  KERNEL_STARTED: asRecorded,
  LOG_TAIL_CUT: asRecorded,
  STALE_RESULT: asRecorded,
  TOOL_RETRIED: asRecorded,
  TOOL_ATTEMPTED: asRecorded,
  TOOL_RESULT: settling(['TOOL']),
  TIMER_FIRED: settling(['TIMER', 'MESSAGE']),
  AGENT_SPAWNED: (entry, { spawner }) => { spawner.spawnRecorded(entry as Entry & { kind: 'AGENT_SPAWNED'; agent: string }); },
  MESSAGE_SENT: (entry, { messenger }) => {
    const { to, channel, body, permission } = (entry as Entry & { kind: 'MESSAGE_SENT' }).data;
    messenger.send({ from: null, to, channel, body, permission });
  },
  APPROVAL_DECIDED: (entry, { approvals }) => {
    const { approval, approved, reason, by, decider } = (entry as Entry & { kind: 'APPROVAL_DECIDED' }).data;
    approvals.decide(approval, { approved, reason }, { by, decider });
  },
  COMMAND_GIVEN: (entry, { commands }) => {
    const { agent, data } = entry as Entry & { kind: 'COMMAND_GIVEN'; agent: string };
    if (data.command === 'revoke') commands.revoke(agent, data.by, data.reason);
    else commands.abandon(agent, data.reason);
  },
  AGENT_MOVED: (entry, { commands, diverge }) => {
    const { agent, data: { transition, reason } } = entry as Entry & { kind: 'AGENT_MOVED'; agent: string };
    if (transition.trigger === 'suspend') commands.suspend(agent, reason);
    else if (transition.trigger === 'resume') commands.resume(agent, reason);
    else throw diverge(`Nobody can order "${transition.trigger}".`);
  },
  DELAY_ENDED: (entry, { delays, diverge }) => {
    const { agent, data: { tick, call } } = entry as Entry & { kind: 'DELAY_ENDED'; agent: string };
    if (!delays.end(agent, tick, call)) throw diverge('No call waits for it.');
  },
  GUARD_WOKEN: ({ agent }, { scheduler }) => { scheduler.wake(agent!); },
  TRANSITION_REFUSED: (entry, { commands }) => {
    const { agent, data } = entry as Entry & { kind: 'TRANSITION_REFUSED'; agent: string };
    commands.refuse({ agent, trigger: data.trigger, reason: data.reason });
  },
};

/** Whether an entry that nothing before it has led to came from outside; otherwise a tick made it. */
export function isInput({ kind, agent, data }: RawEntry): boolean {
  if (kind === 'AGENT_SPAWNED') return data['parent'] === null;
  if (kind === 'MESSAGE_SENT') return agent === null;
  if (kind === 'APPROVAL_DECIDED') return typeof data['decider'] === 'string';
  return Object.hasOwn(INPUTS, kind);
}

/**
 * Whether an entry is an input wherever it stands: the step before it is complete. The kernel moves agents and sends messages
 * of its own within a step, too.
 */
export function isSurelyInput(entry: RawEntry): boolean {
  return isInput(entry) && entry.kind !== 'AGENT_MOVED' && entry.kind !== 'MESSAGE_SENT';
}

/** Does again what an input did. */
export function performInput(entry: RawEntry, options: InputsOptions): void {
  INPUTS[entry.kind]!(entry as unknown as Entry, options);
}

/**
 * Does what follows when the program of an agent has come to its end, without that program: its last entry says all that is
 * needed. False for an entry that no program ends with.
 */
export function performEnd(entry: RawEntry, endings: AgentEndings): boolean {
  const { kind, agent, data } = entry as unknown as Entry;
  if (agent === null || (kind !== 'AGENT_COMPLETED' && kind !== 'AGENT_FAULTED')) return false;
  if (kind === 'AGENT_COMPLETED') endings.complete(agent, data.tick, data.result);
  else endings.fault(agent, data.tick, data.error);
  return true;
}

/** A result for a call that waits for one; what becomes of the agent is decided anew. */
function settling(kinds: readonly PendingKind[]): Perform {
  return ({ kind, agent, data }, { emit, pending, diverge }) => {
    const { tick, call, transition } = data as { readonly tick: number; readonly call: number; readonly transition?: unknown };
    const slot = agent === null ? undefined : pending.find(agent, tick, call);
    if (agent === null || slot === undefined || !kinds.includes(slot.kind)) throw diverge('No call waits for it.');
    const decided = pending.resuming(agent);
    emit({ kind, agent, data: isSameJson(decided.transition, transition) ? data : withTransition(data, decided) } as never);
  };
}

function withTransition(data: object, decided: ReturnType<PendingOperations['resuming']>): object {
  const recorded = Object.entries(data).filter(([name]) => name !== 'transition');
  return { ...Object.fromEntries(recorded), ...decided };
}
