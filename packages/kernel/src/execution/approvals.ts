import { OmniError } from '../errors/index.js';
import type { AgentRegistry, AgentType } from '../identity/index.js';
import { recordThrown, toJson, type Json } from '../json/index.js';
import type { Entry, Emit, Projection } from '../logging/index.js';
import type { Outcome, PendingOperations } from '../pending/index.js';
import { approvalTimeoutMs } from '../permissions/index.js';
import type { EscalationNeeded, Position } from './authority.js';
import type { Evaluated } from './engine.js';
import type { Instruction } from './instruction.js';
import type { Messenger } from './messenger.js';

/** A question that waits for somebody's answer. */
export interface Approval {
  /** `busSeq` of the entry that asked. */
  readonly id: number;
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  readonly action: string;
  readonly resource: string;
  readonly approver: 'parent' | 'operator';
  readonly instruction: Json;
  /** Milliseconds since the epoch; without an answer by then it is a deny. */
  readonly deadline: number;
}

export interface Decision {
  readonly approved: boolean;
  readonly reason?: string;
}

export interface ApprovalsOptions {
  readonly agents: Pick<AgentRegistry<AgentType>, 'get'>;
  readonly pending: PendingOperations;
  readonly messenger: Messenger;
  readonly emit: Emit;
  /** Carries out what was approved. */
  readonly perform: (instruction: Instruction, at: Position) => Evaluated;
}

/** ESCALATE: parks an instruction until a parent, an operator or the clock has decided; survives a restart. */
export class Approvals implements Projection {
  readonly #options: ApprovalsOptions;
  readonly #open = new Map<number, Approval>();

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /** All that wait, oldest first. */
  waiting(): readonly Approval[] {
    return [...this.#open.values()];
  }

  request(instruction: Instruction, at: Position, escalation: EscalationNeeded): void {
    const { agents, pending, messenger, emit } = this.#options;
    const { want, permission, policy } = escalation;
    const { agent, tick, call } = at;
    const { parent } = agents.get(agent);
    const approver = policy?.approver === 'parent' && parent !== null ? 'parent' : 'operator';
    const data = {
      tick, call, ...want, approver, permission,
      instruction: toJson(instruction),
      deadline: at.now + approvalTimeoutMs(policy),
      ...pending.waiting(agent, 'yield'),
    } as const;
    const { busSeq } = emit({ kind: 'APPROVAL_REQUESTED', agent, data });
    if (approver === 'operator' || parent === null) return;
    messenger.send({ from: agent, tick, to: parent, channel: 'approval', body: { approval: busSeq, agent, ...want }, permission });
  }

  /** Answers as an operator, or as the clock; throws `APPROVAL_NOT_FOUND`. */
  decide(id: number, decision: Decision, by: string): void {
    const approval = this.#open.get(id);
    if (approval === undefined) throw this.#notFound(id);
    const { agent, tick, call } = approval;
    const { approved, reason = '' } = decision;
    const answer = { approval: id, approved, by, reason, tick, call };
    const { emit, pending } = this.#options;
    if (!approved) {
      const result: Outcome = { ok: false, error: denied(approval, by, reason) };
      emit({ kind: 'APPROVAL_DECIDED', agent, data: { ...answer, result, ...pending.resuming(agent) } });
      return;
    }
    const { time } = emit({ kind: 'APPROVAL_DECIDED', agent, data: answer });
    this.#carryOut(approval, time);
  }

  /** Answers as the parent of the agent that asks; nobody else may (throws `PERMISSION_DENIED`). */
  decideAsParent(parent: string, id: number, decision: Decision): void {
    const approval = this.#open.get(id);
    if (approval === undefined) throw this.#notFound(id);
    if (approval.approver !== 'parent' || this.#options.agents.get(approval.agent).parent !== parent) {
      throw new OmniError('PERMISSION_DENIED', `Approval ${String(id)} is not for agent "${parent}" to decide.`, {
        details: { agent: parent, approval: id },
      });
    }
    this.decide(id, decision, parent);
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    if (entry.kind === 'APPROVAL_REQUESTED') {
      const { tick, call, action, resource, approver, instruction, deadline } = entry.data;
      const asked = { id: entry.busSeq, agent: entry.agent, tick, call, action, resource, approver, instruction, deadline };
      this.#open.set(entry.busSeq, Object.freeze(asked));
    } else if (entry.kind === 'APPROVAL_DECIDED') {
      this.#open.delete(entry.data.approval);
    } else if ((entry.kind === 'AGENT_TERMINATED' || entry.kind === 'AGENT_FAULTED') && this.#open.size > 0) {
      for (const { id, agent } of this.#open.values()) if (agent === entry.agent) this.#open.delete(id);
    }
  }

  /** An approved instruction either waits for what it started, or settles here and now. */
  #carryOut(approval: Approval, now: number): void {
    const { emit, pending, perform } = this.#options;
    const { agent, tick, call, id } = approval;
    const evaluated = perform(approval.instruction as Instruction, { agent, tick, call, now, approval: id });
    if (typeof evaluated === 'string') return;
    const result: Outcome = evaluated.ok
      ? { ok: true, value: toJson(evaluated.value === undefined ? null : evaluated.value) }
      : { ok: false, error: evaluated.error };
    emit({ kind: 'CALL_SETTLED', agent, data: { tick, call, result, ...pending.resuming(agent) } });
  }

  #notFound(id: number): OmniError {
    const open = [...this.#open.keys()].join(', ');
    return new OmniError(
      'APPROVAL_NOT_FOUND',
      `There is no open approval ${String(id)}. Open approvals: ${open === '' ? 'none' : open}.`,
      { details: { approval: id } },
    );
  }
}

function denied(approval: Approval, by: string, reason: string): ReturnType<typeof recordThrown> {
  const because = reason === '' ? '' : `: ${reason}`;
  const message = `Agent "${approval.agent}" may not ${approval.action} ${approval.resource}: ${by} did not approve it${because}.`;
  const details = { approval: approval.id, by, reason };
  return recordThrown(new OmniError('APPROVAL_DENIED', message, { details }), 'APPROVAL_DENIED', 'The approval');
}
