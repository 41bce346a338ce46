import { OmniError } from '../errors/index.js';
import type { Settings } from '../header/index.js';
import type { AgentRegistry } from '../identity/index.js';
import type { InvariantChecker } from '../invariants/index.js';
import type { Json } from '../json/index.js';
import type { Entry, Projection } from '../logging/index.js';
import type { PendingOperations } from '../pending/index.js';
import { AgentContext, SeededRandom } from '../programs/index.js';
import type { Awaiting, TickInput } from './engine.js';
import type { InstructionEvaluator } from '../syscalls/index.js';
import type { AgentDefinition, Process, ProcessClock } from '../programs/index.js';

/** A process between and during its ticks; what the engine needs of it is made once. */
export interface Running {
  readonly clock: ProcessClock;
  readonly input: TickInput & { awaiting: Awaiting | undefined };
  tick: number;
}

export interface ProcessesOptions {
  readonly agents: AgentRegistry<AgentDefinition>;
  readonly pending: Pick<PendingOperations, 'outcomeOf'>;
  readonly invariants: InvariantChecker;
  readonly evaluator: InstructionEvaluator;
  readonly settings: Settings;
}

/** The process of every agent that has one: made for its first tick, gone with its end. */
export class Processes implements Projection {
  readonly #options: ProcessesOptions;
  readonly #births = new Map<string, { readonly input: Json; readonly seed: string }>();
  readonly #running = new Map<string, Running>();

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  /** Throws `PROGRAM_FAILED` for a program that is none, and whatever a program throws that does not wait for its first tick. */
  of(agent: string): Running {
    const known = this.#running.get(agent);
    if (known !== undefined) return known;
    const clock: ProcessClock = { now: this.#options.agents.get(agent).createdAt };
    const running = this.#prepare(agent, this.#start(agent, clock), clock);
    this.#running.set(agent, running);
    return running;
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    if (entry.kind === 'AGENT_SPAWNED') {
      this.#births.set(entry.agent, { input: entry.data.input, seed: entry.data.seed });
    } else if (entry.kind === 'AGENT_TERMINATED' || entry.kind === 'AGENT_FAULTED') {
      this.#running.delete(entry.agent);
      this.#births.delete(entry.agent);
    }
  }

  #start(agent: string, clock: ProcessClock): Process {
    const { agents } = this.#options;
    const birth = this.#births.get(agent);
    if (birth === undefined) throw new OmniError('AGENT_NOT_FOUND', `Agent "${agent}" was never spawned in this log.`);
    this.#births.delete(agent);
    const identity = agents.get(agent);
    const context = new AgentContext<never>(identity, clock, new SeededRandom(birth.seed));
    const process = agents.definition(identity.type).start(context, birth.input as never);
    if (typeof (process as Partial<Process> | undefined)?.next === 'function') return process;
    throw new OmniError('PROGRAM_FAILED', `The program of agent type "${identity.type}" is no generator function. Write function* instead of function.`);
  }

  #prepare(agent: string, process: Process, clock: ProcessClock): Running {
    const { evaluator, pending, invariants, settings } = this.#options;
    const running: Running = {
      clock,
      tick: 0,
      input: {
        process,
        awaiting: undefined,
        maxSteps: settings.limits.maxStepsPerTick,
        evaluate: (instruction, call) => evaluator.evaluate(instruction, { agent, tick: running.tick, call, now: clock.now }),
        outcomeOf: (call) =>
          pending.outcomeOf(agent, call) ?? invariants.breached('INV-14', `by resuming "${agent}" without a recorded result of call ${call}.`),
      },
    };
    return running;
  }
}
