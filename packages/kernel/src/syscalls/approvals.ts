import { OmniError, type ErrorRecord } from '../errors/index.js';
import type { AgentRegistry, AgentType, GrantAction } from '../identity/index.js';
import { recordThrown, type Json, type JsonObject } from '../json/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';
import type { Outcome } from '../pending/index.js';
import { approvalTimeoutMs, type PermissionModel } from '../permissions/index.js';
import type { Approved, EscalationNeeded, Position } from './authority.js';
import type { Instruction } from '../programs/index.js';
import { carryOut, type CarryOutOptions } from './carry-out.js';
import { fatalIn } from './guard.js';
import type { Letter, Messenger } from './messenger.js';

/** A question that waits for somebody's answer. */
export interface Approval {
  /** `busSeq` of the entry that asked. */
  readonly id: number;
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  readonly action: GrantAction;
  readonly resource: string;
  readonly approver: 'parent' | 'operator';
  /** What was approved for the same instruction before. */
  readonly approved: readonly Approved[];
  readonly instruction: Json;
  /** Milliseconds since the epoch; without an answer by then it is a deny. */
  readonly deadline: number;
}

/** Who decided, as a replay has to know it: somebody outside, or an agent in a tick of its own. */
export type Decider = 'operator' | 'timeout' | { readonly agent: string; readonly tick: number; readonly call: number };

export interface Decision {
  readonly approved: boolean;
  readonly reason?: string;
}

export interface ApprovalsOptions extends CarryOutOptions {
  readonly agents: Pick<AgentRegistry<AgentType>, 'get'>;
  readonly permissions: Pick<PermissionModel, 'holds'>;
  readonly messenger: Messenger;
}

