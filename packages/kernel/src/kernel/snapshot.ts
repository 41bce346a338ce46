import type { CapabilityToken, Quota } from '../identity/index.js';
import { deepFreeze, type Json, type JsonObject } from '../json/index.js';
import type { LifecycleState } from '../lifecycle/index.js';
import type { Versioned } from '../memory/index.js';
import type { Outcome, PendingKind, Slot } from '../pending/index.js';
import type { KernelState } from './state.js';

/** One agent as the log has it at some point. */
export interface AgentSnapshot {
  readonly id: string;
  readonly type: string;
  readonly parent: string | null;
  readonly children: readonly string[];
  readonly state: LifecycleState;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly quota: Quota;
  readonly metadata: JsonObject;
  readonly token: CapabilityToken;
  readonly isRevoked: boolean;
  readonly memory: Readonly<Record<string, Json>>;
  readonly scratch: Readonly<Record<string, Json>>;
  /** Messages that wait to be received. */
  readonly mailboxSize: number;
  readonly waitingFor: readonly Waiting[];
  /** How it ended, if it has. */
  readonly outcome?: Outcome;
}

/** Something that an agent waits for. */
export interface Waiting {
  readonly kind: PendingKind;
  readonly tick: number;
  readonly call: number;
  /** `busSeq` of the entry with which that began. */
  readonly since: number;
  /** Of all but a tool call; milliseconds since the epoch. */
  readonly deadline?: number;
  /** Of a tool call: what was called, and whether it is between two attempts, so that the outcome of the last one is known. */
  readonly toolCall?: { readonly tool: string; readonly args: Json; readonly isBackingOff: boolean };
}

/** All state at one point of a log. */
export interface Snapshot {
  readonly agents: readonly AgentSnapshot[];
  readonly shared: Readonly<Record<string, Readonly<Record<string, Versioned>>>>;
}

/** Reads the state out, as plain frozen data: nothing in it leads back into the kernel. */
export function snapshotOf(state: KernelState): Snapshot {
  const { agents, shared } = state;
  const namespaces = shared.namespaces().map((namespace) => {
    const values = shared.keys(namespace).map((key) => [key, shared.get(namespace, key)] as const);
    return [namespace, Object.fromEntries(values)] as const;
  });
  return deepFreeze({
    agents: [...agents.all()].map(({ id }) => agentSnapshot(state, id)),
    shared: Object.fromEntries(namespaces),
  });
}

function waitingOf({ kind, tick, call, seq, opened, isBackingOff }: Slot): Waiting {
  const waiting = { kind, tick, call, since: seq };
  const { deadline } = opened as { readonly deadline?: number };
  if (kind !== 'TOOL') return deadline === undefined ? waiting : { ...waiting, deadline };
  const { tool, args } = opened as { readonly tool: string; readonly args: Json };
  return { ...waiting, toolCall: { tool, args, isBackingOff } };
}

export function agentSnapshot(state: KernelState, id: string): AgentSnapshot {
  const { agents, lifecycle, permissions, persistent, ephemeral, mailboxes, pending, outcomes } = state;
  const outcome = outcomes.of(id);
  return deepFreeze({
    ...agents.get(id),
    children: [...agents.childrenOf(id)],
    state: lifecycle.stateOf(id),
    token: permissions.tokenOf(id),
    isRevoked: permissions.isRevoked(id),
    memory: Object.fromEntries(persistent.keys(id).map((key) => [key, persistent.get(id, key)!])),
    scratch: ephemeral.checkpointOf(id),
    mailboxSize: mailboxes.waiting(id).length,
    waitingFor: pending.openSlots(id).map(waitingOf),
    ...(outcome === undefined ? {} : { outcome }),
  });
}
