import { OmniError, toErrorRecord } from '../errors/index.js';
import type { Commands } from '../commands/index.js';
import type { Emit } from '../logging/index.js';
import type { AgentOutcomes, Outcome, PendingOperations, Slot } from '../pending/index.js';
import type { PermissionModel } from '../permissions/index.js';
import type { Ports } from '../ports/index.js';
import type { ToolGate } from '../tools/index.js';
import type { Approvals, Delays } from '../syscalls/index.js';
import type { Deadline, Deadlines } from './deadlines.js';

export interface AlarmOptions {
  readonly deadlines: Deadlines;
  readonly pending: PendingOperations;
  readonly permissions: Pick<PermissionModel, 'isRevoked'>;
  readonly approvals: Approvals;
  readonly delays: Delays;
  readonly outcomes: AgentOutcomes;
  /** Asks guards about an agent, at a moment that one of them has set. */
  readonly wake: (agent: string) => void;
  readonly commands: Pick<Commands, 'revoke'>;
  readonly gate: Pick<ToolGate, 'retry'>;
  readonly ports: Pick<Ports, 'clock' | 'timers'>;
  readonly emit: Emit;
  /** Lets the agents go on that a deadline has woken. */
  readonly drain: () => void;
  /** Told of a deadline that can't be kept: nobody above a timer would hear of it. */
  readonly failed: (thrown: unknown) => void;
}

/** Turns deadlines into entries when their time has come: one timer, for the earliest. */
export class Alarm {
  readonly #options: AlarmOptions;
  #armedFor = Infinity;
  #cancel: (() => void) | undefined;

  constructor(options: AlarmOptions) {
    this.#options = options;
  }

  /** To be called after entries that may have set a deadline; costs a comparison when nothing changed. */
  arm(): void {
    const at = this.#options.deadlines.next()?.at ?? Infinity;
    if (at >= this.#armedFor) return;
    this.#cancel?.();
    this.#armedFor = at;
    const { clock, timers } = this.#options.ports;
    this.#cancel = timers.set(Math.max(0, at - clock.now()), () => { this.#ring(); });
  }

  stop(): void {
    this.#cancel?.();
    this.#armedFor = -Infinity;
  }

  #ring(): void {
    const { deadlines, ports, drain, failed } = this.#options;
    this.#armedFor = Infinity;
    try {
      for (let due = deadlines.takeDue(ports.clock.now()); due !== undefined; due = deadlines.takeDue(ports.clock.now())) {
        this.#fire(due);
      }
      drain();
      this.arm();
    } catch (thrown) {
      failed(thrown);
    }
  }

  #fire({ agent, tick, call, seq }: Deadline): void {
    if (call === undefined) {
      // A token is there before the first tick, a guard's record is not.
      if (tick === 0) this.#expire(agent);
      else if (this.#options.outcomes.of(agent) === undefined) this.#options.wake(agent);
      return;
    }
    const slot = this.#options.pending.find(agent, tick, call);
    // An approval's deadline means nothing to the call that was approved.
    if (slot === undefined || seq < slot.seq) return;
    switch (slot.kind) {
      case 'TOOL':
        this.#retry(agent, slot);
        break;
      case 'TIMER':
        if (!this.#options.delays.end(agent, tick, call)) this.#settle(agent, slot, timerOutcome(agent, slot));
        break;
      case 'MESSAGE':
        this.#settle(agent, slot, timerOutcome(agent, slot));
        break;
      case 'APPROVAL':
        this.#options.approvals.decide(slot.seq, { approved: false, reason: 'no answer in time' }, { by: 'timeout', decider: 'timeout' });
        break;
      default:
    }
  }

  #settle(agent: string, { tick, call }: Slot, result: Outcome): void {
    const { emit, pending } = this.#options;
    emit({ kind: 'TIMER_FIRED', agent, data: { tick, call, result, ...pending.resuming(agent) } });
  }

  /** On record before the tool runs again: after a crash, nobody could tell otherwise whether it did. */
  #retry(agent: string, slot: Slot): void {
    const { emit, gate } = this.#options;
    if (!slot.isBackingOff) return;
    const { tick, call, opened, attempt } = slot;
    const { busSeq } = emit({ kind: 'TOOL_ATTEMPTED', agent, data: { tick, call, tool: opened['tool'] as string, attempt: attempt + 1 } });
    gate.retry({ agent, tick, call, seq: busSeq });
  }

  #expire(agent: string): void {
    const { permissions, commands } = this.#options;
    if (!permissions.isRevoked(agent)) commands.revoke(agent, 'deadline', 'it expired');
  }
}

/** What a call gets whose time has come: a sleep is over, a wait for a message was in vain. */
export function timerOutcome(agent: string, { kind }: Pick<Slot, 'kind'>): Outcome {
  return kind === 'TIMER' ? { ok: true, value: null } : { ok: false, error: toErrorRecord(noMessage(agent)) };
}

function noMessage(agent: string): OmniError {
  return new OmniError('RECEIVE_TIMEOUT', `Agent "${agent}" waited for a message, and none that it wanted came in time.`);
}
