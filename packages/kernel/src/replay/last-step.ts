import type { LifecycleState } from '../lifecycle/index.js';
import type { RawEntry, RecordedEntry } from '../logging/index.js';
import { isSurelyInput } from './inputs.js';
import { isKernelKind } from './kinds.js';

/** Tells the state of an agent, all entries considered that were given out. */
type StateOf = (agent: string) => LifecycleState;

/**
 * Holds back the entries of a log from where its last step may begin, so that what a crash cut off can be made whole.
 *
 * A step surely begins with an input, and after the begin of a new life; what follows from the end of a program surely begins with the
 * entry that says so: from there on the program itself is not needed any more.
 */
export class LastStep {
  readonly #stateOf: StateOf;
  #entries: RecordedEntry[] = [];

  constructor(stateOf: StateOf) {
    this.#stateOf = stateOf;
  }

  /** What is held back. */
  get entries(): readonly RecordedEntry[] {
    return this.#entries;
  }

  /** Takes the next entry; gives out those that are surely part of earlier steps. */
  take(recorded: RecordedEntry): readonly RecordedEntry[] {
    const { entry } = recorded;
    const whole = this.#entries;
    if (isSurelyInput(entry) || this.#isEndOfProgram(entry)) {
      this.#entries = [recorded];
      return whole;
    }
    whole.push(recorded);
    // Nothing follows from a new life but that it is ready, and the one before it is over.
    if (entry.kind !== 'AGENT_CONTINUED') return NOTHING;
    this.#entries = [];
    return whole;
  }

  /** Who has not ended where the log ends, of those that had not where this begins, and of those that came to be since. */
  notEnded(before: Iterable<string>): readonly string[] {
    const running = new Set(before);
    for (const { entry } of this.#entries) {
      if (entry.agent === null) continue;
      if (entry.kind === 'AGENT_SPAWNED') running.add(entry.agent);
      else if (ENDS.has(entry.kind)) running.delete(entry.agent);
    }
    return [...running];
  }

  /** Agents that have ended by what is held back, and whose programs had no part in it. */
  endedWithoutProgram(): ReadonlySet<string> {
    const ended = new Set<string>();
    for (const { entry } of this.#entries) if (entry.agent !== null && ENDS.has(entry.kind)) ended.add(entry.agent);
    for (const [index, { entry }] of this.#entries.entries()) {
      const mayBeOfTick = index > 0 ? isOfTick(entry) || this.#mayHaveThrown(index) : isOfTick(entry) && !isSurelyInput(entry);
      if (entry.agent !== null && mayBeOfTick) ended.delete(entry.agent);
    }
    return ended;
  }

  /** The program completed or threw in a tick of its own; an agent can also be failed while it waits, in somebody else's tick. */
  #isEndOfProgram({ agent, kind, data }: RawEntry): boolean {
    if (kind === 'AGENT_COMPLETED') return true;
    if (kind !== 'AGENT_FAULTED' || agent === null || data['tick'] === 0) return false;
    const last = this.#entries.at(-1)?.entry;
    return this.#stateBy(agent) === 'ACTIVE' && !(last?.kind === 'AGENT_MOVED' && last.agent === agent);
  }

  /** Whoever was just resumed may have failed in the tick after that, or have been resumed in order to be failed. */
  #mayHaveThrown(index: number): boolean {
    const [before, { entry }] = [this.#entries[index - 1]!.entry, this.#entries[index]!];
    return entry.kind === 'AGENT_FAULTED' && before.kind === 'AGENT_MOVED' && before.agent === entry.agent && entry.data['tick'] !== 0;
  }

  #stateBy(agent: string): LifecycleState {
    const moved = this.#entries.filter(({ entry }) => entry.agent === agent && entry.data['transition'] !== undefined).at(-1);
    return (moved?.entry.data['transition'] as { readonly to: LifecycleState } | undefined)?.to ?? this.#stateOf(agent);
  }
}

const NOTHING: readonly RecordedEntry[] = [];
const ENDS: ReadonlySet<string> = new Set(['AGENT_COMPLETED', 'AGENT_FAULTED', 'AGENT_TERMINATED']);

/** Whether a tick of the agent made it, other than the one by which it ends. */
function isOfTick({ kind, data }: RawEntry): boolean {
  return isKernelKind(kind) && typeof data['tick'] === 'number' && data['tick'] > 0 && data['result'] === undefined && !ENDS.has(kind);
}
