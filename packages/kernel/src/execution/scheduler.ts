/**
 * Runs ready agents, one tick at a time.
 *
 * 1. The ready queue is first in, first out, and changes by entries and ticks alone, so the log determines it.
 * 2. One tick runs at a time in a kernel (INV-21), and so for an agent (INV-03); `drain` never recurses.
 * 3. Between the entry that makes an agent ready and its tick lies no await; the loop pauses only to let the disk and
 *    the event loop keep up.
 */
import { OmniError } from '../errors/index.js';
import type { AgentEndings, FailureHandler } from '../failure/index.js';
import type { AgentRegistry } from '../identity/index.js';
import type { InvariantChecker } from '../invariants/index.js';
import { toJsonWithin, type Json } from '../json/index.js';
import type { LifecycleController } from '../lifecycle/index.js';
import type { Emit, Entry, ExecutionLogger, Projection } from '../logging/index.js';
import type { EphemeralStore } from '../memory/index.js';
import type { PendingOperations } from '../pending/index.js';
import type { PermissionModel } from '../permissions/index.js';
import type { Ports } from '../ports/index.js';
import { Queue } from '../queue/index.js';
import { AgentContext, type ProcessClock } from './context.js';
import type { Awaiting, TickEngine, TickInput, TickOutput } from './engine.js';
import type { InstructionEvaluator } from './evaluator.js';
import type { Observers, TickInfo } from './observer.js';
import type { AgentOutcomes } from './outcomes.js';
import type { AgentDefinition, Process } from './program.js';
import { SeededRandom } from './random.js';

export interface SchedulerOptions {
  readonly agents: AgentRegistry<AgentDefinition>;
  readonly lifecycle: LifecycleController;
  readonly permissions: PermissionModel;
  readonly pending: PendingOperations;
  readonly ephemeral: EphemeralStore;
  readonly outcomes: AgentOutcomes;
  readonly endings: AgentEndings;
  readonly failures: FailureHandler;
  readonly invariants: InvariantChecker;
  readonly engine: TickEngine;
  readonly evaluator: InstructionEvaluator;
  readonly observers: Observers;
  readonly log: ExecutionLogger;
  readonly ports: Pick<Ports, 'timers'>;
  readonly emit: Emit;
  /** Called whenever ticks have run. */
  readonly drained: () => void;
  readonly maxStepsPerTick: number;
  readonly maxValueBytes: number;
}

/** A process between and during its ticks; what the engine needs of it is made once. */
interface Running {
  readonly clock: ProcessClock;
  readonly input: TickInput & { awaiting: Awaiting | undefined };
  tick: number;
}

/** Somebody who waits for an agent's end. */
interface Loop {
  readonly resolve: () => void;
  readonly reject: (error: OmniError) => void;
}

interface Ready {
  readonly agent: string;
  /** Recorded time of the entry that made it ready: the `now` of its tick. */
  readonly now: number;
}

/** So many ticks in a row, and everybody else on the event loop gets a turn. */
const TICKS_PER_TURN = 1_000;

