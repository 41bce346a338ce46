/**
 * Runs the program of one agent again, against its own history and nothing else.
 *
 * 1. What the program was told then it is told now: every instruction is answered by the entry that it led to, and has to be
 *    the one that the entry says; the first that is not is a divergence.
 * 2. A tick runs again once all of its entries are at hand, so a history ends with a whole tick.
 * 3. No other state takes part: memory and scratch are what the program itself wrote.
 */
import type { OmniError } from '../errors/index.js';
import { TickEngine, type Life } from '../execution/index.js';
import type { LifecycleState } from '../lifecycle/index.js';
import type { Json } from '../json/index.js';
import type { RawEntry } from '../logging/index.js';
import type { Outcome } from '../pending/index.js';
import { divergenceAt, divergenceError } from './divergence.js';
import { isKernelKind } from './kinds.js';
import { ANSWERS, Transcript, type ToldVersions } from './transcript.js';

export interface RerunOptions {
  readonly agent: string;
  readonly life: Life;
  /** What the agent remembered when this life began. */
  readonly memory: ReadonlyMap<string, Json>;
}

export class Rerun {
  readonly #options: RerunOptions;
  readonly #engine = new TickEngine();
  readonly #transcript: Transcript;
  #life: Life;
  /** Recorded time of the entry that made the agent ready last. */
  #readySince: number;
  /** The tick whose entries are being collected. */
  #tick: number;
  #entries: RawEntry[] = [];
  #isTickOver = false;
  #tickTime = 0;
  #outcomes = new Map<number, Outcome>();
  #nextOutcomes = new Map<number, Outcome>();

  constructor(options: RerunOptions) {
    this.#options = options;
    this.#life = options.life;
    this.#tick = options.life.tick;
    this.#readySince = options.life.clock.now;
    this.#transcript = new Transcript(options);
  }

  /** What the program was told of versions. */
  get versions(): ToldVersions {
    return this.#transcript.versions;
  }

  /** Takes the next entry of the agent's history: its own, or the birth of a child. Throws `REPLAY_DIVERGENCE`. */
  take(entry: RawEntry): void {
    if (!isKernelKind(entry.kind)) return;
    const { call, result, transition } = entry.data as HistoryData;
    const isBirth = entry.agent !== this.#options.agent;
    const tick = tickOf(entry, isBirth);
    if (tick > this.#tick) this.#beginTick(tick);
    this.#isTickOver ||= !isBirth && ENDS_TICK.has(entry.kind);
    if (!this.#isTickOver) this.#entries.push(entry);
    if (isBirth) return;
    if (call !== undefined && result !== undefined) this.#nextOutcomes.set(call, result);
    if (transition?.to === 'ACTIVE' || entry.kind === 'AGENT_CONTINUED') this.#readySince = entry.time;
  }

  /** Runs what is left to run; the program is then where the history ends. */
  finish(): Life {
    this.#runTick();
    // What the last tick waits for, if it is there by now, the agent's state has as well.
    return this.#life;
  }

  #beginTick(tick: number): void {
    this.#runTick();
    this.#tick = tick;
    this.#tickTime = this.#readySince;
    this.#isTickOver = false;
    this.#outcomes = this.#nextOutcomes;
    this.#nextOutcomes = new Map();
  }

  #runTick(): void {
    const entries = this.#entries;
    this.#entries = [];
    if (this.#tick === this.#life.tick) return;
    const { process, clock, random, awaiting } = this.#life;
    clock.now = this.#tickTime;
    this.#transcript.open(entries, clock.now);
    const output = this.#engine.runTick({
      process,
      awaiting,
      // The tick is on record, so that it was within the limit of its time.
      maxSteps: Infinity,
      outcomeOf: (call) => this.#outcomes.get(call) ?? this.#transcript.lacksOutcome(call),
      evaluate: (instruction, call) => this.#transcript.evaluate(instruction, call),
    });
    this.#transcript.close();
    if ('awaiting' in output) {
      this.#life = { process, clock, random, tick: this.#tick, awaiting: output.awaiting };
      return;
    }
    throw this.#endedTooSoon(entries.at(-1), output);
  }

  /** The log says that the agent went on, and the program has come to an end. */
  #endedTooSoon(last: RawEntry | undefined, output: { readonly outcome: string; readonly error?: unknown; readonly value?: unknown }): OmniError {
    const error = output.error;
    if (this.#transcript.failure !== undefined) return this.#transcript.failure;
    const because = error instanceof Error ? `It threw ${error.name}: ${error.message}` : `It ended with ${output.outcome}.`;
    const place: RawEntry = last ?? { busSeq: -1, time: 0, prev: '', hash: '', agent: this.#options.agent, kind: 'TICK', data: { tick: this.#tick } };
    return divergenceError(divergenceAt(place, undefined, because));
  }
}

interface HistoryData {
  readonly tick?: number;
  readonly call?: number;
  readonly result?: Outcome;
  readonly transition?: { readonly to: LifecycleState };
  readonly delegation?: { readonly tick: number };
}

/** The tick that an entry is an answer to, or 0; whatever a guard's record says of ticks is its own affair. */
function tickOf({ kind, data }: RawEntry, isBirth: boolean): number {
  const { tick, delegation } = data as HistoryData;
  return (ANSWERS.has(kind) ? (isBirth ? delegation?.tick : tick) : undefined) ?? 0;
}

/** What comes from outside comes after a tick; what is carried out then on somebody's approval was no instruction of the tick. */
const ENDS_TICK: ReadonlySet<string> = new Set([
  'SCRATCH_CHECKPOINTED', 'TOOL_RESULT', 'TOOL_RETRIED', 'TOOL_ATTEMPTED', 'TOOL_PROGRESS', 'TIMER_FIRED', 'APPROVAL_DECIDED', 'AGENT_MOVED',
  'DELAY_ENDED', 'GUARD_WOKEN',
]);
