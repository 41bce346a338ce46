/**
 * How agents end, each way exactly once.
 *
 * 1. An agent's end ends everything below it first: tokens are revoked depth first, and before any further tick.
 * 2. Whoever waits for a child is told by an entry.
 * 3. After TERMINATED there is nothing (INV-09): tools are told to stop, results are stale.
 */
import { OmniError, type ErrorRecord } from '../errors/index.js';
import type { DelegationProtocol } from '../delegation/index.js';
import type { AgentIdentity, AgentRegistry, AgentType } from '../identity/index.js';
import { recordThrown, type Json } from '../json/index.js';
import type { LifecycleController, LifecycleState, LifecycleTrigger } from '../lifecycle/index.js';
import type { Emit } from '../logging/index.js';
import type { AgentOutcomes, Outcome, PendingOperations } from '../pending/index.js';
import type { ToolGate } from '../tools/index.js';

export interface EndingsOptions {
  readonly agents: Pick<AgentRegistry<AgentType>, 'get'>;
  readonly lifecycle: Pick<LifecycleController, 'stateOf' | 'decide'>;
  readonly pending: PendingOperations;
  readonly outcomes: Pick<AgentOutcomes, 'of'>;
  readonly delegation: Pick<DelegationProtocol, 'descendantsFirst'>;
  readonly gate: Pick<ToolGate, 'abortAll'>;
  readonly emit: Emit;
  /** Tells an agent something from the kernel, if it can still be told. */
  readonly tell: (agent: string, channel: string, body: unknown) => void;
}

/** The shortest way to TERMINATED from each state, by the triggers that the table has. */
const WAY_OUT: Readonly<Record<LifecycleState, readonly LifecycleTrigger[]>> = Object.freeze({
  DEFINED: [],
  SPAWNED: ['activate', 'error', 'abandon'],
  ACTIVE: ['error', 'abandon'],
  WAITING: ['error', 'abandon'],
  RESUMABLE: ['expire'],
  COMPLETING: ['error', 'abandon'],
  FAULTED: ['abandon'],
  RECOVERING: ['recovery_exhausted'],
  TERMINATED: [],
});

export class AgentEndings {
  readonly #options: EndingsOptions;

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  /** The program returned. */
  complete(agent: string, tick: number, result: Json): void {
    const { emit, lifecycle } = this.#options;
    emit({ kind: 'AGENT_COMPLETED', agent, data: { tick, result, transition: lifecycle.decide(agent, 'complete') } });
    this.endChildren(agent, 'its delegator completed');
    const transition = lifecycle.decide(agent, 'teardown_ok');
    emit({ kind: 'AGENT_TERMINATED', agent, data: { reason: 'completed', transition } });
    this.tellParent(agent, { ok: true, value: result });
  }

  /** The agent can't go on; it stays FAULTED until somebody recovers or abandons it. */
  fault(agent: string, tick: number, error: ErrorRecord): void {
    const { emit, lifecycle } = this.#options;
    if (lifecycle.stateOf(agent) === 'RESUMABLE') {
      // The table faults nobody who is suspended: an approval that comes meanwhile can end an agent all the same.
      const transition = lifecycle.decide(agent, 'resume');
      emit({ kind: 'AGENT_MOVED', agent, data: { reason: 'it can not go on', transition } });
    }
    const faulted = emit({ kind: 'AGENT_FAULTED', agent, data: { tick, error, transition: lifecycle.decide(agent, 'error') } });
    this.#stopTools(agent, error);
    this.endChildren(agent, 'its delegator faulted');
    this.tellParent(agent, { ok: false, error: faulted.data.error });
  }

  /** Revokes the tokens of all below an agent, the deepest first, and ends them. */
  endChildren(agent: string, reason: string): void {
    for (const descendant of this.#options.delegation.descendantsFirst(agent)) {
      if (descendant !== agent) this.revokeOne(descendant, reason);
    }
  }

  /** Revokes the token of an agent and of all below it. */
  revoke(agent: string, reason: string): void {
    for (const descendant of this.#options.delegation.descendantsFirst(agent)) this.revokeOne(descendant, reason);
  }

  revokeOne(agent: string, reason: string): void {
    const { lifecycle, emit } = this.#options;
    if (lifecycle.stateOf(agent) === 'TERMINATED') return;
    emit({ kind: 'TOKEN_REVOKED', agent, data: { reason } });
    const message = `The token of agent "${agent}" was revoked: ${reason}.`;
    this.#terminate(agent, new OmniError('TOKEN_INVALID', message, { details: { agent, reason } }));
  }

  /** The last word to a delegator that waits, or wants to know. */
  tellParent(agent: string, outcome: Outcome): void {
    const { agents, pending, outcomes, emit, tell } = this.#options;
    const { parent, monitor } = agents.get(agent);
    if (parent === null) return;
    for (const slot of pending.openSlots(parent)) {
      if (slot.kind !== 'DELEGATION' || slot.opened['child'] !== agent) continue;
      const result = delegationResult(agents.get(agent), outcome);
      const data = { tick: slot.tick, call: slot.call, child: agent, result, ...pending.resuming(parent, slot.call) };
      emit({ kind: 'DELEGATION_RESULT', agent: parent, data });
    }
    if (monitor === true && outcomes.of(parent) === undefined) tell(parent, 'exit', { agent, error: outcome.ok ? null : outcome.error.code });
  }

  /** Ends an agent from whatever state it is in; tick 0, since no tick of its own has done it. */
  #terminate(agent: string, cause: OmniError): void {
    const { lifecycle, emit } = this.#options;
    const state = lifecycle.stateOf(agent);
    let error = recordThrown(cause, 'PROGRAM_FAILED', `Agent "${agent}"`);
    for (const trigger of WAY_OUT[state]) {
      const transition = lifecycle.decide(agent, trigger);
      if (trigger === 'activate') emit({ kind: 'AGENT_ACTIVATED', agent, data: { transition } });
      // As recorded, here and below: a replay may word it otherwise, and the delegator has to see the same.
      else if (trigger === 'error') ({ error } = emit({ kind: 'AGENT_FAULTED', agent, data: { tick: 0, error, transition } }).data);
      else error = emit({ kind: 'AGENT_TERMINATED', agent, data: { reason: trigger, error, transition } }).data.error ?? error;
    }
    // Of a failure, all were told when it came.
    if (state !== 'FAULTED') this.terminated(agent, error);
  }

  /** What is left to do once an agent is TERMINATED by its own entry. */
  terminated(agent: string, error: ErrorRecord): void {
    this.#stopTools(agent, error);
    this.tellParent(agent, { ok: false, error });
  }

  #stopTools(agent: string, error: ErrorRecord): void {
    const message = `Agent "${agent}" has ended: ${error.message}`;
    this.#options.gate.abortAll(agent, new OmniError('TOOL_ABORTED', message, { details: { agent } }));
  }
}

/** What a delegator sees of its child's end: the result, or DELEGATION_FAILED with the child's own error inside. */
export function delegationResult(child: AgentIdentity, outcome: Outcome): Outcome {
  if (outcome.ok) return outcome;
  const { error } = outcome;
  return {
    ok: false,
    error: {
      code: 'DELEGATION_FAILED',
      failureClass: 'PERMANENT',
      message: `Agent "${child.id}" of type "${child.type}" failed with ${error.code}: ${error.message}`,
      details: { child: child.id, code: error.code },
      causes: [error.message, ...(error.causes ?? [])],
    },
  };
}