/** ESCALATE: parks an instruction until a parent, an operator or the clock has decided; survives a restart. */
export class Approvals implements Projection, Saved<readonly Approval[]> {
  readonly #options: ApprovalsOptions;
  readonly #open = new Map<number, Approval>();

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /** All that wait, oldest first. */
  waiting(): readonly Approval[] {
    return [...this.#open.values()];
  }

  /** Parks an instruction; it is JSON already, so that it can't be another one by the time that it is approved. */
  request(instruction: Instruction & JsonObject, at: Position, { want, permission, policy }: EscalationNeeded): void {
    const { agents, pending, note } = this.#options;
    const { agent, tick, call } = at;
    const { parent } = agents.get(agent);
    const approver = policy?.approver === 'parent' && parent !== null ? 'parent' : 'operator';
    const deadline = at.now + approvalTimeoutMs(policy);
    const approved = at.approvals === undefined ? {} : { approved: at.approvals };
    const waiting = pending.waiting(agent, 'yield');
    const data = { tick, call, ...want, approver, permission, ...approved, instruction, deadline, ...waiting } as const;
    const { busSeq } = note({ kind: 'APPROVAL_REQUESTED', agent, data });
    if (approver === 'operator' || parent === null) return;
    this.#tell({ from: agent, tick, to: parent, channel: 'approval', body: { approval: busSeq, agent, ...want }, permission }, call);
  }

  /** Answers as an operator, or as the clock; throws `APPROVAL_NOT_FOUND`. `by` is a note of who it was. */
  decide(id: number, decision: Decision, { by, decider }: { readonly by: string; readonly decider: Decider }): void {
    const { approved, reason = '' } = decision;
    if (typeof approved !== 'boolean' || typeof reason !== 'string' || typeof by !== 'string') {
      throw new TypeError('A decision says approved, true or false, and if you like a reason and by whom, as strings.');
    }
    const approval = this.#open.get(id);
    if (approval === undefined) throw this.#notFound(id);
    const { agent, tick, call } = approval;
    const answer = { approval: id, approved, decider, by, reason, tick, call };
    const { emit, pending } = this.#options;
    if (!approved) {
      const result: Outcome = { ok: false, error: approvalDenied(approval, by, reason) };
      emit({ kind: 'APPROVAL_DECIDED', agent, data: { ...answer, result, ...pending.resuming(agent, call) } });
      return;
    }
    const { time } = emit({ kind: 'APPROVAL_DECIDED', agent, data: answer });
    this.#carryOut(approval, time);
  }

  /**
   * Answers as the parent of the agent that asks; nobody else may, and nobody can approve what it is not granted itself
   * (throws `PERMISSION_DENIED`).
   */
  decideAsParent(parent: Position, id: number, decision: Decision): void {
    const approval = this.#open.get(id);
    if (approval === undefined) throw this.#notFound(id);
    const { agent, tick, call, now } = parent;
    const details = { agent, approval: id };
    if (approval.approver !== 'parent' || this.#options.agents.get(approval.agent).parent !== agent) {
      throw new OmniError('PERMISSION_DENIED', `Approval ${id} is not for agent "${agent}" to decide.`, { details });
    }
    const { action, resource } = approval;
    if (decision.approved && !this.#options.permissions.holds(agent, { action, resource, now })) {
      const message = `Agent "${agent}" may not approve ${action} ${resource}, since it is not granted that itself. Grant it, or let an operator decide.`;
      throw new OmniError('PERMISSION_DENIED', message, { details });
    }
    this.decide(id, decision, { by: agent, decider: { agent, tick, call } });
  }

  save(): readonly Approval[] {
    return [...this.#open.values()];
  }

  load(open: readonly Approval[]): void {
    for (const approval of open) this.#open.set(approval.id, approval);
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    if (entry.kind === 'APPROVAL_REQUESTED') {
      const { tick, call, action, resource, approver, instruction, deadline, approved = [] } = entry.data;
      const asked = { id: entry.busSeq, agent: entry.agent, tick, call, action, resource, approver, approved, instruction, deadline };
      this.#open.set(entry.busSeq, Object.freeze(asked));
    } else if (entry.kind === 'APPROVAL_DECIDED') {
      this.#open.delete(entry.data.approval);
    } else if (this.#open.size > 0 && MAY_END.has(entry.kind)) {
      // An agent that has ended waits for nothing any more, and a tool not for what it asked for.
      for (const { id, agent, tick, call } of this.#open.values()) {
        if (agent === entry.agent && this.#options.pending.find(agent, tick, call) === undefined) this.#open.delete(id);
      }
    }
  }

  /** A parent that can't be told can't answer; an operator still can, and the clock will. */
  #tell(letter: Letter & { readonly from: string; readonly tick: number }, call: number): void {
    const { messenger, note } = this.#options;
    try {
      messenger.send(letter);
    } catch (thrown) {
      if (fatalIn(thrown) !== undefined) throw thrown;
      const error = recordThrown(thrown, 'DEAD_LETTER', 'Asking for approval');
      note({ kind: 'REFUSED', agent: letter.from, data: { tick: letter.tick, call, op: 'SEND', error } });
    }
  }

  #carryOut({ agent, tick, call, id, action, resource, approved, instruction }: Approval, now: number): void {
    carryOut(instruction, { agent, tick, call, now, approvals: [...approved, { approval: id, action, resource }] }, this.#options);
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

const MAY_END: ReadonlySet<string> = new Set(['AGENT_TERMINATED', 'AGENT_FAULTED', 'TOOL_RESULT', 'TOOL_RETRIED']);

/** The error that an agent sees whose request was not approved. */
export function approvalDenied(approval: Pick<Approval, 'id' | 'agent' | 'resource'> & { readonly action: string }, by: string, reason: string): ErrorRecord {
  const because = reason === '' ? '' : `: ${reason}`;
  const message = `Agent "${approval.agent}" may not ${approval.action} ${approval.resource}: ${by} did not approve it${because}.`;
  const details = { approval: approval.id, by, reason };
  return recordThrown(new OmniError('APPROVAL_DENIED', message, { details }), 'APPROVAL_DENIED', 'The approval');
}
