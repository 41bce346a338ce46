import { fromErrorRecord, OmniError } from '../errors/index.js';
import { recordThrown, toJsonWithin, type Json } from '../json/index.js';
import type { Outcome } from '../pending/index.js';
import type { AgentDefinition } from '../programs/index.js';
import type { Approval, Decision, SpawnOptions } from '../syscalls/index.js';
import type { LifecycleState } from '../lifecycle/index.js';
import type { Subscriber } from './bus.js';
import type { KernelConfig, KernelHost } from './config.js';
import { openCalls, settleCall } from './recover.js';
import { agentSnapshot, snapshotOf, type AgentSnapshot, type Snapshot } from './snapshot.js';
import { kernelStopped, wire, type Wiring } from './wiring.js';

/** A spawned agent, from outside. */
export interface AgentHandle<Result = unknown> {
  readonly id: string;
  readonly state: LifecycleState;
  /** The program's result, once its last entry is durable; rejects with the error that faulted the agent. */
  result(): Promise<Result>;
}

/** Agents, tools and a log, put together: the kernel as its user sees it. */
export class OmniKernel {
  readonly mode = 'LIVE';
  readonly #wiring: Wiring;
  #stopping: Promise<void> | undefined;

  private constructor(wiring: Wiring) {
    this.#wiring = wiring;
    // The mode never changes (INV-17), whatever language a caller writes.
    Object.freeze(this);
  }

  /**
   * Opens the log and starts a kernel on it.
   *
   * Rejects with what the store finds (`LOG_CORRUPT`, `LOG_LOCKED`), with what recovery does (`REPLAY_DIVERGENCE`), and with
   * `LOG_NEEDS_RECOVERY` if agents of an earlier run have not ended and are not to go on.
   */
  static async boot(config: KernelConfig, host: KernelHost): Promise<OmniKernel> {
    return new OmniKernel(await wire(config, host));
  }

  /** Names this log and no other. */
  get logId(): string {
    return this.#wiring.logId;
  }

  /** Hash of the last entry: pin it, and nobody can cut the log's tail unseen. */
  get head(): string {
    return this.#wiring.log.head;
  }

  /** How many entries the log holds. */
  get entryCount(): number {
    return this.#wiring.log.nextSeq;
  }

  /** Everything up to this `busSeq` would survive a power cut. */
  get durableSeq(): number {
    return this.#wiring.log.durableSeq;
  }

