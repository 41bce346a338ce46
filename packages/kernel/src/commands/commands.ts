/**
 * What somebody outside may order: spawn, send, decide, suspend, resume, revoke, abandon.
 *
 * Each order is one entry that only an order makes, and what follows from it is worked out here and nowhere else: a replay
 * that meets the entry gives the same order, and so comes to the same consequences.
 */
import type { AgentEndings } from '../failure/index.js';
import type { AgentRegistry, AgentType } from '../identity/index.js';
import type { LifecycleController, LifecycleTrigger, Transition } from '../lifecycle/index.js';
import type { Emit } from '../logging/index.js';
import type { AgentOutcomes, PendingOperations } from '../pending/index.js';

export interface CommandsOptions {
  readonly agents: Pick<AgentRegistry<AgentType>, 'get'>;
  readonly lifecycle: Pick<LifecycleController, 'stateOf' | 'decide'>;
  readonly pending: Pick<PendingOperations, 'hasOpen'>;
  readonly outcomes: AgentOutcomes;
  readonly endings: AgentEndings;
  readonly emit: Emit;
}

/** A move that somebody outside the program asks for. */
export interface Move {
  readonly agent: string;
  readonly trigger: LifecycleTrigger;
  readonly reason: string;
}

export class Commands {
  readonly #options: CommandsOptions;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /** Takes an agent off the processor; throws `INVALID_TRANSITION` where the table has none. */
  suspend(agent: string, reason: string): void {
    this.#move({ agent, trigger: 'suspend', reason });
  }

  resume(agent: string, reason: string): void {
    this.#move({ agent, trigger: 'resume', reason });
    // It was suspended while it waited, and what it waits for is still to come.
    if (this.#options.pending.hasOpen(agent)) this.#move({ agent, trigger: 'yield', reason: 'still waiting' });
  }

  /** Voids the token of an agent and of all below it; nothing happens to one that has ended. */
  revoke(agent: string, by: 'operator' | 'deadline', reason: string): void {
    const { agents, lifecycle, emit, endings } = this.#options;
    agents.get(agent);
    if (lifecycle.stateOf(agent) === 'TERMINATED') return;
    emit({ kind: 'COMMAND_GIVEN', agent, data: { command: 'revoke', by, reason } });
    endings.revoke(agent, reason);
  }

  /** Ends a FAULTED agent for good. */
  abandon(agent: string, reason: string): void {
    const { emit, outcomes } = this.#options;
    const transition = this.#decide({ agent, trigger: 'abandon', reason });
    emit({ kind: 'COMMAND_GIVEN', agent, data: { command: 'abandon', by: 'operator', reason } });
    const outcome = outcomes.of(agent);
    const error = outcome?.ok === false ? { error: outcome.error } : {};
    emit({ kind: 'AGENT_TERMINATED', agent, data: { reason: reason === '' ? 'abandoned' : reason, ...error, transition } });
  }

  /** Records that an order led nowhere. */
  refuse({ agent, trigger, reason }: Move): void {
    const { lifecycle, emit } = this.#options;
    emit({ kind: 'TRANSITION_REFUSED', agent, data: { from: lifecycle.stateOf(agent), trigger, reason } });
  }

  #move(asked: Move): void {
    const transition = this.#decide(asked);
    this.#options.emit({ kind: 'AGENT_MOVED', agent: asked.agent, data: { reason: asked.reason, transition } });
  }

  /** A transition that the table does not have is recorded, and refused. */
  #decide(asked: Move): Transition {
    const { agents, lifecycle } = this.#options;
    agents.get(asked.agent);
    try {
      return lifecycle.decide(asked.agent, asked.trigger);
    } catch (thrown) {
      this.refuse(asked);
      throw thrown;
    }
  }
}
