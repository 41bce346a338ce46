/**
 * What each agent waits for.
 *
 * A tick ends by opening one or more slots; the entry that settles the last of them makes the agent ACTIVE again. A slot
 * is named by the tick and the call index of its instruction, and so is its result: whatever names another tick or a
 * settled slot is stale (kernel.md, section 4).
 *
 * Slots are opened and settled by entries alone: see `OPENED_BY`, and any entry with a `tick`, a `call` and a `result`.
 */
import type { ErrorRecord } from '../errors/index.js';
import type { Json } from '../json/index.js';
import type { LifecycleController, Transition } from '../lifecycle/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';

export type PendingKind = 'TOOL' | 'DELEGATION' | 'MESSAGE' | 'TIMER' | 'APPROVAL';

/** How an operation ended. */
export type Outcome =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly error: ErrorRecord };

export interface Slot {
  readonly tick: number;
  readonly call: number;
  /** Changes once, when an approved instruction becomes what it asked for. */
  kind: PendingKind;
  /** The data of the entry that opened it. */
  opened: Readonly<Record<string, unknown>>;
  /** busSeq of that entry. */
  seq: number;
  /** The attempt of a tool call that runs, or failed last. */
  attempt: number;
  /** Whether that attempt has failed and the next one has not begun. */
  isBackingOff: boolean;
  outcome: Outcome | undefined;
}

interface Group {
  tick: number;
  slots: Slot[];
  openCount: number;
}

const OPENED_BY: Readonly<Record<string, PendingKind>> = Object.freeze({
  TOOL_CALLED: 'TOOL',
  JOIN_STARTED: 'DELEGATION',
  RECEIVE_STARTED: 'MESSAGE',
  SLEEP_STARTED: 'TIMER',
  DELAY_STARTED: 'TIMER',
  APPROVAL_REQUESTED: 'APPROVAL',
});

interface SlotData {
  readonly tick?: number;
  readonly call?: number;
  readonly result?: Outcome;
}

type SavedPending = readonly { readonly agent: string; readonly tick: number; readonly slots: readonly Slot[] }[];

export class PendingOperations implements Projection, Saved<SavedPending> {
  readonly #groups = new Map<string, Group>();
  readonly #lifecycle: Pick<LifecycleController, 'stateOf' | 'decide'>;

  constructor(lifecycle: Pick<LifecycleController, 'stateOf' | 'decide'>) {
    this.#lifecycle = lifecycle;
  }

  /** The unsettled slot that a result is for; undefined when the agent no longer waits for it. */
  find(agent: string, tick: number, call: number): Slot | undefined {
    const group = this.#groups.get(agent);
    if (group?.tick !== tick) return undefined;
    return group.slots.find((slot) => slot.call === call && slot.outcome === undefined);
  }

  /** The unsettled slots of an agent. */
  openSlots(agent: string): readonly Slot[] {
    return this.#groups.get(agent)?.slots.filter((slot) => slot.outcome === undefined) ?? [];
  }

  hasOpen(agent: string): boolean {
    return (this.#groups.get(agent)?.openCount ?? 0) > 0;
  }

  /** The transition that belongs into the entry that opens a slot: the first one makes the agent wait. */
  waiting(agent: string, trigger: 'await_tool' | 'yield'): { readonly transition?: Transition } {
    return this.#lifecycle.stateOf(agent) === 'ACTIVE' ? { transition: this.#lifecycle.decide(agent, trigger) } : {};
  }

  /** The transition that belongs into the entry that settles a slot: the last one makes the agent run again. */
  resuming(agent: string): { readonly transition?: Transition } {
    const isLast = this.#groups.get(agent)?.openCount === 1;
    return isLast && this.#lifecycle.stateOf(agent) === 'WAITING'
      ? { transition: this.#lifecycle.decide(agent, 'resume') }
      : {};
  }

  /** The agent's last tick; undefined if none has ended yet, or none since it began anew. */
  tickOf(agent: string): number | undefined {
    return this.#groups.get(agent)?.tick;
  }

  /** How a call of the agent's last tick ended; undefined for one that did not wait. */
  outcomeOf(agent: string, call: number): Outcome | undefined {
    return this.#groups.get(agent)?.slots.find((slot) => slot.call === call)?.outcome;
  }

  save(): SavedPending {
    return [...this.#groups].map(([agent, { tick, slots }]) => ({ agent, tick, slots }));
  }

  load(groups: SavedPending): void {
    for (const { agent, tick, slots } of groups) {
      // JSON leaves out what is undefined; a slot says that it is open.
      const restored = slots.map((slot) => ({ ...slot, outcome: slot.outcome }));
      this.#groups.set(agent, { tick, slots: restored, openCount: restored.filter(({ outcome }) => outcome === undefined).length });
    }
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    if (entry.kind === 'AGENT_TERMINATED' || entry.kind === 'AGENT_FAULTED' || entry.kind === 'AGENT_CONTINUED') {
      this.#groups.delete(entry.agent);
      return;
    }
    const { tick, call, result } = entry.data as SlotData;
    if (tick === undefined || call === undefined) return;
    const kind = OPENED_BY[entry.kind];
    if (entry.kind === 'TOOL_RETRIED' || entry.kind === 'TOOL_ATTEMPTED') this.#retry(this.find(entry.agent, tick, call), entry);
    else if (kind !== undefined) this.#open(entry.agent, { tick, call, kind, opened: entry.data as object as Slot['opened'], seq: entry.busSeq, attempt: 1, isBackingOff: false, outcome: undefined });
    else if (result !== undefined) this.#settle(this.find(entry.agent, tick, call), this.#groups.get(entry.agent), result);
  }

  #open(agent: string, slot: Slot): void {
    const group = this.#groups.get(agent);
    if (group?.tick !== slot.tick) {
      this.#groups.set(agent, { tick: slot.tick, slots: [slot], openCount: 1 });
      return;
    }
    const approved = group.slots.find((known) => known.call === slot.call);
    if (approved === undefined) {
      group.slots.push(slot);
      group.openCount++;
    } else {
      approved.kind = slot.kind;
      approved.opened = slot.opened;
      approved.seq = slot.seq;
    }
  }

  #retry(slot: Slot | undefined, { kind, data }: Entry & { readonly kind: 'TOOL_RETRIED' | 'TOOL_ATTEMPTED' }): void {
    if (slot === undefined) return;
    slot.attempt = data.attempt;
    slot.isBackingOff = kind === 'TOOL_RETRIED';
  }

  #settle(slot: Slot | undefined, group: Group | undefined, outcome: Outcome): void {
    if (slot === undefined || group === undefined) return;
    slot.outcome = outcome;
    group.openCount--;
  }
}
