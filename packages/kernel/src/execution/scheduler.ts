import { describeThrown, OmniError } from '../errors/index.js';
import type { AgentEndings, FailureHandler } from '../failure/index.js';
import type { Settings } from '../header/index.js';
import type { AgentRegistry, AgentType } from '../identity/index.js';
import type { InvariantChecker } from '../invariants/index.js';
import { toJsonWithin, type Json } from '../json/index.js';
import type { Emit, Entry, LogWriter, Projection, RawEntry, Saved } from '../logging/index.js';
import type { EphemeralStore } from '../memory/index.js';
import type { PermissionModel } from '../permissions/index.js';
import type { Ports } from '../ports/index.js';
import type { TickEngine, TickOutput } from './engine.js';
import { AgentEnds } from './ends.js';
import type { Observers } from './observer.js';
import type { AgentOutcomes } from '../pending/index.js';
import { AgentEnded, type Spawner, type TickAsked } from '../syscalls/index.js';
import { TickWatch } from './watch.js';
import type { Processes, Running } from './processes.js';
import { ReadyAgents } from './ready.js';

export interface SchedulerOptions {
  readonly agents: Pick<AgentRegistry<AgentType>, 'get'>;
  readonly permissions: Pick<PermissionModel, 'isActive'>;
  readonly ephemeral: Pick<EphemeralStore, 'unsaved'>;
  readonly processes: Processes;
  readonly spawner: Pick<Spawner, 'continueAgent'>;
  readonly outcomes: AgentOutcomes;
  readonly endings: AgentEndings;
  readonly failures: FailureHandler;
  readonly invariants: InvariantChecker;
  readonly engine: TickEngine;
  readonly observers: Observers;
  readonly log: LogWriter;
  readonly ports: Pick<Ports, 'timers' | 'watchdog'>;
  readonly emit: Emit;
  readonly note: Emit;
  /** Asks guards about a tick; answers how long it may take, if it is to be measured. */
  readonly reviewTick: (asked: TickAsked) => number | undefined;
  /** The entry that has to be made next; undefined where the recording ends. */
  readonly recorded: () => RawEntry | undefined;
  /** Called whenever ticks have run. */
  readonly drained: () => void;
  /** Told of what should not be possible, and harms nobody else. */
  readonly report: (thrown: unknown, where: string) => void;
  readonly settings: Settings;
}

/** So many ticks in a row, and everybody else on the event loop gets a turn. */
const TICKS_PER_TURN = 1_000;

/**
 * Runs ready agents, one tick at a time.
 *
 * 1. The ready queue is first in, first out, and changes by entries and ticks alone, so the log determines it.
 * 2. One tick runs at a time in a kernel (INV-21), and so for an agent (INV-03); `drain` never recurses.
 * 3. Between the entry that makes an agent ready and its tick lies no await; the loop pauses only to let the disk and
 *    the event loop keep up.
 */
export class Scheduler implements Projection, Saved<readonly (readonly [agent: string, now: number])[]> {
  readonly #options: SchedulerOptions;
  readonly #ready = new ReadyAgents();
  readonly #ends: AgentEnds;
  readonly #watchesTicks: boolean;
  readonly #watchesLoops: boolean;
  #isDraining = false;
  #isTurnScheduled = false;
  #isStopped = false;
  #isLive = false;
  #inTick: string | undefined;

