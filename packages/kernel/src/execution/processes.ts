import { OmniError } from '../errors/index.js';
import type { Settings } from '../header/index.js';
import type { AgentRegistry } from '../identity/index.js';
import type { InvariantChecker } from '../invariants/index.js';
import type { Json } from '../json/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';
import type { PendingOperations } from '../pending/index.js';
import { AgentContext, SeededRandom } from '../programs/index.js';
import type { Awaiting, TickInput } from './engine.js';
import type { TickWatch } from './watch.js';
import type { InstructionEvaluator } from '../syscalls/index.js';
import type { AgentDefinition, Process, ProcessClock } from '../programs/index.js';

/** How a program was begun: by a spawn, or as new. */
export interface Birth {
  readonly input: Json;
  readonly seed: string;
  /** The last tick before it. */
  readonly tick: number;
  /** `busSeq` of the entry that says so. */
  readonly seq: number;
}

/** A program that has been started, and how far it has come. */
export interface Life {
  readonly process: Process;
  readonly clock: ProcessClock;
  readonly random: SeededRandom;
  /** The last tick that ran. */
  readonly tick: number;
  readonly awaiting: Awaiting | undefined;
}

/** A process between and during its ticks; what the engine needs of it is made once. */
export interface Running {
  readonly clock: ProcessClock;
  readonly random: SeededRandom;
  readonly input: TickInput & { awaiting: Awaiting | undefined; watch: TickWatch | undefined };
  tick: number;
}

export interface ProcessesOptions {
  readonly agents: AgentRegistry<AgentDefinition>;
  readonly pending: Pick<PendingOperations, 'outcomeOf' | 'tickOf'>;
  readonly invariants: InvariantChecker;
  readonly evaluator: InstructionEvaluator;
  readonly settings: Settings;
}

type SavedBirths = readonly (readonly [agent: string, birth: Birth])[];

/** The process of every agent that has one: made for its first tick, gone with its end. */
export class Processes implements Projection, Saved<SavedBirths> {
  readonly #options: ProcessesOptions;
  readonly #births = new Map<string, Birth>();
  readonly #running = new Map<string, Running>();

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  /** Throws `PROGRAM_FAILED` for a program that is none, and whatever a program throws that does not wait for its first tick. */
  of(agent: string): Running {
    const known = this.#running.get(agent);
    if (known !== undefined) return known;
    const birth = this.#births.get(agent);
    if (birth === undefined) throw new OmniError('AGENT_NOT_FOUND', `Agent "${agent}" was never spawned in this log.`);
    return this.#run(agent, begin(this.#options.agents, agent, birth));
  }

  /** How the program of an agent was begun that has not ended. */
  birthOf(agent: string): Birth | undefined {
    return this.#births.get(agent);
  }

  /** The last tick that an agent has begun. */
  tickOf(agent: string): number {
    return this.#running.get(agent)?.tick ?? this.#options.pending.tickOf(agent) ?? this.#births.get(agent)?.tick ?? 0;
  }

  /** Takes over a program that was run again up to where the log is. */
  adopt(agent: string, life: Life): void {
    this.#run(agent, life);
  }

  save(): SavedBirths {
    return [...this.#births];
  }

  load(births: SavedBirths): void {
    for (const [agent, birth] of births) this.#births.set(agent, birth);
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    switch (entry.kind) {
      case 'AGENT_SPAWNED':
      case 'AGENT_CONTINUED':
        this.#running.delete(entry.agent);
        this.#births.set(entry.agent, birthOf(entry));
        break;
      case 'AGENT_TERMINATED':
      case 'AGENT_FAULTED':
        this.#running.delete(entry.agent);
        this.#births.delete(entry.agent);
        break;
      default:
    }
  }

  #run(agent: string, { process, clock, random, tick, awaiting }: Life): Running {
    const { evaluator, pending, invariants, settings } = this.#options;
    const running: Running = {
      clock,
      random,
      tick,
      input: {
        process,
        awaiting,
        watch: undefined,
        // Every kernel that takes up the log may have a limit of its own.
        get maxSteps() { return settings.limits.maxStepsPerTick; },
        evaluate: (instruction, call) => evaluator.evaluate(instruction, { agent, tick: running.tick, call, now: clock.now }),
        outcomeOf: (call) =>
          pending.outcomeOf(agent, call) ?? invariants.breached('INV-14', `by resuming "${agent}" without a recorded result of call ${call}.`),
      },
    };
    this.#running.set(agent, running);
    return running;
  }
}

function birthOf(entry: Entry & { readonly kind: 'AGENT_SPAWNED' | 'AGENT_CONTINUED' }): Birth {
  const { input, seed } = entry.data;
  if (typeof seed !== 'string') throw new TypeError('No kernel writes such a "seed".');
  return { input, seed, tick: entry.kind === 'AGENT_CONTINUED' ? entry.data.tick : 0, seq: entry.busSeq };
}

/** Starts the program of an agent; nothing of it runs before its first tick. */
export function begin(agents: Pick<AgentRegistry<AgentDefinition>, 'get' | 'definition'>, agent: string, { input, seed, tick }: Birth): Life {
  const identity = agents.get(agent);
  const clock: ProcessClock = { now: identity.createdAt };
  const random = new SeededRandom(seed);
  const process = agents.definition(identity.type).start(new AgentContext<never>(identity, clock, random), input as never);
  if (typeof (process as Partial<Process> | undefined)?.next === 'function') return { process, clock, random, tick, awaiting: undefined };
  throw new OmniError('PROGRAM_FAILED', `The program of agent type "${identity.type}" is no generator function. Write function* instead of function.`);
}
