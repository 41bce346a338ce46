import { OmniError } from '../errors/index.js';
import type { AgentIdentity, AgentRegistry, AgentType, PermissionRecord } from '../identity/index.js';
import { delegationResult, type AgentEndings } from '../failure/index.js';
import { isBefore, type Settings } from '../header/index.js';
import type { Emit } from '../logging/index.js';
import type { PendingOperations, AgentOutcomes } from '../pending/index.js';
import type { Approvals } from './approvals.js';
import type { Authority, Position } from './authority.js';
import type { Evaluated, DelegateInstruction, Instruction } from '../programs/index.js';
import { frozenCopy } from './frozen-copy.js';
import { requireBoolean, requireCount, requireString, requireText } from './require.js';
import type { Spawner } from './spawner.js';

export interface AgentSyscallsOptions {
  readonly agents: Pick<AgentRegistry<AgentType>, 'get'>;
  readonly authority: Authority;
  readonly spawner: Spawner;
  readonly outcomes: AgentOutcomes;
  readonly approvals: Approvals;
  readonly endings: Pick<AgentEndings, 'revoke'>;
  readonly pending: PendingOperations;
  readonly settings: Settings;
  readonly propose: Emit;
}

/** DELEGATE, JOIN, REVOKE and DECIDE. */
export class AgentSyscalls {
  readonly #options: AgentSyscallsOptions;

  constructor(options: AgentSyscallsOptions) {
    this.#options = options;
  }

  delegate(instruction: DelegateInstruction, at: Position): Evaluated {
    const { authority, spawner } = this.#options;
    const type = requireText(instruction.type, 'DELEGATE', 'type');
    const permission: PermissionRecord = authority.authorize(at, 'delegate', type);
    const child = spawner.spawnChild({
      type,
      input: instruction.input,
      asked: frozenCopy(instruction.options ?? {}),
      parent: at.agent,
      tick: at.tick,
      call: at.call,
      now: at.now,
      permission,
    });
    return instruction.join === true ? this.#waitFor(child, at) : { ok: true, value: child };
  }

  join(instruction: Instruction & { readonly op: 'JOIN' }, at: Position): Evaluated {
    const { outcomes, settings, propose } = this.#options;
    const child = this.#childOf(instruction, at);
    const outcome = outcomes.of(child.id);
    if (outcome === undefined) return this.#waitFor(child.id, at);
    const result = delegationResult(child, outcome);
    if (isBefore(2, settings)) return result;
    return propose({ kind: 'DELEGATION_RESULT', agent: at.agent, data: { tick: at.tick, call: at.call, child: child.id, result } }).data.result;
  }

  /** Ends a child and all below it; nothing happens to one that has ended. */
  revoke(instruction: Instruction & { readonly op: 'REVOKE' }, at: Position): Evaluated {
    const child = this.#childOf(instruction, at);
    const reason = requireString(instruction.reason ?? '', 'REVOKE', 'reason');
    this.#options.endings.revoke(child.id, reason === '' ? 'its delegator revoked it' : reason);
    return { ok: true, value: undefined };
  }

  decide(instruction: Instruction & { readonly op: 'DECIDE' }, at: Position): Evaluated {
    const { approvals } = this.#options;
    const approval = requireCount(instruction.approval, 'DECIDE', 'approval');
    approvals.decideAsParent(at, approval, {
      approved: requireBoolean(instruction.approved, 'DECIDE', 'approved'),
      reason: requireString(instruction.reason ?? '', 'DECIDE', 'reason'),
    });
    return { ok: true, value: undefined };
  }

  #childOf({ op, agent }: Instruction & { readonly op: 'JOIN' | 'REVOKE' }, at: Position): AgentIdentity {
    const child = this.#options.agents.get(requireText(agent, op, 'agent'));
    if (child.parent === at.agent) return child;
    throw new OmniError('PERMISSION_DENIED', `Agent "${child.id}" is no child of "${at.agent}", so neither its result nor its end is its to have.`, {
      details: { agent: at.agent, child: child.id },
    });
  }

  #waitFor(child: string, at: Position): Evaluated {
    const { pending, propose } = this.#options;
    const data = { tick: at.tick, call: at.call, child, ...pending.waiting(at.agent, 'yield') };
    propose({ kind: 'JOIN_STARTED', agent: at.agent, data });
    return 'DELEGATION';
  }
}