  /** @internal */
  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#ends = new AgentEnds(options);
    this.#watchesTicks = options.observers.watches('aroundTick');
    this.#watchesLoops = options.observers.watches('aroundAgentLoop');
  }

  /** Whether ticks are running right now. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** @internal What was folded so far is history; what comes from now on happens, also to the agents that go on. */
  goLive(running: Iterable<string>): void {
    this.#isLive = true;
    if (this.#watchesLoops) for (const agent of running) this.#watch(agent);
  }

  /** Drives one agent to its end, and resolves once that end is durable; rejects when the kernel stops before it. */
  runAgentLoop(agent: string): Promise<void> {
    return this.#ends.wait(agent);
  }

  /** Who is ready, in order. */
  save(): readonly (readonly [string, number])[] {
    return this.#ready.all();
  }

  load(ready: readonly (readonly [string, number])[]): void {
    for (const [agent, now] of ready) this.#ready.add(agent, now);
  }

  apply({ agent, kind, data, busSeq, time }: Entry): void {
    if (agent === null) return;
    const { transition } = data as { readonly transition?: { readonly to: string } };
    if (kind === 'AGENT_CONTINUED') this.#ready.add(agent, time);
    if (transition === undefined) return;
    if (transition.to === 'ACTIVE') this.#ready.add(agent, time);
    else this.#ready.delete(agent);
    if (kind === 'AGENT_ACTIVATED' && this.#isLive && this.#watchesLoops) this.#watch(agent);
    if (kind === 'AGENT_TERMINATED' || kind === 'AGENT_FAULTED') this.#ends.ended(agent, busSeq);
  }

  /** Runs ticks until nobody is ready. Synchronous; calling it from within a tick does nothing. */
  drain(): void {
    if (this.#isDraining || this.#isStopped || !this.#isLive) return;
    this.#isDraining = true;
    try {
      for (let ticksLeft = TICKS_PER_TURN; ticksLeft > 0 && !this.#isHeldUp; ticksLeft--) {
        const next = this.#ready.take();
        if (next === undefined) break;
        this.#runOne(next);
      }
    } finally {
      this.#isDraining = false;
    }
    // Whoever was ready then is forgotten by now, and so this is no state to look at.
    if (this.#hasStopped()) return;
    this.#options.drained();
    if (this.#ready.size > 0) this.#continueLater();
  }

  /** @internal Runs the tick of whoever has been ready longest, for who leads the kernel through its history; false if nobody is. */
  runNext(): boolean {
    const next = this.#ready.take();
    if (next === undefined) return false;
    this.#isDraining = true;
    try {
      this.#runOne(next);
    } finally {
      this.#isDraining = false;
    }
    return true;
  }

  /** @internal No tick runs any more, and whoever waits for an agent's end is told. */
  stop(error: OmniError): void {
    this.#isStopped = true;
    this.#ready.clear();
    this.#ends.stop(error);
  }

  /** A method, since a tick can change the answer. */
  #hasStopped(): boolean {
    return this.#isStopped;
  }

  /** A tick may have stopped the kernel, or run too far ahead of the disk. */
  get #isHeldUp(): boolean {
    return this.#isStopped || this.#options.log.isBacklogged;
  }

  /** Lets observers around the whole life of an agent; a life that the kernel's stop cuts short is over for them, too. */
  #watch(agent: string): void {
    const { type, parent } = this.#options.agents.get(agent);
    const life = (): Promise<void> => this.runAgentLoop(agent).catch(() => undefined);
    void this.#options.observers.agentLoop({ agent, type, parent }, life);
  }

  #continueLater(): void {
    if (this.#isTurnScheduled || this.#isStopped) return;
    this.#isTurnScheduled = true;
    const turn = (): void => {
      this.#isTurnScheduled = false;
      this.drain();
    };
    const { log, ports } = this.#options;
    // Behind a slow disk there is nothing to do but to wait for it.
    if (log.isBacklogged) log.afterDurable(log.durableSeq + 1, turn);
    else ports.timers.defer(turn);
  }

  #runOne({ agent, now }: { readonly agent: string; readonly now: number }): void {
    const { permissions, endings, processes } = this.#options;
    let tick = 0;
    try {
      if (!permissions.isActive(agent, now)) {
        endings.revoke(agent, 'it expired');
        return;
      }
      tick = processes.tickOf(agent);
      const limitMs = this.#options.reviewTick({ agent, tick, now });
      const running = processes.of(agent);
      running.clock.now = now;
      tick = ++running.tick;
      this.#settle(agent, running, limitMs === undefined ? this.#tick(agent, running) : this.#measured(agent, running, limitMs));
    } catch (thrown) {
      this.#kernelFailed(agent, tick, thrown);
    }
  }

  /** @internal A moment at which a guard wanted to be asked about an agent. */
  wake(agent: string): void {
    const tick = this.#options.processes.tickOf(agent);
    const { time } = this.#options.emit({ kind: 'GUARD_WOKEN', agent, data: { tick } });
    try {
      this.#options.reviewTick({ agent, tick, now: time });
    } catch (thrown) {
      this.#kernelFailed(agent, tick, thrown);
    }
  }

  /** A tick that a guard wants to know the length of, or the end. */
  #measured(agent: string, running: Running, limitMs: number): TickOutput {
    const { ports, recorded, log, emit, reviewTick } = this.#options;
    const { tick, input, clock: { now } } = running;
    input.watch = new TickWatch({ agent, limitMs, watchdog: ports.watchdog, recorded });
    const output = this.#tick(agent, running);
    if (log.failure !== undefined) return output;
    const { measured } = input.watch;
    input.watch = undefined;
    emit({ kind: 'TICK_MEASURED', agent, data: { tick, ...measured } });
    // Whoever set the limit says what it means; the kernel has the last word.
    if (measured.stopped === true) reviewTick({ agent, tick, now });
    return output;
  }

  /**
   * A program that throws before its first tick (its parameters did not fit, say), or a mistake of the kernel's own: it
   * costs one agent. A failed log has told everybody already.
   */
  #kernelFailed(agent: string, tick: number, thrown: unknown): void {
    const { log, failures, report } = this.#options;
    if (log.failure !== undefined) return;
    try {
      if (thrown instanceof AgentEnded) failures.kernelEnded(agent, tick, thrown.error);
      else if (thrown instanceof OmniError) failures.kernelEnded(agent, tick, thrown);
      else failures.programFailed(agent, tick, thrown);
    } catch (second) {
      report(second, `the end of agent "${agent}" after: ${describeThrown(thrown)}`);
    }
  }

  #tick(agent: string, running: Running): TickOutput {
    const { invariants, observers, engine } = this.#options;
    if (this.#inTick !== undefined) invariants.breached('INV-21', `by a tick of "${agent}" inside one of "${this.#inTick}".`);
    this.#inTick = agent;
    try {
      if (!this.#watchesTicks || !this.#isLive) return engine.runTick(running.input);
      return observers.tick({ agent, tick: running.tick }, () => engine.runTick(running.input));
    } finally {
      this.#inTick = undefined;
    }
  }

  #settle(agent: string, running: Running, output: TickOutput): void {
    const { failures } = this.#options;
    switch (output.outcome) {
      case 'COMPLETED':
        this.#complete(agent, running.tick, output.value);
        break;
      case 'CONTINUED':
        this.#continueAsNew(agent, running, output.input);
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

  #complete(agent: string, tick: number, returned: unknown): void {
    const { failures, endings, settings } = this.#options;
    let result: Json;
    try {
      result = toJsonWithin(returned === undefined ? null : returned, settings.limits.maxValueBytes, `The result of agent "${agent}"`);
    } catch (thrown) {
      failures.programFailed(agent, tick, thrown);
      return;
    }
    endings.complete(agent, tick, result);
  }

  #continueAsNew(agent: string, { tick, random }: Running, input: unknown): void {
    const { failures, spawner, log } = this.#options;
    try {
      spawner.continueAgent({ agent, tick, input, seed: random.nextSeed() });
    } catch (thrown) {
      if (thrown instanceof AgentEnded) throw thrown;
      if (log.failure === undefined) failures.programFailed(agent, tick, thrown);
    }
  }

  /** INV-05: what the next tick is to find has to be in the log. */
  #checkpointScratch(agent: string, tick: number): void {
    const values = this.#options.ephemeral.unsaved(agent);
    if (values !== undefined) this.#options.note({ kind: 'SCRATCH_CHECKPOINTED', agent, data: { tick, values } });
  }
}
