import type { ErrorRecord, OmniError } from '../errors/index.js';
import type { AgentRegistry, AgentType } from '../identity/index.js';
import { recordThrown } from '../json/index.js';
import type { LifecycleController } from '../lifecycle/index.js';
import type { Emit } from '../logging/index.js';
import type { AgentEndings, EndingsOptions } from './endings.js';

export interface FailureHandlerOptions {
  readonly agents: Pick<AgentRegistry<AgentType>, 'get' | 'has'>;
  readonly lifecycle: Pick<LifecycleController, 'stateOf' | 'decide'>;
  readonly endings: AgentEndings;
  readonly emit: Emit;
  /** The separate audit log. */
  readonly audit: (record: BreachRecord) => void;
  /** Tells an agent something from the kernel, if it can still be told. */
  readonly tell: EndingsOptions['tell'];
}

/** A breach with its context, for the audit log, the parent and the root. */
export interface BreachRecord {
  readonly agent: string;
  readonly tick: number;
  readonly error: ErrorRecord;
  /** The entry of the log that says so. */
  readonly busSeq: number;
}

/** Decides what a failure does to an agent, by its class. */
export class FailureHandler {
  readonly #options: FailureHandlerOptions;

  constructor(options: FailureHandlerOptions) {
    this.#options = options;
  }

  /** The program threw, or ran over a limit of the tick: the agent is FAULTED and its parent told. */
  programFailed(agent: string, tick: number, thrown: unknown): void {
    const error = recordThrown(thrown, 'PROGRAM_FAILED', `The program of agent "${agent}"`);
    this.#options.endings.fault(agent, tick, error);
  }

  /** The kernel itself ends the agent: a guard's hard limit faults it, a breach terminates it. */
  kernelEnded(agent: string, tick: number, error: OmniError): void {
    if (error.failureClass === 'INVARIANT_BREACH') this.breach(agent, tick, error);
    else this.programFailed(agent, tick, error);
  }

  /** INVARIANT_BREACH: TERMINATED at once, tokens revoked, recorded in the audit log, parent and root told. */
  breach(agent: string, tick: number, error: OmniError): void {
    const { agents, lifecycle, endings, emit, audit, tell } = this.#options;
    // The only place where an error is recorded as a breach.
    const described: ErrorRecord = { ...recordThrown(error, 'INVARIANT_BREACH', 'The kernel'), failureClass: 'INVARIANT_BREACH' };
    // As recorded: a replay may word it otherwise, and whoever is told has to see the same.
    const { busSeq, data: { error: breached } } = emit({ kind: 'INVARIANT_BREACHED', agent, data: { tick, error: described } });
    const record: BreachRecord = { agent, tick, error: breached, busSeq };
    audit(record);
    if (!agents.has(agent) || lifecycle.stateOf(agent) === 'TERMINATED') return;
    endings.endChildren(agent, 'its delegator broke an invariant');
    emit({ kind: 'TOKEN_REVOKED', agent, data: { reason: 'it broke an invariant' } });
    const transition = lifecycle.decide(agent, 'breach');
    emit({ kind: 'AGENT_TERMINATED', agent, data: { reason: 'breach', error: breached, transition } });
    endings.terminated(agent, breached);
    for (const ancestor of this.#parentAndRoot(agent)) tell(ancestor, 'breach', record);
  }

  #parentAndRoot(agent: string): ReadonlySet<string> {
    const { agents } = this.#options;
    const ancestors: string[] = [];
    for (let { parent } = agents.get(agent); parent !== null; { parent } = agents.get(parent)) ancestors.push(parent);
    return new Set([...ancestors.slice(0, 1), ...ancestors.slice(-1)]);
  }
}
