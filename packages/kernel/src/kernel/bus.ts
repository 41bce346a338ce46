/**
 * The spine: the only way to change anything (INV-10).
 *
 * 1. Decide (elsewhere) → append → apply → tell, always in this order; a transition is in the log before it takes effect
 *    (INV-01).
 * 2. Guards are asked before the append, about what programs do; nobody can refuse what came from outside.
 * 3. Subscribers see the bytes that were stored. One that throws is reported and harms nobody.
 */
import type { OmniError } from '../errors/index.js';
import type { InvariantChecker } from '../invariants/index.js';
import { deepFreeze } from '../json/index.js';
import { nextState, type LifecycleController, type Transition } from '../lifecycle/index.js';
import type { Emit, Entry, LogWriter, Projection, Proposal } from '../logging/index.js';
import type { TickAsked } from '../syscalls/index.js';
import { reviewAll, reviewTicks, type Asked, type MakeRecord, type NamedGuard } from './review.js';

/** Told of every entry at once, with the line as stored. */
export type Subscriber = (entry: Entry, line: string) => void;

export interface KernelBusOptions {
  readonly log: LogWriter;
  readonly lifecycle: LifecycleController;
  readonly invariants: InvariantChecker;
  readonly guards: readonly NamedGuard[];
  readonly report: (thrown: unknown, where: string) => void;
}

export class KernelBus {
  readonly #options: KernelBusOptions;
  readonly #projections: Projection[] = [];
  readonly #subscribers = new Set<Subscriber>();
  readonly #tickGuards: readonly NamedGuard[];
  readonly #noteGuards: readonly NamedGuard[];
  #lastSeq = -1;
  #emitDepth = 0;
  #isCommanded = false;
  #failure: OmniError | undefined;

  constructor(options: KernelBusOptions) {
    this.#options = options;
    this.#tickGuards = options.guards.filter(({ guard }) => guard.reviewTick !== undefined);
    this.#noteGuards = options.guards.filter(({ guard }) => guard.reviewNote !== undefined);
  }

  /** Adds state that folds the log; before the first entry. */
  project(...projections: readonly Projection[]): void {
    this.#projections.push(...projections);
  }

  /** Goes on after an entry that was folded elsewhere. */
  resumeAfter(busSeq: number): void {
    this.#lastSeq = busSeq;
  }

  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Whether an entry is being recorded right now, and not everybody knows of it yet, or an operator's command is under way. */
  get isBusy(): boolean {
    return this.#emitDepth > 0 || this.#isCommanded;
  }

  /** Carries out what an operator wants, which may take several entries. */
  command<Result>(perform: () => Result): Result {
    this.#isCommanded = true;
    try {
      return perform();
    } finally {
      this.#isCommanded = false;
    }
  }

  /** Why nothing can be recorded any more, although the log could be written. */
  get failure(): OmniError | undefined {
    return this.#failure;
  }

  /** Records nothing from now on. */
  halt(error: OmniError): void {
    this.#failure ??= error;
  }

  /** Records what happened. */
  readonly emit: Emit = (proposal) => {
    if (this.#failure !== undefined) throw this.#failure;
    this.#check(proposal.agent, proposal.kind, proposal.data);
    deepFreeze(proposal.data);
    this.#emitDepth++;
    try {
      const { entry, line } = this.#options.log.append(proposal);
      this.apply(entry);
      if (this.#subscribers.size > 0) this.#tell(entry, line);
      return entry;
    } finally {
      this.#emitDepth--;
    }
  };

  /** Records what a guard has to say. */
  readonly #record: MakeRecord = (record) => { this.emit(record as never); };

  /** Records what a program does, unless a guard refuses it. */
  readonly propose: Emit = (proposal) => {
    this.#review(this.#options.guards, proposal as unknown as Proposal, 'review');
    return this.emit(proposal);
  };

  /** Records what came of what a program does, unless a guard ends its agent. */
  readonly note: Emit = (proposal) => {
    this.reviewNote(proposal as unknown as Proposal);
    return this.emit(proposal);
  };

  /** Throws what ends the agent of a note. */
  readonly reviewNote = (proposal: Proposal): void => { this.#review(this.#noteGuards, proposal, 'reviewNote'); };

  /**
   * Asks about a tick before it runs; answers how long it may take, in milliseconds, if it is to be measured. Throws what ends its agent.
   */
  readonly reviewTick = (asked: TickAsked): number | undefined => {
    const guards = this.#tickGuards;
    return guards.length === 0 ? undefined : reviewTicks(guards, asked, this.#record);
  };

  /** Folds an entry that is in the log already. */
  apply(entry: Entry): void {
    const { busSeq } = entry;
    if (busSeq !== this.#lastSeq + 1) this.#options.invariants.breached('INV-16', `by entry ${busSeq} after ${this.#lastSeq}.`);
    this.#lastSeq = busSeq;
    for (const projection of this.#projections) projection.apply(entry);
  }

  #review(guards: readonly NamedGuard[], proposal: Proposal, by: Asked['by']): void {
    if (guards.length > 0) reviewAll(guards, { proposal: deepFreeze(proposal), by }, this.#record);
  }

  #check(agent: string | null, kind: string, data: object): void {
    if (agent === null) return;
    const { lifecycle, invariants } = this.#options;
    const state = lifecycle.stateOf(agent);
    if (state === 'TERMINATED' && !AFTERLIFE.has(kind)) {
      invariants.breached('INV-09', `by a ${kind} of agent "${agent}", which is TERMINATED.`);
    }
    const { transition } = data as { readonly transition?: Transition };
    if (transition !== undefined && nextState(state, transition.trigger) !== transition.to) {
      invariants.breached('INV-02', `by "${transition.trigger}" of agent "${agent}", which is ${state}.`);
    }
  }

  #tell(entry: Entry, line: string): void {
    for (const subscriber of this.#subscribers) {
      try {
        const tell: (...told: Parameters<Subscriber>) => unknown = subscriber;
        const answer = tell(entry, line);
        // One that is asynchronous can fail as well, later.
        if (answer instanceof Promise) answer.catch((thrown: unknown) => { this.#options.report(thrown, 'a subscriber'); });
      } catch (thrown) {
        this.#options.report(thrown, 'a subscriber');
      }
    }
  }
}

/** What may still be recorded about an agent that has ended. */
const AFTERLIFE: ReadonlySet<string> = new Set(['STALE_RESULT', 'INVARIANT_BREACHED', 'TRANSITION_REFUSED']);