export class Scheduler implements Projection {
  readonly #options: SchedulerOptions;
  readonly #ready = new Queue<Ready>();
  readonly #running = new Map<string, Running>();
  readonly #births = new Map<string, { readonly input: Json; readonly seed: string }>();
  readonly #loops = new Map<string, Loop[]>();
  readonly #watchesTicks: boolean;
  readonly #watchesLoops: boolean;
  #isDraining = false;
  #isTurnScheduled = false;
  #inTick: string | undefined;
  #stoppedBy: OmniError | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#watchesTicks = options.observers.watches('aroundTick');
    this.#watchesLoops = options.observers.watches('aroundAgentLoop');
  }

  /** Whether ticks are running right now. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Drives one agent to its end, and resolves once that end is durable; rejects when the kernel stops before it. */
  runAgentLoop(agent: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const loop = { resolve, reject };
      const loops = this.#loops.get(agent);
      if (this.#stoppedBy !== undefined) this.#answerStopped(agent, loop, this.#stoppedBy);
      else if (loops !== undefined) loops.push(loop);
      else {
        this.#loops.set(agent, [loop]);
        if (this.#options.outcomes.of(agent) !== undefined) this.#resolveWhenDurable(agent, this.#options.log.nextSeq - 1);
      }
    });
  }

  apply(entry: Entry): void {
    const { agent } = entry;
    if (agent === null) return;
    const { transition } = entry.data as { readonly transition?: { readonly to: string } };
    if (transition === undefined) return;
    if (transition.to === 'ACTIVE') this.#ready.push({ agent, now: entry.time });
    if (entry.kind === 'AGENT_ACTIVATED' && this.#watchesLoops) this.#watch(agent);
    if (entry.kind === 'AGENT_SPAWNED') this.#births.set(agent, { input: entry.data.input, seed: entry.data.seed });
    else if (entry.kind === 'AGENT_TERMINATED' || entry.kind === 'AGENT_FAULTED') this.#ended(agent, entry.busSeq);
  }

  /** Runs ticks until nobody is ready. Synchronous; calling it from within a tick does nothing. */
  drain(): void {
    if (this.#isDraining || this.#stoppedBy !== undefined) return;
    this.#isDraining = true;
    try {
      let ticksLeft = TICKS_PER_TURN;
      while (this.#ready.size > 0 && ticksLeft > 0 && !this.#isHeldUp) {
        const next = this.#ready.shift();
        if (next !== undefined) this.#runOne(next);
        ticksLeft--;
      }
    } finally {
      this.#isDraining = false;
    }
    this.#options.drained();
    if (this.#ready.size > 0) this.#continueLater();
  }

  /** No tick runs any more; whoever waits for an agent's end is told, unless its end is still on its way to the disk. */
  stop(error: OmniError): void {
    this.#stoppedBy = error;
    this.#ready.clear();
    for (const [agent, loops] of this.#loops) {
      if (this.#options.outcomes.of(agent) !== undefined && this.#options.log.failure === undefined) continue;
      for (const { reject } of loops) reject(error);
      this.#loops.delete(agent);
    }
  }

  /** After a stop, the end of an agent is known if it is in the log, and that is durable: stopping has seen to it. */
  #answerStopped(agent: string, loop: Loop, error: OmniError): void {
    if (this.#options.outcomes.of(agent) === undefined || this.#options.log.failure !== undefined) loop.reject(error);
    else loop.resolve();
  }

  #resolveWhenDurable(agent: string, busSeq: number): void {
    this.#options.log.afterDurable(busSeq, () => {
      const loops = this.#loops.get(agent) ?? [];
      this.#loops.delete(agent);
      for (const { resolve } of loops) resolve();
    });
  }

  /** A tick may have stopped the kernel, or run too far ahead of the disk. */
  get #isHeldUp(): boolean {
    return this.#stoppedBy !== undefined || this.#options.log.isBacklogged;
  }

  /** Lets observers around the whole life of an agent; a life that the kernel's stop cuts short is over for them, too. */
  #watch(agent: string): void {
    const { type, parent } = this.#options.agents.get(agent);
    const life = (): Promise<void> => this.runAgentLoop(agent).catch(() => undefined);
    void this.#options.observers.agentLoop({ agent, type, parent }, life);
  }

  #continueLater(): void {
    if (this.#isTurnScheduled) return;
    this.#isTurnScheduled = true;
    this.#options.ports.timers.defer(() => {
      this.#isTurnScheduled = false;
      this.drain();
    });
  }

  #runOne({ agent, now }: Ready): void {
    const { lifecycle, permissions, endings, log, failures } = this.#options;
    // It may have been suspended or ended since it became ready.
    if (lifecycle.stateOf(agent) !== 'ACTIVE') return;
    if (!permissions.isActive(agent, now)) {
      endings.revoke(agent, 'it expired');
      return;
    }
    let tick = 0;
    try {
      const running = this.#startOrFind(agent);
      running.clock.now = now;
      tick = ++running.tick;
      this.#settle(agent, running, this.#tick(agent, running));
    } catch (thrown) {
      // A failed log has told everybody already; anything else here is the kernel's own mistake, and costs one agent.
      if (log.failure !== undefined) return;
      const error = thrown instanceof OmniError ? thrown : new OmniError('PROGRAM_FAILED', `Agent "${agent}" could not run.`, { cause: thrown });
      failures.kernelEnded(agent, tick, error);
    }
  }

  #tick(agent: string, running: Running): TickOutput {
    const { invariants, observers } = this.#options;
    if (this.#inTick !== undefined) invariants.breached('INV-21', `by a tick of "${agent}" inside one of "${this.#inTick}".`);
    this.#inTick = agent;
    try {
      if (!this.#watchesTicks) return this.#options.engine.runTick(running.input);
      let output: TickOutput | undefined;
      const info = { agent, tick: running.tick, outcome: undefined as string | undefined } satisfies TickInfo;
      observers.tick(info, () => {
        output = this.#options.engine.runTick(running.input);
        info.outcome = output.outcome;
      });
      return output as unknown as TickOutput;
    } finally {
      this.#inTick = undefined;
    }
  }

  #settle(agent: string, running: Running, output: TickOutput): void {
    const { failures, endings } = this.#options;
    switch (output.outcome) {
      case 'COMPLETED':
        try {
          endings.complete(agent, running.tick, this.#checkedResult(agent, output.value));
        } catch (thrown) {
          if (!(thrown instanceof OmniError) || thrown.code === 'KERNEL_HALTED') throw thrown;
          failures.programFailed(agent, running.tick, thrown);
        }
        break;
      case 'FAILED':
        if (this.#options.log.failure === undefined) failures.programFailed(agent, running.tick, output.error);
        break;
      case 'ENDED':
        failures.kernelEnded(agent, running.tick, output.error);
        break;
      default:
        running.input.awaiting = output.awaiting;
        this.#checkpointScratch(agent, running.tick);
    }
  }

  #checkedResult(agent: string, value: unknown): Json {
    return toJsonWithin(value === undefined ? null : value, this.#options.maxValueBytes, `The result of agent "${agent}"`);
  }

  /** INV-05: what the next tick is to find has to be in the log. */
  #checkpointScratch(agent: string, tick: number): void {
    const values = this.#options.ephemeral.unsaved(agent);
    if (values !== undefined) this.#options.emit({ kind: 'SCRATCH_CHECKPOINTED', agent, data: { tick, values } });
  }

  #startOrFind(agent: string): Running {
    const known = this.#running.get(agent);
    if (known !== undefined) return known;
    const { agents } = this.#options;
    const birth = this.#births.get(agent);
    if (birth === undefined) throw new OmniError('AGENT_NOT_FOUND', `Agent "${agent}" was never spawned in this log.`);
    const identity = agents.get(agent);
    const clock: ProcessClock = { now: identity.createdAt };
    const context = new AgentContext<never>(identity, clock, new SeededRandom(birth.seed));
    const process = agents.definition(identity.type).start(context, birth.input as never);
    if (typeof (process as Partial<Process> | undefined)?.next !== 'function') {
      throw new OmniError('PROGRAM_FAILED', `The program of agent type "${identity.type}" is no generator function. Write function* instead of async function.`);
    }
    this.#births.delete(agent);
    const running = this.#prepare(agent, process, clock);
    this.#running.set(agent, running);
    return running;
  }

  #prepare(agent: string, process: Process, clock: ProcessClock): Running {
    const { evaluator, pending, invariants, maxStepsPerTick } = this.#options;
    const running: Running = {
      clock,
      tick: 0,
      input: {
        process,
        awaiting: undefined,
        maxSteps: maxStepsPerTick,
        evaluate: (instruction, call) => evaluator.evaluate(instruction, { agent, tick: running.tick, call, now: clock.now }),
        outcomeOf: (call) =>
          pending.outcomeOf(agent, call) ?? invariants.breached('INV-14', `by resuming "${agent}" without a recorded result of call ${call}.`),
      },
    };
    return running;
  }

  #ended(agent: string, busSeq: number): void {
    this.#running.delete(agent);
    this.#births.delete(agent);
    if (this.#loops.has(agent)) this.#resolveWhenDurable(agent, busSeq);
  }
}