  /** Starts an agent on the operator's authority; it may do what `grants` say, and nothing else. */
  spawn<Input, Result>(agent: AgentDefinition<Input, Result>, input: Input, options: SpawnOptions = {}): AgentHandle<Result> {
    const id = this.#command(({ spawner, drain }) => {
      const spawned = spawner.spawnRoot(agent.type, input, options);
      drain();
      return spawned;
    });
    return this.agent(id) as AgentHandle<Result>;
  }

  /** An agent by id, dead or alive; throws `AGENT_NOT_FOUND`. */
  agent(id: string): AgentHandle {
    const { state, scheduler } = this.#wiring;
    state.agents.get(id);
    return Object.freeze({
      id,
      get state(): LifecycleState {
        return state.lifecycle.stateOf(id);
      },
      result: async (): Promise<unknown> => {
        await scheduler.runAgentLoop(id);
        const outcome = state.outcomes.of(id);
        if (outcome?.ok === true) return outcome.value;
        throw outcome === undefined ? new OmniError('AGENT_TERMINATED', `Agent "${id}" ended without a result.`) : fromErrorRecord(outcome.error);
      },
    });
  }

  /** Puts a message into an agent's mailbox; throws `DEAD_LETTER`, `MAILBOX_FULL`. */
  send(to: string, body: unknown, channel = 'default'): void {
    if (typeof channel !== 'string') throw new TypeError(`The channel of a message is a ${typeof channel}; it must be a string.`);
    this.#command(({ messenger, drain }) => {
      messenger.send({ from: null, to, body, channel, permission: { decision: 'ALLOW', by: 'operator' } });
      drain();
    });
  }

  /** The requests that wait for somebody's answer. */
  approvals(): readonly Approval[] {
    return this.#wiring.approvals.waiting();
  }

  /** Approves or denies; `by` stands in the log. Throws `APPROVAL_NOT_FOUND`. */
  decide(approval: number, decision: Decision, by = 'operator'): void {
    this.#command(({ approvals, drain }) => {
      approvals.decide(approval, decision, { by, decider: 'operator' });
      drain();
    });
  }

  /**
   * The tool calls of an earlier kernel of which nobody knows whether they acted, and whose agents wait for somebody to say
   * (`unknownOutcomes: 'wait'`).
   */
  unknownCalls(): readonly UnknownCall[] {
    return openCalls(this.#wiring).map(({ agent, slot: { tick, call, opened, seq } }) => {
      const { tool, args } = opened as { readonly tool: string; readonly args: Json };
      return Object.freeze({ agent, tick, call, tool, args, intentSeq: seq });
    });
  }

  /** Says what came of such a call; `by` stands in the log. Throws `CALL_NOT_FOUND`. */
  settle(of: Pick<UnknownCall, 'agent' | 'tick' | 'call'>, outcome: SettledOutcome, by = 'operator'): void {
    this.#command((parts) => {
      const { agent, tick, call } = of;
      const found = openCalls(parts).find(({ agent: other, slot }) => other === agent && slot.tick === tick && slot.call === call);
      if (found === undefined) throw callNotFound(of, this.unknownCalls());
      settleCall(parts, { ...found, result: outcomeOf(outcome, parts.state.settings.limits.maxValueBytes), by });
      parts.drain();
    });
  }

  /** Takes an agent off the processor until it is resumed; results that arrive meanwhile are kept for it. */
  suspend(agent: string, reason = ''): void {
    this.#command(({ commands }) => { commands.suspend(agent, reason); });
  }

  resume(agent: string, reason = ''): void {
    this.#command(({ commands, drain }) => {
      commands.resume(agent, reason);
      drain();
    });
  }

  /** Voids the token of an agent and of all below it, the deepest first, and ends them before any further tick. */
  revoke(agent: string, reason: string): void {
    this.#command(({ commands, drain }) => {
      commands.revoke(agent, 'operator', reason);
      drain();
    });
  }

  /** Ends a FAULTED agent for good. */
  abandon(agent: string, reason = ''): void {
    this.#command(({ commands }) => { commands.abandon(agent, reason); });
  }

  /** All state, as plain data. */
  snapshot(): Snapshot {
    return snapshotOf(this.#wiring.state);
  }

  agentSnapshot(agent: string): AgentSnapshot {
    return agentSnapshot(this.#wiring.state, agent);
  }

  /** Tells of every entry at once, before it is durable; the answer unsubscribes. */
  subscribe(subscriber: Subscriber): () => void {
    return this.#wiring.bus.subscribe(subscriber);
  }

  /** Tells after every sync up to which `busSeq` the log is durable; the answer unsubscribes. */
  onDurable(listener: (durableSeq: number) => void): () => void {
    return this.#wiring.log.onDurable(listener);
  }

  /** Waits until everything so far is durable. */
  flush(): Promise<void> {
    return this.#wiring.log.flush();
  }

  /**
   * Stops: no further tick, tools told to stop, the log made durable and closed. Agents that have not ended are there when
   * the log is opened again. With `finishCalls`, calls under way that may not be repeated get to end first, so that nobody has to
   * find out what came of them; a later `stop()` without it cuts them off. A tool must not wait for it: it would wait for itself.
   */
  stop({ finishCalls = false }: { readonly finishCalls?: boolean } = {}): Promise<void> {
    if (this.#stopping === undefined) this.#stopping = this.#wiring.stop({ isAtRest: !this.#isBusy, finishCalls });
    else if (!finishCalls) this.#wiring.gate.stop(kernelStopped());
    return this.#stopping;
  }

  /** Whether the state is half one step and half the next. */
  get #isBusy(): boolean {
    const { bus, scheduler } = this.#wiring;
    return bus.isBusy || scheduler.isDraining;
  }

  /**
   * One command at a time, from outside: code that the kernel itself calls (a subscriber, a guard, a program) would
   * otherwise act on a state that is half one entry and half the next.
   */
  #command<Result>(perform: (parts: Wiring) => Result): Result {
    const { log, bus } = this.#wiring;
    if (log.failure !== undefined) throw log.failure;
    if (this.#stopping !== undefined) {
      throw new OmniError('KERNEL_STOPPED', 'The kernel was stopped. Start another one on the same log.');
    }
    if (this.#isBusy) throw busy();
    return bus.command(() => perform(this.#wiring));
  }
}

/** A tool call of an earlier kernel of which nobody knows whether it acted. */
export interface UnknownCall {
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  readonly tool: string;
  readonly args: Json;
  /** `busSeq` of the entry that says that it was going to be made. */
  readonly intentSeq: number;
}

/** What somebody says came of a call: its value, or an error that the program gets. */
export type SettledOutcome = { readonly value: unknown } | { readonly error: OmniError };

function outcomeOf(said: SettledOutcome, maxValueBytes: number): Outcome {
  if ('error' in said) return { ok: false, error: recordThrown(said.error, 'TOOL_FAILED', 'The call') };
  return { ok: true, value: toJsonWithin(said.value === undefined ? null : said.value, maxValueBytes, 'The outcome of the call') };
}

function callNotFound({ agent, tick, call }: Pick<UnknownCall, 'agent' | 'tick' | 'call'>, open: readonly UnknownCall[]): OmniError {
  const known = open.map((other) => `${other.agent}/${other.tick}/${other.call}`).join(', ');
  return new OmniError('CALL_NOT_FOUND', `There is no call ${agent}/${tick}/${call} whose outcome is unknown. Such calls: ${known === '' ? 'none' : known}.`, {
    details: { agent, tick, call },
  });
}

function busy(): OmniError {
  return new OmniError(
    'KERNEL_BUSY',
    'The kernel is in the middle of an entry, a tick or a command, and takes no other one from within it. Give it in a turn of its own: queueMicrotask(() => kernel.revoke(id)).',
  );
}
